//! The command line: one file a command.

/// Prints a line on standard output. A reader that has seen enough, such as `head`, ends the command quietly instead of in a panic.
macro_rules! say {
    ($($line:tt)*) => {
        $crate::cli::print_line(format_args!($($line)*))
    };
}

mod api;
mod check;
mod client;
mod dev;
mod init;
mod offer;
mod plugin;
mod qr;
mod serve;

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, load};

#[derive(Debug, Parser)]
#[command(name = "issuerd", version, about = "A self-hosted OpenID4VCI credential issuer", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Serve(serve::Serve),
    /// Run a complete local issuer: makes what is missing, serves, prints an offer to scan.
    Dev(dev::Dev),
    /// Check the configuration and report every mistake at once.
    Check(ConfigFile),
    /// Set up an installation: data directory, master key, first IACA, first client.
    Init(init::Init),
    /// Add, list and remove clients of the management API.
    #[command(subcommand)]
    Client(client::Client),
    /// Create, list, show and delete offers through the management API.
    Offer(offer::Offer),
    /// Make, build, inspect and test plugins.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// Configuration file. Without it: issuer.toml in this directory when there is one, else the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn path(&self) -> Option<PathBuf> {
        let here = PathBuf::from("issuer.toml");
        self.config.clone().or_else(|| here.exists().then_some(here))
    }

    fn load(&self) -> Result<Config, ConfigError> {
        load(self.path().as_deref())
    }
}

/// Why a command failed, in words for the person at the terminal.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that the arguments name. Exit code 0: done; 1: failed, with the reason on stderr; 2: wrong arguments.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Dev(dev) => dev::run(&dev),
        Command::Check(file) => check::run(&file),
        Command::Init(init) => init::run(&init),
        Command::Client(client) => client::run(client),
        Command::Offer(offer) => offer::run(&offer),
        Command::Plugin(plugin) => plugin::run(&plugin),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("issuerd: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// See `say!`.
fn print_line(line: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        if error.kind() != io::ErrorKind::BrokenPipe {
            eprintln!("issuerd: cannot write to standard output: {error}");
        }
        std::process::exit(1);
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
