//! The programs that steps need, and how to get each when it is missing.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;
use crate::command::{command, run, works};

/// A program that a step needs.
pub(crate) struct Tool {
    name: &'static str,
    /// Exits with 0 when the tool is there.
    probe: &'static str,
    from: Source,
}

enum Source {
    /// Debian packages.
    Apt(&'static [&'static str]),
    /// A crate and its version.
    Crate(&'static str, &'static str),
}

pub(crate) const CURL: Tool = Tool { name: "curl", probe: "curl --version", from: Source::Apt(&["curl"]) };
pub(crate) const OPENSSL: Tool = Tool { name: "openssl", probe: "openssl version", from: Source::Apt(&["openssl"]) };
pub(crate) const NODE: Tool = Tool { name: "node", probe: "node --version", from: Source::Apt(&["nodejs", "npm"]) };
pub(crate) const NPM: Tool = Tool { name: "npm", probe: "npm --version", from: Source::Apt(&["npm"]) };
pub(crate) const PYTHON: Tool = Tool {
    name: "python3 with venv",
    probe: "python3 -m ensurepip --version",
    from: Source::Apt(&["python3", "python3-venv"]),
};
/// The browser of the tests that look at pages, with a font for what they show.
pub(crate) const CHROMIUM: Tool =
    Tool { name: "chromium", probe: "chromium --version", from: Source::Apt(&["chromium", "fonts-dejavu-core"]) };
/// Checks the metrics page and is the server of the Prometheus example.
pub(crate) const PROMTOOL: Tool =
    Tool { name: "promtool", probe: "promtool --version", from: Source::Apt(&["prometheus"]) };
/// Debian's way to build for WebAssembly, where rustup has no such target.
pub(crate) const WASM: Tool = Tool {
    name: "a compiler for WebAssembly",
    probe: "dpkg -s rustc-web cargo-web rust-web-src lld-19",
    from: Source::Apt(&["rustc-web", "cargo-web", "rust-web-src", "lld-19"]),
};
pub(crate) const DENY: Tool =
    Tool { name: "cargo-deny", probe: "cargo deny --version", from: Source::Crate("cargo-deny", "0.20.2") };

/// Installs the tools that are missing and says so.
pub(crate) fn ensure(tools: &[&Tool]) -> Result {
    for tool in tools.iter().filter(|tool| !works(tool.probe)) {
        println!("    {} is missing: installing it", tool.name);
        match tool.from {
            Source::Apt(packages) => apt(tool.name, packages)?,
            Source::Crate(name, version) => cargo(name, version)?,
        }
        if !works(tool.probe) {
            return Err(format!("`{}` still fails after {} was installed", tool.probe, tool.name).into());
        }
    }
    Ok(())
}

fn apt(name: &str, packages: &[&str]) -> Result {
    static UPDATED: AtomicBool = AtomicBool::new(false);
    let packages = packages.join(" ");
    if !rustix::process::geteuid().is_root() || !works("apt-get --version") {
        return Err(format!(
            "{name} is missing\nhint: install it as root, on Debian with `apt-get install {packages}`"
        )
        .into());
    }
    if !UPDATED.swap(true, Ordering::Relaxed) {
        run(command("apt-get update -qq"))?;
    }
    let mut install = command(&format!("apt-get install -y -qq --no-install-recommends {packages}"));
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(install)
}

fn cargo(name: &str, version: &str) -> Result {
    let how = if works("cargo binstall -V") { "binstall -y" } else { "install" };
    run(command(&format!("cargo {how} {name} --version {version} --locked")))
}
