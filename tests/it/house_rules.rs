//! The house rules that a machine can hold: ARCHITECTURE.md says why each stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

const WALL: usize = 400;
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "common", "helper", "helpers", "shared", "misc", "types", "manager"];

/// Crate, and the crates of ours it may be built on. The command may use them all.
const ARROWS: [(&str, &[&str]); 5] = [
    ("authsession-core", &[]),
    ("authsession-store", &["authsession-core"]),
    ("authsession-axum", &["authsession-core", "authsession-salesforce", "authsession-store"]),
    ("authsession-salesforce", &["authsession-core"]),
    ("authsession-testkit", &[]),
];

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    broken(
        "the first line is a sentence after `//! `",
        sources()
            .iter()
            .filter(|source| !source.text.starts_with("//! "))
            .map(|source| format!("{}:1", source.path)),
    );
}

#[test]
fn no_file_is_longer_than_the_wall() {
    broken(
        "400 lines are the wall",
        sources()
            .iter()
            .filter(|source| source.text.lines().count() > WALL)
            .map(|source| format!("{}: {} lines", source.path, source.text.lines().count())),
    );
}

#[test]
fn names_are_imported_from_the_module_that_defines_them() {
    broken(
        "import from the defining module, not through the crate root",
        lines_where(&sources(), |line| {
            line.trim_start().split_once("use crate::").is_some_and(|(before, after)| {
                let public = before.is_empty() || before.starts_with("pub");
                public
                    && after.starts_with(|first: char| first == '{' || first == '*' || first.is_uppercase())
            })
        }),
    );
}

#[test]
fn imports_run_down() {
    let crates = [
        "authsession-core",
        "authsession-store",
        "authsession-axum",
        "authsession-salesforce",
        "authsession-cli",
    ];
    for crate_name in crates {
        let mut imports = imports_between_modules(crate_name);
        // Whatever imports nothing that is left is at the bottom; what never gets there imports in a circle.
        while let Some(bottom) =
            imports.iter().find(|(_, below)| below.is_empty()).map(|(name, _)| name.clone())
        {
            imports.remove(&bottom);
            for below in imports.values_mut() {
                below.remove(&bottom);
            }
        }
        broken(
            "no two modules of a crate import each other, by whatever way round",
            imports.keys().map(|module| format!("{crate_name}: {module}")),
        );
    }
}

/// The modules at a crate's top, each with those it imports from.
fn imports_between_modules(crate_name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for source in sources() {
        let Some((_, path)) = source.path.split_once(&format!("{crate_name}/src/")) else { continue };
        let module = path.trim_end_matches(".rs").split('/').next().unwrap_or_default().to_owned();
        let below = source.text.lines().filter_map(|line| {
            let (before, after) = line.split_once("use crate::")?;
            let name = after.split([':', ';', ' ']).next()?;
            (before.trim().is_empty() && name != module).then(|| name.to_owned())
        });
        imports.entry(module.clone()).or_default().extend(below);
    }
    let known: BTreeSet<_> = imports.keys().cloned().collect();
    imports.values_mut().for_each(|below| below.retain(|name| known.contains(name)));
    imports
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let files = sources();
    let named_so = files
        .iter()
        .filter(|source| {
            source.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .map(|source| source.path.clone());
    let inline =
        lines_where(&files, |line| module_name(line).is_some_and(|name| EMPTY_NAMES.contains(&name)));
    broken("a module is named for its one noun or verb", named_so.chain(inline));
}

#[test]
fn crates_depend_on_each_other_only_as_drawn() {
    let mut wrong = Vec::new();
    for (name, allowed) in ARROWS {
        let manifest = format!("crates/{name}/Cargo.toml");
        for (number, line) in dependencies(&read(&root().join(&manifest))) {
            let ours = line.split(['.', '=', ' ', '"']).next().unwrap_or_default();
            if ours.starts_with("authsession") && !allowed.contains(&ours) {
                wrong.push(format!("{manifest}:{number}: {line}"));
            }
        }
    }
    broken("arrows between crates as in ARCHITECTURE.md", wrong);
}

#[test]
fn core_knows_no_framework_cookie_session_or_vendor() {
    let core: Vec<Source> =
        sources().into_iter().filter(|source| source.path.contains("/authsession-core/")).collect();
    broken(
        "core speaks the protocol only",
        lines_where(&core, |line| {
            let code = code_of(line).to_lowercase();
            let code = ["authsession", "end_session", "endsession", "provider_session", "session_expiry"]
                .iter()
                .fold(code, |code, protocol_word| code.replace(protocol_word, ""));
            ["cookie", "axum", "salesforce", "session"].iter().any(|word| code.contains(word))
        }),
    );
}

#[test]
fn lib_files_only_say_what_the_crate_is_and_what_is_in_it() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path.ends_with("/src/lib.rs")) {
        let mut inside_use = false;
        for (number, line) in source.numbered() {
            let code = code_of(line).trim();
            let declares = code.starts_with("#[")
                || code.starts_with("#![")
                || code.starts_with("pub use ")
                || (module_name(code).is_some() && code.ends_with(';'));
            if !code.is_empty() && !declares && !inside_use {
                wrong.push(format!("{}:{number}: {code}", source.path));
            }
            inside_use = (inside_use || code.starts_with("pub use ")) && !code.ends_with(';');
        }
    }
    broken("lib.rs holds docs, modules and re-exports", wrong);
}

