//! `cargo xtask plugins`: builds plugins from source to WebAssembly components.

mod cases;
mod component;
mod templates;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::Result;
use crate::command::{command, output, root, run};
pub(crate) use cases::{cases, scripts};
pub(crate) use templates::templates;
use toolchain::Toolchain;

/// The languages of `issuerd plugin new` that need Rust's tools alone.
pub(crate) const RUST: &[&str] = &["rust"];
/// The others.
pub(crate) const SCRIPTS: &[&str] = &["js", "python"];

/// Options of `cargo xtask plugins`.
#[derive(Args)]
pub(crate) struct Options {
    /// Folders of plugin crates or of a workspace of them; none: every plugin that is shipped
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
}

/// Builds the plugins and says where they are.
pub(crate) fn build(options: &Options) -> Result {
    let here = std::env::current_dir()?;
    let given: Vec<_> = options.folders.iter().map(|folder| here.join(folder)).collect();
    let folders = if given.is_empty() { vec![root().join("plugins")] } else { given };
    let toolchain = Toolchain::find()?;
    let out = root().join("target/plugins");
    fs::create_dir_all(&out)?;
    for folder in &folders {
        for name in crates(folder)? {
            let file = one(toolchain, folder, &name, &out)?;
            println!("    {} ({} KiB)", file.display(), fs::metadata(&file)?.len() / 1024);
        }
    }
    Ok(())
}

/// Runs the tests of the SDK and of the plugins natively, with their lints, and builds the plugins.
pub(crate) fn check() -> Result {
    for folder in ["sdk/rust", "plugins"] {
        for line in [
            "cargo fmt --all -- --check",
            "cargo clippy --workspace --all-targets --locked -- -D warnings",
            "cargo test --workspace --locked",
        ] {
            let mut check = command(line);
            run({
                check.current_dir(root().join(folder)).env("CARGO_TARGET_DIR", target());
                check
            })?;
        }
    }
    build(&Options { folders: Vec::new() })
}

/// Where plugins are compiled. Not the daemon's own folder, so that neither waits for the other.
fn target() -> PathBuf {
    root().join("target/guests")
}

fn one(toolchain: Toolchain, folder: &Path, name: &str, out: &Path) -> Result<PathBuf> {
    run(toolchain.build(folder, name, &target()))?;
    let module = target().join(format!("wasm32-unknown-unknown/release/{}.wasm", name.replace('-', "_")));
    let file = out.join(format!("{name}.wasm"));
    fs::write(&file, component::of(&fs::read(&module)?).map_err(|error| format!("{name}: {error}"))?)?;
    Ok(file)
}

/// The names of the plugin crates of a folder: those that are a `cdylib`.
fn crates(folder: &Path) -> Result<Vec<String>> {
    if !folder.join("Cargo.toml").is_file() {
        return Err(format!("{} has no Cargo.toml\nhint: give the folder of a plugin's crate", folder.display()).into());
    }
    let mut metadata = command("cargo metadata --no-deps --format-version 1");
    metadata.current_dir(folder);
    let names = cdylibs(&output(metadata)?, &folder.canonicalize()?)?;
    if names.is_empty() {
        let hint = "a plugin's Cargo.toml has [lib] crate-type = [\"cdylib\", \"rlib\"]";
        return Err(format!("{} has no plugin\nhint: {hint}", folder.display()).into());
    }
    Ok(names)
}

/// cargo names all members of a workspace, also when asked about one.
fn cdylibs(metadata: &str, folder: &Path) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).ok_or("cargo metadata names no packages")?;
    let is_plugin = |package: &&Value| {
        let manifest = package.get("manifest_path").and_then(Value::as_str).map(Path::new);
        let inside = manifest.is_some_and(|manifest| manifest.starts_with(folder));
        let targets = package.get("targets").and_then(Value::as_array);
        let mut kinds = targets.into_iter().flatten().filter_map(|target| target.get("kind")?.as_array()).flatten();
        inside && kinds.any(|kind| kind == "cdylib")
    };
    let plugins = packages.iter().filter(is_plugin);
    Ok(plugins.filter_map(|package| Some(package.get("name")?.as_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_the_crates_that_are_cdylibs() {
        let metadata = r#"{"packages":[{"name":"helper","manifest_path":"/p/helper/Cargo.toml","targets":[{"kind":["lib"]}]},
            {"name":"other","manifest_path":"/p/other/Cargo.toml","targets":[{"kind":["cdylib"]}]},
            {"name":"register-csv","manifest_path":"/p/csv/Cargo.toml","targets":[{"kind":["cdylib","rlib"]},{"kind":["test"]}]}]}"#;
        assert_eq!(cdylibs(metadata, Path::new("/p")).unwrap(), ["other", "register-csv"]);
        assert_eq!(cdylibs(metadata, Path::new("/p/csv")).unwrap(), ["register-csv"]);
        assert!(cdylibs("{}", Path::new("/p")).is_err());
    }

    #[test]
    fn every_shipped_plugin_is_found() {
        let names = crates(&root().join("plugins")).unwrap();
        assert_eq!(names, ["deny-list", "geo-and-hours", "knowledge-check", "register-csv", "register-http"]);
        let error = crates(&root().join("docs")).unwrap_err().to_string();
        assert!(error.contains("no Cargo.toml"), "{error}");
    }
}
