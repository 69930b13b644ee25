//! `cargo xtask fuzz`: the mutating tests of all parsers that meet outside bytes, for longer than in the test command.

use crate::Result;
use crate::command::{command, run};

/// How long, and from where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Executions of each parser
    #[arg(long, default_value_t = 1_000_000)]
    executions: usize,
    /// Which sequence of inputs; the test command always runs 0
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only tests with this in their names, like `wire::jwe`
    #[arg(long, default_value = "mutated")]
    only: String,
}

/// Runs them over an optimised build.
pub(crate) fn fuzz(options: &Options) -> Result {
    let mut tests = command("cargo test --release -p issuerd --lib");
    tests.arg(&options.only).args(["--", "--nocapture"]);
    tests.env("FUZZ_EXECUTIONS", options.executions.to_string()).env("FUZZ_SEED", options.seed.to_string());
    run(tests)
}