#[test]
fn the_readme_names_its_two_commands() {
    let readme = read(&root().join("README.md"));
    broken(
        "README.md names the demo's and the tests' command",
        ["cargo run -- demo", "cargo test"]
            .into_iter()
            .filter(|command| !readme.contains(command))
            .map(|command| format!("README.md: `{command}` is missing")),
    );
}

/// Fails with every place that breaks `rule`.
fn broken(rule: &str, places: impl IntoIterator<Item = String>) {
    let places: Vec<String> = places.into_iter().collect();
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

/// A file of a crate's `src`, its path from the workspace's root and with `/`.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for name in entries(&root().join("crates")) {
        collect(&name.join("src"), &mut found);
    }
    assert!(found.len() > 20, "only {} source files found: the rules looked in the wrong place", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension() == Some(OsStr::new("rs")) {
            let relative = path.strip_prefix(root()).expect("a path below the root");
            let parts: Vec<_> = relative.iter().map(OsStr::to_string_lossy).collect();
            found.push(Source { path: parts.join("/"), text: read(&path) });
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = listing.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn lines_where(files: &[Source], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    files
        .iter()
        .flat_map(|source| source.numbered().map(move |(number, line)| (source, number, line)))
        .filter(|(_, _, line)| is_wrong(line))
        .map(|(source, number, line)| format!("{}:{number}: {}", source.path, line.trim()))
        .collect()
}

/// The line without its comment. `//` inside a string literal, as in a URL, is not a comment.
fn code_of(line: &str) -> &str {
    line.match_indices("//")
        .map(|(at, _)| at)
        .find(|&at| line[..at].matches('"').count().is_multiple_of(2))
        .map_or(line, |at| &line[..at])
}

/// `name` of `mod name;`, `pub mod keyed_hash;`, `pub(crate) mod name {`.
fn module_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim().split_once("mod ")?;
    let visibility = before.trim_end();
    (visibility.is_empty()
        || visibility == "pub"
        || (visibility.starts_with("pub(") && visibility.ends_with(')')))
    .then(|| after.trim_end_matches([';', '{', '}', ' ']))
}

/// The numbered lines of a manifest's `[dependencies]`, for every target; `[dependencies.name]` counts as a line `name`.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().map(str::trim).enumerate() {
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let table = table.rsplit_once("'.").map_or(table, |(_, table)| table);
            inside = table == "dependencies" || table == "build-dependencies";
            if let Some(name) = table.strip_prefix("dependencies.") {
                found.push((index + 1, name));
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            found.push((index + 1, line));
        }
    }
    found
}
