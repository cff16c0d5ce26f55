//! The public API of each crate, as a text file that is checked in: a change to it is a line in a diff.
//!
//! `AUTHSESSION_BLESS=1 cargo test -p authsession-tests` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::house_rules::{root, sources};

#[test]
fn the_public_api_is_the_one_written_down() {
    let bless = std::env::var_os("AUTHSESSION_BLESS").is_some();
    let mut changed = Vec::new();
    for (name, api) in apis() {
        let path = root().join("docs/api").join(format!("{name}.txt"));
        if bless {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &api).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (before, now) = (lines(&written), lines(&api));
        changed
            .extend(now.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {name}: {line}")));
        changed
            .extend(before.iter().filter(|line| !now.contains(line)).map(|line| format!("- {name}: {line}")));
    }
    assert!(changed.is_empty(), "if meant, run with AUTHSESSION_BLESS=1 and commit:\n{}", changed.join("\n"));
}

/// For each library its public items, as they stand in the code, in the order of its files.
fn apis() -> BTreeMap<String, String> {
    let sources = sources();
    let mut crates: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for source in &sources {
        let inside = source.path.strip_prefix("crates/").and_then(|path| path.split_once("/src/"));
        if let Some((name, file)) = inside.filter(|(name, _)| *name != "authsession-cli") {
            crates.entry(name).or_default().push((file, &source.text));
        }
    }
    crates.into_iter().map(|(name, files)| (name.to_owned(), api(&files))).collect()
}

fn api(files: &[(&str, &str)]) -> String {
    let lines = || files.iter().flat_map(|(_, text)| text.lines());
    let declared = |to_all: bool| -> BTreeSet<&str> {
        lines().filter(|line| line.trim().starts_with("pub ") == to_all).filter_map(declared).collect()
    };
    let (public, private) = (declared(true), declared(false));
    let is_kept_inside = |name: &str| private.contains(name) && !public.contains(name);
    let mut api = String::new();
    for (file, text) in files {
        let of_others = |item: &String| !implemented_for(item).is_some_and(&is_kept_inside);
        let items: Vec<_> = items(text).into_iter().filter(of_others).collect();
        if !items.is_empty() {
            api.push_str(&format!("{file}\n"));
            api.extend(items.iter().map(|item| format!("    {item}\n")));
        }
    }
    api
}

/// The type that line declares, to whomever.
fn declared(line: &str) -> Option<&str> {
    let after = ["struct ", "enum "].iter().find_map(|kind| line.split_once(kind))?.1;
    after.split(|next: char| !next.is_alphanumeric() && next != '_').next().filter(|name| !name.is_empty())
}

/// The type an `impl` is about, by its last name alone.
fn implemented_for(item: &str) -> Option<&str> {
    let mut about = item.strip_prefix("impl")?;
    if about.starts_with('<') {
        let mut open = 0;
        let end = about.char_indices().find_map(|(at, each)| {
            open += i32::from(each == '<') - i32::from(each == '>' && !about[..at].ends_with('-'));
            (open == 0).then_some(at)
        })?;
        about = &about[end + 1..];
    }
    let about = about.split(" where ").next()?;
    let about = about.rsplit(" for ").next()?.trim().trim_start_matches('&').trim_start_matches("mut ");
    about.split('<').next()?.rsplit("::").next()
}

/// Everything that begins with `pub `, up to its body or its end, on one line; a macro's rows too.
fn items(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        let implements = line.starts_with("impl ") || line.starts_with("impl<");
        if !line.starts_with("pub ") && !implements {
            continue;
        }
        let mut item = line.to_owned();
        while !item.ends_with(['{', ';', ',', '}']) {
            let Some(next) = lines.next() else { break };
            item.push(' ');
            item.push_str(next.trim());
        }
        items.push(item.trim_end_matches(['{', ';', ',', ' ']).to_owned());
    }
    items
}
