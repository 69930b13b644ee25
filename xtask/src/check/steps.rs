//! The steps of `cargo xtask test`, in order.

use std::fs;

use super::targets::{Group, cargo_test, nextest, run_group};
use super::tools::{CHROMIUM, CURL, DENY, NODE, NPM, OPENSSL, PROMTOOL, PYTHON, Tool};
use crate::Result;
use crate::command::{command, root, run};

/// One check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [&'static Tool],
    /// Part of a run that names no step.
    pub(crate) always: bool,
    pub(crate) run: fn() -> Result,
}

/// Fast checks first; what shares a build profile stands together, so that dependencies are built once a profile. Tests name the whole
/// workspace and not one package, since each choice of packages has features of its own, for which everything is built again.
pub(crate) const STEPS: &[Step] = &[
    step("fmt", "the code is formatted", &[], fmt),
    step("clippy", "no lint warns", &[], clippy),
    step("deny", "licences, sources and banned crates", &[&DENY], deny),
    Step { always: false, ..step("advisories", "known vulnerabilities (needs the internet)", &[&DENY], advisories) },
    step("unit", "unit tests", &[&OPENSSL], unit),
    step("contract", "released contracts are as they were, their page is fresh", &[], crate::contract::check),
    step("plugins", "tests of the SDK, the plugins and the Rust templates, which build to WebAssembly", &[], plugins),
    step("docs", "documentation builds without a warning, its examples run", &[], docs),
    step("release", "build the release binary", &[], release),
    step("flow", "flows over the release binary", &[&CURL, &OPENSSL, &PROMTOOL], || on_release(Group::Flow)),
    step("cases", "the cases of each plugin, in the engine of the release binary", &[], crate::plugins::cases),
    step("scripts", "plugins and templates in JavaScript and Python build and work", &[&NODE, &NPM, &PYTHON], scripts),
    step("race", "races and crashes of the release binary", &[], || on_release(Group::Race)),
    step(
        "interop",
        "foreign wallets, verifiers, identity providers and a browser",
        &[&NODE, &NPM, &PYTHON, &CHROMIUM],
        interop,
    ),
    step("examples", "each example runs", &[&CURL, &OPENSSL, &NODE, &NPM, &PROMTOOL], examples),
];

const fn step(name: &'static str, about: &'static str, needs: &'static [&'static Tool], run: fn() -> Result) -> Step {
    Step { name, about, needs, always: true, run }
}

fn fmt() -> Result {
    run(command("cargo fmt --all -- --check"))
}

fn clippy() -> Result {
    run(command("cargo clippy --workspace --all-targets --locked -- -D warnings"))
}

/// The workspaces: what is built for WebAssembly has lock files of its own.
const WORKSPACES: [&str; 3] = [".", "sdk/rust", "plugins"];

fn deny() -> Result {
    cargo_deny("bans licenses sources")
}

fn advisories() -> Result {
    cargo_deny("advisories")
}

fn cargo_deny(which: &str) -> Result {
    for folder in WORKSPACES {
        // Not every exception is met in every one of them.
        let quiet = if folder == "." { "" } else { "-A unmatched-skip -A unused-wrapper" };
        let mut deny = command("cargo deny --workspace --locked --config");
        deny.arg(root().join("deny.toml")).arg("check").args(quiet.split_whitespace()).args(which.split_whitespace());
        deny.current_dir(root().join(folder));
        run(deny)?;
    }
    Ok(())
}

fn plugins() -> Result {
    crate::plugins::check()?;
    release()?;
    crate::plugins::templates(crate::plugins::RUST)
}

fn unit() -> Result {
    run(cargo_test("--workspace --lib --bins"))
}

fn docs() -> Result {
    let mut doc = command("cargo doc --workspace --no-deps --locked");
    doc.env("RUSTDOCFLAGS", "-D warnings");
    run(doc)?;
    run(command("cargo test --doc --workspace --locked"))
}

fn release() -> Result {
    run(command("cargo build --release -p issuerd --locked"))
}

/// Builds the binary again, which takes no time when it is fresh, so that `--only` never tests an old one.
fn on_release(group: Group) -> Result {
    release()?;
    run_group(group)
}

/// Builds the examples in other languages, and issues through each, to the foreign wallet as well.
fn scripts() -> Result {
    npm_ci()?;
    release()?;
    crate::plugins::scripts()?;
    crate::plugins::templates(crate::plugins::SCRIPTS)?;
    let mut flows = cargo_test("--workspace --test flow --test interop");
    flows.args(if nextest() { &["--run-ignored", "only"][..] } else { &["--", "--ignored"] });
    flows.env("ISSUERD_BIN", root().join("target/release/issuerd"));
    run(flows)
}

fn interop() -> Result {
    npm_ci()?;
    venv()?;
    let mut logins = cargo_test("--workspace --lib outbound::tests::provider");
    logins.args(if nextest() { &["--run-ignored", "only"][..] } else { &["--", "--ignored"] });
    run(logins)?;
    on_release(Group::Interop)
}

/// Installs the npm packages of the lock file, unless they are there already.
fn npm_ci() -> Result {
    let folder = root().join("tests/interop");
    let modified = |name: &str| fs::metadata(folder.join(name)).and_then(|meta| meta.modified());
    let fresh = match (modified("node_modules/.package-lock.json"), modified("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    };
    if fresh {
        return Ok(());
    }
    let mut install = command("npm ci --no-audit --no-fund");
    install.current_dir(folder);
    run(install)
}

/// Makes a virtual environment with the Python packages of the interop tests, unless it is there already.
fn venv() -> Result {
    let (folder, wanted) = (root().join("target/interop-python"), root().join("tests/interop/requirements.txt"));
    let installed = folder.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|known| fs::read(&wanted).is_ok_and(|wanted| wanted == known)) {
        return Ok(());
    }
    let mut make = command("python3 -m venv --clear");
    make.arg(&folder);
    run(make)?;
    let mut install = command("python3 -m pip --python");
    install.arg(&folder).args("--disable-pip-version-check install --quiet --requirement".split(' ')).arg(&wanted);
    run(install)?;
    fs::copy(&wanted, &installed)?;
    Ok(())
}

/// Runs `run.sh` of each folder of `examples/`.
fn examples() -> Result {
    npm_ci()?;
    release()?;
    let mut scripts: Vec<_> = fs::read_dir(root().join("examples"))?
        .filter_map(|entry| Some(entry.ok()?.path().join("run.sh")))
        .filter(|script| script.is_file())
        .collect();
    scripts.sort();
    if scripts.is_empty() {
        return Err("examples/ has no run.sh".into());
    }
    for script in scripts {
        let mut example = command("bash");
        example.arg(&script).env("ISSUERD_BIN", root().join("target/release/issuerd"));
        run(example)?;
    }
    Ok(())
}
