//! `cargo xtask bench`: wallets claim credentials from the release binary as fast as it serves them.
//!
//! The daemon is pinned to core 0, this program to core 1. It drives itself in the release profile, so that the client is
//! never what is measured.

mod calibrate;
mod code;
mod daemon;
mod data;
mod http;
mod load;
mod login;
mod plugin;
mod preload;
mod process;
mod report;
mod stats;
mod wallet;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::Result;
use crate::command::{command, root, works};
use daemon::{Daemon, Target};
use report::{Memory, Report};

pub(crate) use calibrate::calibrate;

/// Core of the daemon.
const DAEMON_CORE: &str = "0";
/// Core of the wallets.
const CLIENT_CORE: &str = "1";

/// Options of `cargo xtask bench`.
#[derive(Args, Debug, Clone)]
pub(crate) struct Options {
    /// Wallets that claim at the same time, each over its own connections
    #[arg(long, default_value_t = 32)]
    wallets: usize,
    /// Seconds measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds before the measurement starts
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Measure a second time after storing this many open offers
    #[arg(long, default_value_t = 0)]
    offers: usize,
    /// Measure once more with claims from the plugin register-csv, which `cargo xtask plugins` builds
    #[arg(long)]
    plugin: bool,
    /// Measure once more with authorization codes: pushed request, login, consent, bound tokens
    #[arg(long)]
    login: bool,
    /// Copies that a wallet asks for with one request, each for a key of its own; without --plugin and --login
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=20), conflicts_with_all = ["plugin", "login"])]
    copies: u8,
    /// Size of the portrait in each credential, in bytes
    #[arg(long, default_value_t = 1024)]
    portrait: usize,
    /// Folder for the data file, on the disk that is to be measured [default: a temporary folder in target/]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

/// Builds what is measured and what measures, then drives it on its own core.
pub(crate) fn run() -> Result {
    if !works(&format!("taskset -c {CLIENT_CORE} true")) {
        return Err("the benchmark needs two cores and `taskset` (Debian package util-linux)".into());
    }
    // One after the other, so that the daemon is built with the features it ships with.
    for package in ["issuerd", "xtask"] {
        build(package)?;
    }
    let mut drive = command(&format!("taskset -c {CLIENT_CORE}"));
    drive.arg(root().join("target/release/xtask")).arg("bench-drive").args(std::env::args_os().skip(2));
    let status = drive.status()?;
    if status.success() { Ok(()) } else { Err(format!("the benchmark failed ({status})").into()) }
}

fn build(package: &str) -> Result {
    let mut build = command(&format!("cargo build --release --locked --quiet -p {package}"));
    // Talk goes to stderr, so that `--json` prints one object.
    build.stdout(std::process::Stdio::null());
    let line = crate::command::shown(&build);
    eprintln!("$ {line}");
    let status = build.status()?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
}

/// Measures; runs in the release profile on [`CLIENT_CORE`].
pub(crate) fn drive(options: &Options) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(options))?;
    if options.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    match report.errors() {
        0 => Ok(()),
        errors => Err(format!("{errors} requests failed").into()),
    }
}

async fn measure(options: &Options) -> Result<Report> {
    let folder = tempfile::tempdir_in(root().join("target"))?;
    let data_dir = options.data_dir.clone().unwrap_or_else(|| folder.path().to_owned());
    let calibrated_before = calibrate::on_core(DAEMON_CORE)?;
    let daemon = Daemon::start(&data_dir, DAEMON_CORE)?;
    let target = Target { copies: options.copies.into(), ..daemon.prepare(options.portrait).await? };
    let mut memory = Memory { at_rest: daemon.resident()?, with_offers: None, at_end: 0 };
    let mut runs = vec![load::run(&daemon, &target, options, 0).await?];
    if options.offers > 0 {
        preload::store(&target, options.offers).await?;
        memory.with_offers = Some(daemon.resident()?);
        runs.push(load::run(&daemon, &target, options, options.offers).await?);
    }
    memory.at_end = daemon.resident()?;
    daemon.stop()?;
    let restarted = Daemon::start(&data_dir, DAEMON_CORE)?;
    let ready_after = restarted.ready_after();
    restarted.stop()?;
    let with_plugin = if options.plugin { Some(plugin::run(options, folder.path()).await?) } else { None };
    let with_login = if options.login { Some(login::run(options, folder.path()).await?) } else { None };
    let limit = f64::midpoint(calibrated_before, calibrate::on_core(DAEMON_CORE)?);
    Ok(Report {
        wallets: options.wallets,
        seconds: options.seconds,
        portrait: options.portrait,
        copies: options.copies,
        runs,
        with_plugin,
        with_login,
        memory,
        ready_after,
        limit,
    })
}

impl Options {
    fn window(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
