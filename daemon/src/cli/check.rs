//! `issuerd check`: the real loaders, every mistake at once.

use super::{ConfigFile, Failed, runtime};
use crate::base::clock::{Clock as _, SystemClock};
use crate::boot;

pub(super) fn run(file: &ConfigFile) -> Result<(), Failed> {
    let config = file.load()?;
    let source = file.path().map_or("the defaults".to_owned(), |path| path.display().to_string());
    let tls = boot::load_tls(&config, SystemClock.now());
    let plugins = runtime()?.block_on(boot::check_plugins(&config));
    let clients = boot::check_clients(&config);
    let metadata = boot::check_signed_metadata(&config);
    let (tls, plugins) = match (tls, plugins, clients, metadata) {
        (Ok(tls), Ok(plugins), Ok(()), Ok(())) => (tls, plugins),
        (tls, plugins, clients, metadata) => {
            let metadata = metadata.err().map(|wrong| vec![wrong]);
            let wrong = [tls.err(), plugins.err(), clients.err(), metadata].into_iter().flatten().flatten();
            return Err(wrong.collect::<Vec<_>>().join("\n").into());
        }
    };
    say!("{source}: no mistakes; issuer {}", config.server.issuer);
    for line in tls.describe(&config.server.issuer).into_iter().chain(config.profile.describe()) {
        say!("{line}");
    }
    for plugin in plugins {
        say!("{plugin}");
    }
    Ok(())
}
