//! `issuerd plugin`: what authors and operators of plugins need. One file a command.

mod bench;
mod build;
mod cases;
mod files;
mod grants;
mod inspect;
mod new;
mod record;
mod test;
mod toolchain;

use clap::Subcommand;

use super::{ConfigFile, Failed};

/// `issuerd plugin …`
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Show what a plugin is, what it asks for, and the lines for issuer.toml.
    Inspect(inspect::Inspect),
    /// Say in plain words what each plugin of the configuration may do.
    Grants(ConfigFile),
    /// Write a ready project for a plugin.
    New(new::New),
    /// Build the plugin of a project with the tools of its language.
    Build(build::Build),
    /// Replay recorded cases in the real engine and compare.
    Test(test::Test),
    /// Measure calls of a plugin, each in a fresh instance.
    Bench(bench::Bench),
    /// Record calls of a running daemon as cases, without personal values.
    Record(record::Record),
}

pub(super) fn run(plugin: &Plugin) -> Result<(), Failed> {
    match plugin {
        Plugin::Inspect(inspect) => inspect::run(inspect),
        Plugin::Grants(file) => grants::run(file),
        Plugin::New(new) => new::run(new),
        Plugin::Build(build) => build::run(build),
        Plugin::Test(test) => test::run(test),
        Plugin::Bench(bench) => bench::run(bench),
        Plugin::Record(record) => record::run(record),
    }
}
