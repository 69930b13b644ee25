//! `cargo xtask`: the project's test command, its benchmark, and the build of plugins.

mod bench;
mod check;
mod command;
mod contract;
mod fuzz;
mod plugins;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a task that can fail returns.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Tasks of the project")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check: formatting, lints, dependencies, unit, flow, race and interop tests, examples, docs
    Test(check::Options),
    /// Build the shipped plugins, or those of given folders, to target/plugins/NAME.wasm
    Plugins(plugins::Options),
    /// Measure issuances per second, latency, CPU time and memory of the release binary
    Bench(bench::Options),
    /// Write docs/plugin-contract.md anew from the contract with plugins
    Contract(contract::Options),
    /// Run the mutating tests of all parsers with a million inputs each
    Fuzz(fuzz::Options),
    /// The part of `bench` that runs in the release profile, pinned to one core
    #[command(hide = true)]
    BenchDrive(bench::Options),
    /// Prints the microseconds that one verification and one signature take on the core it runs on
    #[command(hide = true)]
    BenchCalibrate,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test(options) => check::run(&options),
        Task::Plugins(options) => plugins::build(&options),
        // Its options are read again by the program it starts.
        Task::Bench(_) => bench::run(),
        Task::Contract(options) => contract::run(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::BenchDrive(options) => bench::drive(&options),
        Task::BenchCalibrate => bench::calibrate(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
