//! `issuerd plugin`: what authors and operators of plugins need. One file a command.

mod build;
mod cases;
mod files;
mod new;
mod record;
mod toolchain;

use clap::Subcommand;

use super::Failed;

/// `issuerd plugin …`
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Write a ready project for a plugin.
    New(new::New),
    /// Build the plugin of a project with the tools of its language.
    Build(build::Build),
    /// Record calls of a running daemon as cases, without personal values.
    Record(record::Record),
}

pub(super) fn run(plugin: &Plugin) -> Result<(), Failed> {
    match plugin {
        Plugin::New(new) => new::run(new),
        Plugin::Build(build) => build::run(build),
        Plugin::Record(record) => record::run(record),
    }
}
