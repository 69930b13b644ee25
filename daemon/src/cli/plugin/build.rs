//! `issuerd plugin build`: one command for the tools of every language.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::Value;

use super::super::Failed;
use super::toolchain::{WASM, cargo_build, output, run as run_tool};
use crate::plugin::inspect;

const GET_RUST: &str = "get Rust from https://rustup.rs";
const GET_NODE: &str = "get Node.js 20 or later from https://nodejs.org, or on Debian: apt-get install nodejs npm";
const GET_PYTHON: &str = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";

/// `issuerd plugin build`
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    /// Folder of the project.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(build: &Build) -> Result<(), Failed> {
    let folder = build.folder.canonicalize().map_err(|error| format!("{}: {error}", build.folder.display()))?;
    let file = if folder.join("Cargo.toml").exists() {
        rust(&folder)?
    } else if folder.join("package.json").exists() {
        javascript(&folder)?
    } else if folder.join("pyproject.toml").exists() {
        python(&folder)?
    } else {
        let expected = "Cargo.toml (Rust), package.json (JavaScript) or pyproject.toml (Python)";
        return Err(format!("{} is no project of a plugin: it has no {expected}", folder.display()).into());
    };
    let bytes = fs::read(&file).map_err(|error| format!("the build made no {}: {error}", file.display()))?;
    let found = inspect::decode(&bytes)?;
    say!("{}  {} KiB  sha256 {}", file.display(), found.size.div_ceil(1024), found.sha256);
    Ok(())
}

fn rust(folder: &Path) -> Result<PathBuf, Failed> {
    let package = package(folder)?;
    run_tool(&mut cargo_build(folder)?, GET_RUST)?;
    let core = package.target.join(WASM).join("release").join(format!("{}.wasm", package.name.replace('-', "_")));
    let module = fs::read(&core).map_err(|error| {
        format!("{}: {error}\nThe manifest needs `[lib] crate-type = [\"cdylib\", \"rlib\"]`", core.display())
    })?;
    let file = folder.join(format!("{}.wasm", package.name));
    fs::write(&file, component(&module)?)?;
    Ok(file)
}

/// Makes a component of a module in which the SDK left the contract's types.
fn component(module: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut encoder = wit_component::ComponentEncoder::default();
    let made = encoder.validate(true).module(module).and_then(wit_component::ComponentEncoder::encode);
    made.map_err(|error| format!("the module is no plugin: {error:#}").into())
}

/// What cargo says of a project.
struct Package {
    name: String,
    target: PathBuf,
}

fn package(folder: &Path) -> Result<Package, Failed> {
    let told = output("cargo", folder, &["metadata", "--no-deps", "--format-version", "1"])
        .ok_or_else(|| format!("cargo metadata failed\n  {GET_RUST}"))?;
    let metadata: Value = serde_json::from_str(&told)?;
    let manifest = folder.join("Cargo.toml");
    let mut packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let here = packages.find(|package| {
        package.get("manifest_path").and_then(Value::as_str).is_some_and(|path| Path::new(path) == manifest)
    });
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name = text(here.and_then(|package| package.get("name"))).ok_or("the manifest has no package")?;
    let target = text(metadata.get("target_directory")).ok_or("cargo metadata tells no target folder")?;
    Ok(Package { name, target: target.into() })
}

fn javascript(folder: &Path) -> Result<PathBuf, Failed> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(folder.join("package.json"))?)
        .map_err(|error| format!("package.json: {error}"))?;
    let name = manifest.get("name").and_then(Value::as_str).ok_or("package.json has no name")?;
    if manifest.pointer("/scripts/build").is_none() {
        return Err("package.json has no script `build`".into());
    }
    if !folder.join("node_modules").is_dir() {
        say!("node_modules is missing: npm install");
        run_tool(Command::new("npm").arg("install").current_dir(folder), GET_NODE)?;
    }
    run_tool(Command::new("npm").args(["run", "--silent", "build"]).current_dir(folder), GET_NODE)?;
    Ok(folder.join(format!("{name}.wasm")))
}

fn python(folder: &Path) -> Result<PathBuf, Failed> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(folder.join("pyproject.toml"))?)
        .map_err(|error| format!("pyproject.toml: {error}"))?;
    let text = |section: Option<&toml::Value>, key: &str| {
        section.and_then(|section| section.get(key)).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let name = text(manifest.get("project"), "name").ok_or("pyproject.toml has no project.name")?;
    let own = manifest.get("tool").and_then(|tool| tool.get("issuerd"));
    let world = text(own, "world").ok_or("pyproject.toml has no tool.issuerd.world")?;
    let beside = folder.join(".venv/bin/componentize-py");
    let tool = if beside.exists() { beside } else { "componentize-py".into() };
    let file = folder.join(format!("{name}.wasm"));
    let mut command = Command::new(tool);
    command.args(["--quiet", "--wit-path", "wit/issuer-plugin-1.0.0", "--world", &world, "componentize", "plugin"]);
    run_tool(command.arg("--output").arg(&file).current_dir(folder), GET_PYTHON)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_with_the_contract_becomes_a_component() {
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve.push_dir("../sdk/wit/issuer-plugin-1.0.0").unwrap();
        let world = resolve.select_world(&[package], Some("claim-source")).unwrap();
        let mangling = wit_parser::ManglingAndAbi::Standard32;
        let mut module = wit_component::dummy_module(&resolve, world, mangling);
        let encoding = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
        let found = inspect::decode(&component(&module).unwrap()).unwrap();
        assert_eq!(found.world, Some(crate::plugin::World::ClaimSource));
    }

    #[test]
    fn another_module_does_not() {
        assert!(component(b"\0asm\x01\0\0\0").is_ok_and(|made| inspect::decode(&made).unwrap().world.is_none()));
        let failed = component(b"not wasm at all").unwrap_err().to_string();
        assert!(failed.starts_with("the module is no plugin"), "{failed}");
    }

    #[test]
    fn a_folder_without_a_project_is_told() {
        let place = tempfile::tempdir().unwrap();
        let failed = run(&Build { folder: place.path().to_owned() }).unwrap_err().to_string();
        assert!(failed.contains("no Cargo.toml (Rust), package.json"), "{failed}");
    }

    #[test]
    fn a_project_in_javascript_needs_a_script() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("package.json"), r#"{"name":"hr"}"#).unwrap();
        let failed = run(&Build { folder: place.path().to_owned() }).unwrap_err().to_string();
        assert!(failed.contains("no script `build`"), "{failed}");
    }
}
