//! `issuerd plugin new`: a project that builds and passes its test as it is.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::Failed;
use super::files::{RUST_SDK, TEMPLATES, WIT};

/// Longest name of a plugin, in characters.
const LONGEST_NAME: usize = 64;

/// `issuerd plugin new`
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// Name of the plugin and of the folder that is made: lower-case letters, digits and hyphens.
    name: String,
    /// Language.
    #[arg(long, value_enum)]
    lang: Language,
    /// What the plugin is for.
    #[arg(long, value_enum, default_value_t = Kind::ClaimSource)]
    kind: Kind,
}

/// A language with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// Smallest and fastest: some 200 KiB, 0.05 ms a call.
    Rust,
    /// Some 12 MB, 0.6 ms a call.
    Js,
    /// Some 18 MB, 1.2 ms a call.
    Python,
}

/// What a plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// It knows claims of holders.
    ClaimSource,
    /// It decides who may go on.
    AuthHook,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Js => "js",
            Self::Python => "python",
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ClaimSource => "claim-source",
            Self::AuthHook => "auth-hook",
        }
    }
}

pub(super) fn run(new: &New) -> Result<(), Failed> {
    let folder = PathBuf::from(&new.name);
    write(&folder, &project(&new.name, new.lang, new.kind)?)?;
    say!("{0}/ is ready. Its README.md tells the rest; in short:\n\n  cd {0}", new.name);
    if new.lang == Language::Rust {
        say!("  cargo test");
    }
    say!("  issuerd plugin build\n  issuerd plugin test {}.wasm --case cases", new.name);
    Ok(())
}

/// The files of a project: path below its folder, and content.
fn project(name: &str, language: Language, kind: Kind) -> Result<Vec<(String, String)>, Failed> {
    check_name(name)?;
    let template = format!("{}-{}/", language.name(), kind.name());
    let filled = TEMPLATES.iter().filter_map(|(path, content)| {
        let path = path.strip_prefix(&template)?;
        // The template of a manifest is no manifest, or cargo would take its folder for a package of this repository.
        Some((path.trim_end_matches(".in").to_owned(), fill(content, name)))
    });
    let mut files: Vec<_> = filled.collect();
    if files.is_empty() {
        return Err(format!("there is no template {template}").into());
    }
    let (wit, sdk) = match language {
        Language::Rust => ("vendor/wit/", RUST_SDK),
        Language::Js | Language::Python => ("wit/", &[][..]),
    };
    let copied = |below: &str, (path, content): &(&str, &str)| (format!("{below}{path}"), (*content).to_owned());
    files.extend(WIT.iter().map(|file| copied(wit, file)));
    files.extend(sdk.iter().map(|file| copied("vendor/issuerd-plugin/", file)));
    Ok(files)
}

fn check_name(name: &str) -> Result<(), Failed> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
        return Err("a name has 1 to 64 characters: lower-case letters, digits and hyphens".into());
    }
    // It becomes the name of a package, which begins with a letter in every one of the languages.
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
        return Err("a name begins with a letter and does not end with a hyphen".into());
    }
    Ok(())
}

fn fill(content: &str, name: &str) -> String {
    content.replace("{{name}}", name).replace("{{ident}}", &name.replace('-', "_"))
}

/// Writes the files into a folder that does not exist yet.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Failed> {
    fs::create_dir(folder).map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    for (path, content) in files {
        let path = folder.join(path);
        let told = |error| format!("cannot write {}: {error}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(told)?;
        }
        fs::write(&path, content).map_err(told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 3] = [Language::Rust, Language::Js, Language::Python];
    const KINDS: [Kind; 2] = [Kind::ClaimSource, Kind::AuthHook];

    fn content<'a>(files: &'a [(String, String)], path: &str) -> &'a str {
        let found = files.iter().find(|(name, _)| name == path);
        &found.unwrap_or_else(|| panic!("no {path} in {:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>())).1
    }

    #[test]
    fn every_language_and_kind_has_a_whole_project() {
        for (language, kind) in LANGUAGES.into_iter().flat_map(|language| KINDS.map(|kind| (language, kind))) {
            let files = project("staff-register", language, kind).unwrap();
            assert!(files.iter().all(|(_, text)| !text.contains("{{name}}") && !text.contains("{{ident}}")));
            assert!(content(&files, "README.md").contains("staff-register"));
            assert!(files.iter().any(|(path, _)| path.starts_with("cases/")), "{language:?} {kind:?}");
            assert!(files.iter().any(|(path, _)| path.ends_with("wit/issuer-plugin-1.0.0/plugin.wit")));
        }
    }

    #[test]
    fn a_rust_project_brings_the_sdk() {
        let files = project("hr", Language::Rust, Kind::ClaimSource).unwrap();
        let manifest: toml::Table = toml::from_str(content(&files, "Cargo.toml")).unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("hr"));
        assert_eq!(manifest["dependencies"]["issuerd-plugin"]["path"].as_str(), Some("vendor/issuerd-plugin"));
        let sdk: toml::Table = toml::from_str(content(&files, "vendor/issuerd-plugin/Cargo.toml")).unwrap();
        assert_eq!(sdk["package"]["name"].as_str(), Some("issuerd-plugin"));
        content(&files, "vendor/issuerd-plugin/src/lib.rs");
    }

    #[test]
    fn the_cases_of_the_templates_can_be_read() {
        for (path, text) in TEMPLATES.iter().filter(|(path, _)| path.contains("/cases/")) {
            let case = crate::plugin::case::Case::parse(text);
            assert!(case.is_ok(), "{path}: {case:?}");
        }
    }

    #[test]
    fn names_that_are_no_names_are_refused() {
        let long = "a".repeat(65);
        for name in ["", "HR", "a b", "a/b", "..", "../up", "-a", "a-", "1a", "ä", &long] {
            assert!(project(name, Language::Rust, Kind::ClaimSource).is_err(), "{name}");
        }
        for name in ["a", "a-1", &"a".repeat(64)] {
            assert!(project(name, Language::Rust, Kind::ClaimSource).is_ok(), "{name}");
        }
    }

    #[test]
    fn an_existing_folder_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("hr");
        let files = vec![("src/lib.rs".to_owned(), "one".to_owned())];
        write(&folder, &files).unwrap();
        let again = write(&folder, &[("src/lib.rs".to_owned(), "two".to_owned())]);
        assert!(again.is_err());
        assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap(), "one");
    }
}
