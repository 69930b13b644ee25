//! The tests of the package `issuerd-tests`, sorted into steps by the names of their files.

use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::command::{command, output, root, run, works};

const PACKAGE: &str = "issuerd-tests";

/// Which test files a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// `race*` and `crash*`: they load the machine, so they run alone.
    Race,
    /// `interop*`: foreign wallets and verifiers.
    Interop,
    /// All others.
    Flow,
}

impl Group {
    fn of(target: &str) -> Self {
        if target.starts_with("race") || target.starts_with("crash") {
            Self::Race
        } else if target.starts_with("interop") {
            Self::Interop
        } else {
            Self::Flow
        }
    }
}

/// Runs the tests of a group on the release binary; a group without tests is an error.
pub(crate) fn run_group(group: Group) -> Result {
    let names = targets(&output(command("cargo metadata --no-deps --format-version 1 --locked"))?)?;
    let names: Vec<_> = names.into_iter().filter(|name| Group::of(name) == group).collect();
    if names.is_empty() {
        return Err(format!("{PACKAGE} has no test file for this step").into());
    }
    let mut test = cargo_test("--workspace");
    for name in &names {
        test.args(["--test", name]);
    }
    if group == Group::Race {
        alone(&mut test);
    }
    test.env("ISSUERD_BIN", root().join("target/release/issuerd"));
    run(test)
}

/// `cargo nextest run` where nextest is there, else `cargo test`.
pub(crate) fn cargo_test(arguments: &str) -> Command {
    let runner = if nextest() { "nextest run" } else { "test" };
    command(&format!("cargo {runner} --locked {arguments}"))
}

fn alone(test: &mut Command) {
    test.args(if nextest() { &["--test-threads", "1"][..] } else { &["--", "--test-threads", "1"] });
}

/// Whether nextest is there.
pub(crate) fn nextest() -> bool {
    works("cargo nextest --version")
}

fn targets(metadata: &str) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).ok_or("cargo metadata names no packages")?;
    let package = packages.iter().find(|package| package.get("name").is_some_and(|name| name == PACKAGE));
    let targets = package.and_then(|package| package.get("targets")?.as_array()).ok_or("no package issuerd-tests")?;
    let is_test = |target: &&Value| {
        target.get("kind").and_then(Value::as_array).is_some_and(|kinds| kinds.iter().any(|kind| kind == "test"))
    };
    Ok(targets.iter().filter(is_test).filter_map(|target| Some(target.get("name")?.as_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_file_belongs_to_one_step() {
        let groups = ["flow_claim", "race_token", "crash", "interop", "metrics"].map(Group::of);
        let expected = [Group::Flow, Group::Race, Group::Race, Group::Interop, Group::Flow];
        assert_eq!(groups, expected);
    }

    #[test]
    fn test_targets_are_read_from_the_metadata() {
        let metadata = r#"{"packages":[{"name":"other","targets":[]},{"name":"issuerd-tests","targets":[
            {"name":"support","kind":["lib"]},{"name":"flow_claim","kind":["test"]}]}]}"#;
        assert_eq!(targets(metadata).unwrap(), ["flow_claim"]);
        assert!(targets(r#"{"packages":[]}"#).is_err());
    }
}
