//! What `docs/promises` says is tested is tested: every test named there is in the tree.

use std::fs;
use std::path::{Path, PathBuf};

use crate::house_rules::root;

/// The texts between backticks that name a test: `crate/file.rs::name`.
fn named_tests(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|token| token.contains("::"))
}

/// The file of the tests that `crate/file.rs` stands for: a crate by its last name, or `tests` for what crosses crates.
fn file_of(path: &str) -> Option<PathBuf> {
    let (name, file) = path.split_once('/')?;
    Some(match name {
        "tests" => root().join("tests/it").join(file),
        name => root().join(format!("crates/authsession-{name}/tests/it")).join(file),
    })
}

/// Whether that test stands in that file: a function of that name right beneath an attribute.
fn stands(token: &str) -> bool {
    let Some((path, name)) = token.rsplit_once("::") else { return false };
    let text = file_of(path).and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let above = text[..at].strip_suffix("async ").unwrap_or(&text[..at]);
        above.trim_end().ends_with(']')
    })
}

fn documents() -> Vec<PathBuf> {
    let folder = root().join("docs/promises");
    let listing = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = listing.map(|entry| entry.expect("a readable folder").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_test_a_promise_names_exists() {
    let mut missing = Vec::new();
    let mut found = 0;
    for document in documents() {
        for (index, line) in read(&document).lines().enumerate() {
            let (stand, fall): (Vec<_>, Vec<_>) = named_tests(line).partition(|token| stands(token));
            found += stand.len();
            let place = document.file_name().unwrap_or_default().to_string_lossy().into_owned();
            missing.extend(fall.into_iter().map(|token| format!("{place}:{}: {token}", index + 1)));
        }
    }
    assert!(missing.is_empty(), "no such test:\n  {}", missing.join("\n  "));
    assert!(found > 50, "only {found} promises: they were looked for in the wrong place");
}

#[test]
fn every_lie_a_sign_in_may_be_told_names_a_test() {
    let text = read(&root().join("docs/promises/login-checks.md"));
    let lines: Vec<_> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let is_rule = |line: &str| line.starts_with("|---");
        // The row above the rule names the columns.
        let is_head = lines.get(index + 1).is_some_and(|next| is_rule(next));
        let promises = line.starts_with('|') && !is_rule(line) && !is_head;
        assert!(!promises || named_tests(line).next().is_some(), "line {}: no test is named", index + 1);
    }
}
