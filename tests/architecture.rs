//! The house keeps its order: data goes listener → routes → handler → domain → { store, plugin, signer, format, pki } and never back.

#![expect(clippy::unwrap_used, reason = "a failed expectation is the failure of the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which modules each module may name; `boot` and `cli` put the parts together and may name any.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("wire", &["base"]),
    ("signer", &["base"]),
    ("pki", &["base", "signer"]),
    ("format", &["base", "wire"]),
    ("store", &["base"]),
    ("plugin", &["base", "wire"]),
    ("domain", &["base", "wire", "store", "plugin", "signer", "format", "pki"]),
    // What it measures: events of the domain, commits of the store, calls of plugins.
    ("observe", &["base", "domain", "store", "plugin"]),
    // It sends what the domain asks for, guarded as the requests of plugins are.
    ("outbound", &["base", "domain", "plugin", "wire"]),
    ("lifecycle", &["base"]),
    ("app", &["base", "domain", "store", "signer", "plugin", "observe", "handler"]),
    // Outcomes of store verbs reach the one match that turns them into responses.
    // Recordings of plugins are documents of the management API as they are.
    ("page", &["base"]),
    ("handler", &["app", "base", "domain", "observe", "page", "plugin", "store", "signer", "wire"]),
    ("routes", &["app", "base", "domain", "handler", "lifecycle", "observe"]),
    ("listener", &["base", "lifecycle", "observe", "routes"]),
    // What it says of plugins is in the types of their host: nobody else reads it.
    ("config", &["base", "plugin", "wire"]),
];

/// Longest file without its unit tests: what one can read in one go.
const MOST_LINES: usize = 350;
/// Longest file with them.
const MOST_LINES_WITH_TESTS: usize = 600;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module at the top that a file belongs to.
fn module(file: &Path) -> String {
    let below = file.strip_prefix(source()).unwrap().with_extension("");
    below.components().next().unwrap().as_os_str().to_string_lossy().into_owned()
}

/// Whether the whole file is tests.
fn is_tests(file: &Path) -> bool {
    // Outside of the source only the file's own name counts: the repository may stand in any folder.
    let below = file.strip_prefix(source()).unwrap_or_else(|_| Path::new(file.file_name().unwrap()));
    below
        .components()
        .filter_map(|part| part.as_os_str().to_str())
        .any(|name| matches!(name, "tests" | "tests.rs" | "conformance.rs" | "testdata" | "testing.rs" | "fuzz.rs"))
}

/// The code before the unit tests at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// Modules that the code names as `crate::…`, outside comments and tests.
fn named(text: &str) -> BTreeSet<String> {
    let lines = without_tests(text).lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in lines {
        for after in line.split("crate::").skip(1) {
            let names: Vec<_> = match after.strip_prefix('{') {
                None => vec![after],
                Some(list) => list.split(',').map(str::trim).collect(),
            };
            for name in names {
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                found.extend(name.get(..end).filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn every_arrow_points_down() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().map(|(from, to)| (*from, *to)).collect();
    let mut wrong = Vec::new();
    for file in files(&source()).into_iter().filter(|file| !is_tests(file)) {
        let from = module(&file);
        if matches!(from.as_str(), "boot" | "cli" | "main" | "lib") {
            continue;
        }
        let allowed = arrows.get(from.as_str()).unwrap_or_else(|| panic!("{from} is not in the table of arrows"));
        for to in named(&std::fs::read_to_string(&file).unwrap()) {
            if to != from && !allowed.contains(&to.as_str()) {
                wrong.push(format!("{}: {from} → {to}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_known_and_none_stands_twice() {
    let modules: BTreeSet<_> = files(&source()).iter().map(|file| module(file)).collect();
    let known: BTreeSet<_> = ARROWS.iter().map(|(from, _)| (*from).to_owned()).collect();
    assert_eq!(known.len(), ARROWS.len());
    let unknown: Vec<_> =
        modules.difference(&known).filter(|name| !matches!(name.as_str(), "boot" | "cli" | "main" | "lib")).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn arrows_are_found_in_every_form_of_use() {
    let text = "use crate::base::id;\nuse crate::{store, domain::offer};\n// use crate::handler::x;\nlet x = crate::wire::y();\n\
        #[cfg(test)]\nmod tests {\n use crate::boot;\n}\n";
    let expected = ["base", "domain", "store", "wire"].map(str::to_owned);
    assert_eq!(named(text), BTreeSet::from(expected));
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = files(&source());
    all.extend(files(&here.join("../xtask/src")));
    all.extend(files(&here.join("support")));
    let tests = std::fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path());
    all.extend(tests.filter(|path| path.extension().is_some_and(|extension| extension == "rs")));
    let mut long = Vec::new();
    for file in all {
        let text = std::fs::read_to_string(&file).unwrap();
        let (code, lines) = (without_tests(&text).lines().count(), text.lines().count());
        if code > MOST_LINES && !is_tests(&file) || lines > MOST_LINES_WITH_TESTS {
            long.push(format!("{}: {code} lines, {lines} with tests", file.display()));
        }
    }
    assert!(long.is_empty(), "too long to be read in one go:\n{}", long.join("\n"));
}
