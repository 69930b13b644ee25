//! Puts the templates, the Rust SDK and the contract into the binary, so that `issuerd plugin new` needs neither network nor checkout.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The table's name and its folder below `sdk/`.
const TABLES: &[(&str, &str)] = &[("TEMPLATES", "templates"), ("RUST_SDK", "rust"), ("WIT", "wit")];

/// What a build leaves behind in the folders.
const PASSED_OVER: &[&str] = &["target", "node_modules", ".venv", "__pycache__", "Cargo.lock"];

fn main() -> io::Result<()> {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk").canonicalize()?;
    let mut source = String::new();
    for (table, folder) in TABLES {
        let folder = sdk.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        if folder.is_dir() {
            collect(&folder, &mut files)?;
        }
        files.sort();
        // Writing to a `String` cannot fail.
        let _ = writeln!(source, "/// Files below `{}`: path and content.", folder_name(&folder));
        let _ = writeln!(source, "pub(super) static {table}: &[(&str, &str)] = &[");
        for file in files {
            let name = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let _ = writeln!(source, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        }
        source.push_str("];\n");
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("sdk_files.rs"), source)
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if PASSED_OVER.iter().any(|passed| name == *passed) || name.to_string_lossy().ends_with(".wasm") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
