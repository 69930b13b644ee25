//! The same credentials after a login: the test user of `issuerd dev` logs in, and the configuration has a value for what is not known of
//! that person.

use std::path::Path;

use super::daemon::Daemon;
use super::stats::Run;
use super::{DAEMON_CORE, Options, load};
use crate::Result;

/// Measures issuances with an authorization code and tokens that are bound to a key.
pub(super) async fn run(options: &Options, folder: &Path) -> Result<Run> {
    let daemon = Daemon::start(&folder.join("with-login"), DAEMON_CORE)?;
    let target = daemon.prepare_with_values(options.portrait).await?;
    let run = load::run_logins(&daemon, &target, options).await?;
    daemon.stop()?;
    Ok(run)
}
