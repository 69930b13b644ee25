//! `issuerd check`: the real loaders, every mistake at once.

use super::{ConfigFile, Failed, runtime};
use crate::boot;

pub(super) fn run(file: &ConfigFile) -> Result<(), Failed> {
    let config = file.load()?;
    let source = file.path().map_or("the defaults".to_owned(), |path| path.display().to_string());
    let plugins = runtime()?.block_on(boot::check_plugins(&config)).map_err(|wrong| wrong.join("\n"))?;
    boot::check_clients(&config).map_err(|wrong| wrong.join("\n"))?;
    say!("{source}: no mistakes; issuer {}", config.server.issuer);
    for plugin in plugins {
        say!("{plugin}");
    }
    Ok(())
}
