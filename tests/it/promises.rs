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

/// What stands in the place of a test where there is nothing yet that could be tested.
const NOT_BUILT: &str = "*not built*";

/// Whether that test stands in that file, and runs: a function of that name with the attribute of a test, and not ignored.
fn stands(token: &str) -> bool {
    let Some((path, name)) = token.rsplit_once("::") else { return false };
    let text = file_of(path).and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let above = text[..at].rsplit_once('\n').map_or("", |(above, _)| above);
        let attributes = || above.lines().rev().map(str::trim).take_while(|line| line.starts_with("#["));
        attributes().any(|one| one == "#[test]" || one.starts_with("#[tokio::test"))
            && !attributes().any(|one| one.starts_with("#[ignore"))
    })
}

/// The rows of the document's tables that promise something, by the number of their line.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_rule = |line: &str| line.starts_with("|---");
    // The row above the rule names the columns.
    let above_a_rule = text.lines().skip(1).map(is_rule).chain([false]);
    let lines = text.lines().zip(above_a_rule).enumerate();
    lines
        .filter(move |(_, (line, is_head))| line.starts_with('|') && !is_rule(line) && !is_head)
        .map(|(index, (line, _))| (index + 1, line))
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
fn every_promise_names_a_test_or_says_that_it_is_not_built() {
    let mut wrong = Vec::new();
    for document in documents() {
        let text = read(&document);
        let place = document.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let odd = rows(&text).filter(|(_, row)| named_tests(row).next().is_some() == row.contains(NOT_BUILT));
        wrong.extend(odd.map(|(line, _)| format!("{place}:{line}")));
        assert!(rows(&text).count() > 10, "{place}: its rows were looked for in the wrong place");
    }
    assert!(wrong.is_empty(), "neither a test nor {NOT_BUILT}, or both:\n  {}", wrong.join("\n  "));
}
