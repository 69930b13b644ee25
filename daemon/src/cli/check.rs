//! `issuerd check`: the real loader, every mistake at once.

use super::{ConfigFile, Failed};

pub(super) fn run(file: &ConfigFile) -> Result<(), Failed> {
    let config = file.load()?;
    let source = file.path().map_or("the defaults".to_owned(), |path| path.display().to_string());
    say!("{source}: no mistakes; issuer {}", config.server.issuer);
    Ok(())
}
