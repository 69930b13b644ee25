//! Finds and runs the tools of the languages.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::Failed;

/// The target of Rust plugins: it has no system interface, so such a plugin imports the contract and nothing else.
pub(super) const WASM: &str = "wasm32-unknown-unknown";

const NO_WASM: &str = "Rust's target wasm32-unknown-unknown is not installed\n  \
    with rustup:  rustup target add wasm32-unknown-unknown\n  \
    on Debian:    apt-get install rustc-web cargo-web rust-web-src lld-19";

/// Runs a command and fails when it fails. `install` says how to get the program when it is missing.
pub(super) fn run(command: &mut Command, install: &str) -> Result<(), Failed> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} failed ({status})").into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("{program} is not installed\n  {install}").into())
        }
        Err(error) => Err(format!("cannot run {program}: {error}").into()),
    }
}

/// What a command prints; `None` when it cannot be run or fails.
pub(super) fn output(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// `cargo build --release` for the target, however this machine can.
pub(super) fn cargo_build(folder: &Path) -> Result<Command, Failed> {
    let has_std = output("rustc", folder, &["--print", "target-libdir", "--target", WASM])
        .is_some_and(|libraries| Path::new(&libraries).is_dir());
    let mut command = if has_std { Command::new("cargo") } else { debian().ok_or(NO_WASM)? };
    command.current_dir(folder).args(["build", "--release", "--target", WASM]);
    if !has_std {
        command.arg("-Zbuild-std=std,panic_abort");
    }
    Ok(command)
}

/// Debian's compiler, which can build the standard library of the target from its source.
fn debian() -> Option<Command> {
    const RUSTC: &str = "/usr/bin/rustc";
    const CARGO: &str = "/usr/bin/cargo";
    let root = output(RUSTC, Path::new("/"), &["--print", "sysroot"])?;
    let source = PathBuf::from(root).join("lib/rustlib/src/rust/library/std");
    let linker = ["wasm-ld-19", "wasm-ld"].into_iter().find(|name| Path::new("/usr/bin").join(name).exists())?;
    if !source.is_dir() || !Path::new(CARGO).exists() {
        return None;
    }
    let mut command = Command::new(CARGO);
    // `-Zbuild-std` is not stable, and works with the source of the same release.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", RUSTC).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_told_with_the_way_to_get_it() {
        let failed = run(&mut Command::new("no-such-tool-anywhere"), "install it like this").unwrap_err().to_string();
        assert!(failed.contains("no-such-tool-anywhere is not installed") && failed.contains("like this"), "{failed}");
        assert_eq!(output("no-such-tool-anywhere", Path::new("."), &[]), None);
    }

    #[test]
    fn a_tool_that_fails_is_told() {
        let failed = run(&mut Command::new("false"), "").unwrap_err().to_string();
        assert!(failed.starts_with("false failed"), "{failed}");
    }
}
