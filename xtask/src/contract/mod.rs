//! `cargo xtask contract`: the reference of the plugin contract as a page, made from the WIT.

mod frozen;
mod page;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

use wit_parser::{PackageId, Resolve};

use crate::Result;
use crate::command::root;

const VERSION: &str = "issuer-plugin-1.0.0";
const PAGE: &str = "docs/plugin-contract.md";

/// What to do with the page.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when the page is not what the contract says, or when a released contract was changed
    #[arg(long)]
    check: bool,
}

/// Writes the page, or compares it.
pub(crate) fn run(options: &Options) -> Result {
    let made = page::render(&read(&folder().join(VERSION))?);
    let file = root().join(PAGE);
    if options.check {
        frozen::check(&folder())?;
        return compare(&fs::read_to_string(&file).unwrap_or_default(), &made);
    }
    fs::write(&file, made)?;
    println!("    wrote {PAGE}");
    Ok(())
}

/// Fails when the page is stale or a released contract was changed.
pub(crate) fn check() -> Result {
    run(&Options { check: true })
}

fn compare(there: &str, made: &str) -> Result {
    if there == made { Ok(()) } else { Err(format!("{PAGE} is stale: run `cargo xtask contract`").into()) }
}

fn folder() -> PathBuf {
    root().join("sdk/wit")
}

/// A package of the contract, resolved.
struct Contract {
    resolve: Resolve,
    package: PackageId,
}

fn read(folder: &Path) -> Result<Contract> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder).map_err(|error| format!("{}: {error:#}", folder.display()))?;
    Ok(Contract { resolve, package })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_made_from_the_contract() {
        let made = page::render(&read(&folder().join(VERSION)).unwrap());
        compare(&fs::read_to_string(root().join(PAGE)).unwrap(), &made).unwrap();
    }

    #[test]
    fn a_stale_page_is_an_error_that_names_the_remedy() {
        let error = compare("old", "new").unwrap_err().to_string();
        assert!(error.contains(PAGE) && error.contains("cargo xtask contract"), "{error}");
    }

    #[test]
    fn a_faulty_contract_is_an_error_that_names_its_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.wit"), "package a:b@1.0.0; interface c { d: func(e: f); }").unwrap();
        let error = read(folder.path()).err().unwrap().to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
    }
}
