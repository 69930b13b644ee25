//! Which compiler builds for `wasm32-unknown-unknown`.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::check::tools::{WASM, ensure};
use crate::command::{command, output, works};

const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's own cargo and rustc, not those of rustup that may come first in the path.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A way to build for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo in the path has the target's standard library, as after `rustup target add wasm32-unknown-unknown`.
    Installed,
    /// Debian's packages have no standard library for the target, but its source: it is built with the plugin.
    Debian,
}

impl Toolchain {
    /// The first that works; installs Debian's packages when there is none and that is allowed.
    pub(crate) fn find() -> Result<Self> {
        if installed() {
            return Ok(Self::Installed);
        }
        ensure(&[&WASM])
            .map_err(|error| format!("nothing here builds for {TARGET}\nhint: rustup target add {TARGET}\n{error}"))?;
        Ok(Self::Debian)
    }

    /// The command that builds one crate of a folder.
    pub(crate) fn build(self, folder: &Path, name: &str, target: &Path) -> Command {
        let arguments = format!("build --release --target {TARGET} -p {name}");
        let mut build = match self {
            Self::Installed => command(&format!("cargo {arguments}")),
            Self::Debian => {
                let mut build = command(&format!("{DEBIAN_CARGO} {arguments} -Zbuild-std=std,panic_abort"));
                // build-std is for nightly compilers; the flag lets Debian's stable one do it.
                build.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC);
                build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19");
                // Set by the cargo of rustup when it started this program.
                build.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC_WRAPPER");
                build
            }
        };
        build.current_dir(folder).env("CARGO_TARGET_DIR", target);
        build
    }
}

/// Whether the compiler in the path has the target's standard library.
fn installed() -> bool {
    let folder = output(command(&format!("rustc --print target-libdir --target {TARGET}")));
    folder.is_ok_and(|folder| {
        let mut entries = std::fs::read_dir(folder.trim()).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    }) && works("cargo --version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::shown;

    #[test]
    fn debian_builds_the_standard_library_too() {
        let line = shown(&Toolchain::Debian.build(Path::new("/p"), "register-csv", Path::new("/t")));
        assert!(
            line.contains("/usr/bin/cargo build --release --target wasm32-unknown-unknown -p register-csv"),
            "{line}"
        );
        assert!(line.contains("-Zbuild-std=std,panic_abort") && line.contains("RUSTC=/usr/bin/rustc"), "{line}");
        let line = shown(&Toolchain::Installed.build(Path::new("/p"), "register-csv", Path::new("/t")));
        assert!(!line.contains("build-std") && line.contains("CARGO_TARGET_DIR=/t"), "{line}");
    }
}
