//! The public API of each crate, as a text file that is checked in: a change to it is a line in a diff.
//!
//! `AUTHSESSION_BLESS=1 cargo test -p authsession-tests` writes the files anew.

use std::collections::BTreeMap;
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
    let mut apis = BTreeMap::new();
    for source in sources() {
        let Some((name, file)) =
            source.path.strip_prefix("crates/").and_then(|path| path.split_once("/src/"))
        else {
            continue;
        };
        if name == "authsession-cli" {
            continue;
        }
        let items = items(&source.text);
        if !items.is_empty() {
            let api: &mut String = apis.entry(name.to_owned()).or_default();
            api.push_str(&format!("{file}\n"));
            api.extend(items.iter().map(|item| format!("    {item}\n")));
        }
    }
    apis
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
