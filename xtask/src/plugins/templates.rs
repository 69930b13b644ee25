//! Follows the README of what `issuerd plugin new` writes: new, build, test, with the release binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::command::{command, root, run};

/// What a plugin can be for.
const KINDS: [&str; 2] = ["claim-source", "auth-hook"];

/// Makes, builds and tests a project of each kind in each of `languages`.
pub(crate) fn templates(languages: &[&str]) -> Result {
    let place = root().join("target/templates");
    fs::create_dir_all(&place)?;
    for language in languages {
        for kind in KINDS {
            follow(&place, language, kind).map_err(|error| format!("the template {language}-{kind}: {error}"))?;
        }
    }
    Ok(())
}

fn follow(place: &Path, language: &str, kind: &str) -> Result {
    let name = format!("{language}-{kind}");
    let folder = place.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    issuerd(place, &["new", &name, "--lang", language, "--kind", kind])?;
    for line in before(language) {
        run(in_folder(command(line), &folder))?;
    }
    issuerd(&folder, &["build"])?;
    issuerd(&folder, &["test", &format!("{name}.wasm"), "--case", "cases"])
}

/// What the README says before `issuerd plugin build`; that gets the packages of JavaScript itself.
fn before(language: &str) -> &'static [&'static str] {
    match language {
        "rust" => &["cargo test"],
        "python" => &[
            "python3 -m venv .venv",
            ".venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt",
        ],
        _ => &[],
    }
}

fn issuerd(folder: &Path, arguments: &[&str]) -> Result {
    let mut issuerd = Command::new(binary());
    issuerd.arg("plugin").args(arguments);
    run(in_folder(issuerd, folder))
}

fn binary() -> PathBuf {
    root().join("target/release/issuerd")
}

fn in_folder(mut command: Command, folder: &Path) -> Command {
    // Set by the cargo of rustup when it started this program: they would choose the compiler of the project.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC_WRAPPER");
    command.current_dir(folder).env("CARGO_TARGET_DIR", super::target());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_followed() {
        let folders = fs::read_dir(root().join("sdk/templates")).unwrap();
        let mut found: Vec<_> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        let (rust, scripts) = (crate::plugins::RUST, crate::plugins::SCRIPTS);
        let mut followed: Vec<_> =
            rust.iter().chain(scripts).flat_map(|language| KINDS.map(|kind| format!("{language}-{kind}"))).collect();
        followed.sort();
        assert_eq!(found, followed);
    }

    // A README that says something else would not be what is tested.
    #[test]
    fn the_readmes_say_what_is_done() {
        for language in crate::plugins::RUST.iter().chain(crate::plugins::SCRIPTS) {
            for kind in KINDS {
                let file = root().join(format!("sdk/templates/{language}-{kind}/README.md"));
                let text = fs::read_to_string(&file).unwrap();
                for line in ["issuerd plugin build", "issuerd plugin test {{name}}.wasm --case cases"] {
                    assert!(text.contains(line), "{}: {line}", file.display());
                }
                for line in before(language) {
                    let line = line.replace("--quiet --disable-pip-version-check ", "");
                    assert!(text.contains(&line), "{}: {line}", file.display());
                }
            }
        }
    }
}
