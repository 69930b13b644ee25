//! Builds the parts of a running issuer from the configuration; the only file that names concrete ones.

mod anchors;
mod claim_sources;
mod clients;
mod encryption;
mod login;
mod parts;
mod plugins;
mod signed_metadata;
mod site;
mod status;
mod tls;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::app::{PluginHost, Shared};
use crate::base::clock::{Clock, SystemClock};
use crate::base::random::{Random, SystemRandom};
use crate::base::secret::Secret;
use crate::base::steady::SteadyClock;
use crate::config::master_key::{self, MasterKeyError};
use crate::config::{Config, StoreSection};
use crate::domain::Failure;
use crate::domain::access::clients::Clients;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::event::Events;
use crate::domain::hook::Hooks;
use crate::domain::trust::Trust;
use crate::lifecycle::Tasks;
use crate::observe::metrics::Metrics;
use crate::plugin::HostParts;
use crate::signer::{Algorithm, SoftwareKey};
use crate::store::Store;
use crate::store::redb_engine::{self, OpenError, RedbEngine};
use crate::store::seal::Sealer;
pub use clients::check_all as check_clients;
use parts::Parts;
pub use plugins::{check as check_plugins, reload_at_hangup};
pub use signed_metadata::check as check_signed_metadata;
pub use tls::{ListenerTls, load_tls};

/// How often expired entries are removed, and how many in one batch.
const SWEEP: (Duration, usize) = (Duration::from_secs(5), 500);
/// How often document signers are looked at.
const TRUST: Duration = Duration::from_mins(1);

/// The issuer cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The data directory cannot be made.
    #[error("cannot make the data directory {0}: {1}")]
    DataDirectory(String, std::io::Error),
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The data file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The master key does not fit the data file.
    #[error("the master key is not the one this store was sealed with")]
    WrongMasterKey,
    /// Metrics could not be registered.
    #[error("metrics: {0}")]
    Metrics(String),
    /// Plugins could not be loaded; the reasons, one a line.
    #[error("{0}")]
    Plugins(String),
    /// Wallet clients or trust anchors could not be read; the reasons, one a line.
    #[error("{0}")]
    Clients(String),
    /// A part could not be loaded.
    #[error(transparent)]
    Load(#[from] Failure),
}

/// Opens the store and builds everything over it, but no plugin: for commands that serve nobody.
pub async fn open(config: &Config) -> Result<Shared, BootError> {
    open_under(config, Arc::new(SystemClock), Guests::Left).await
}

/// The same with the plugins. `file` is the configuration file, read again when they are loaded again.
pub async fn open_with_plugins(config: &Config, file: Option<PathBuf>) -> Result<Shared, BootError> {
    open_under(config, Arc::new(SystemClock), Guests::Loaded(file)).await
}

/// What becomes of the plugins.
enum Guests {
    Left,
    /// They are loaded, with settings of this file.
    Loaded(Option<PathBuf>),
}

/// Opens with `system` as the system's clock; what is built never sees it go back.
async fn open_under(config: &Config, system: Arc<dyn Clock>, guests: Guests) -> Result<Shared, BootError> {
    let steady = Arc::new(SteadyClock::new(system));
    let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
    let metrics = Metrics::new().map_err(|error| BootError::Metrics(error.to_string()))?;
    let store = open_store(&config.store, &steady, &random, &metrics)?;
    let clock: Arc<dyn Clock> = steady;
    let site = Arc::new(site::site(config));
    let key = access_key(&store).await?;
    let attesters = anchors::attesters(config).map_err(|wrong| BootError::Clients(wrong.join("\n")))?;
    let configurations = Configurations::load(store.clone(), Arc::clone(&clock), Arc::clone(&random)).await?;
    let configurations = configurations.with_attesters(!attesters.is_empty()).with_issuer(&site.issuer);
    let events: Arc<dyn Events> = Arc::clone(&metrics) as _;
    let plugins = match guests {
        Guests::Left => PluginHost::none(plugins::places(&config.named)),
        Guests::Loaded(file) => {
            let code_key = Secret::new(store.derive_key("plugin_code").expose().to_vec());
            let (clock, random) = (Arc::clone(&clock), Arc::clone(&random));
            let host = HostParts { clock, random, observer: Arc::clone(&metrics) as _, code_key };
            plugins::start(config, file, host).await?
        }
    };
    let hooks = Arc::new(Hooks::new(plugins.roster(), Arc::clone(&events)));
    let of_sources = (store.clone(), Arc::clone(&clock), Arc::clone(&random), Arc::clone(&events));
    let claim_sources = claim_sources::load(&config.claim_sources, of_sources, plugins.roster()).await?;
    let trust = Trust::load(store.clone(), Arc::clone(&site), Arc::clone(&clock), Arc::clone(&random), events).await?;
    let (configurations, trust) = (Arc::new(configurations), Arc::new(trust));
    let statuses = status::load(config, &store, (&site, &clock, &random), &trust, &metrics).await?;
    let wallet_clients = Arc::new(clients::load(config, &store, &clock, &random).await?);
    let common = (store.clone(), Arc::clone(&site), Arc::clone(&clock), Arc::clone(&random));
    let providers = login::providers(&config.login, common, Arc::clone(&configurations)).await?;
    let encryption = encryption::load(config, &store, &clock, &random).await?;
    let metadata_signer = signed_metadata::load(config, &store, &trust, &clock).map_err(BootError::Clients)?;
    let parts = Parts {
        encryption,
        metadata_signer,
        clock,
        random,
        metrics,
        store,
        site,
        configurations,
        providers,
        hooks,
        claim_sources,
        plugins,
        trust,
        statuses,
        attesters,
    };
    let clients = Clients::load(parts.store.clone(), Arc::clone(&parts.random), key, parts.site.issuer.clone());
    Ok(Arc::new(parts.assemble((clients.await?, wallet_clients), config)))
}

/// Only the store. `clock` goes on from where time was when the store was last written.
fn open_store(
    section: &StoreSection,
    clock: &Arc<SteadyClock>,
    random: &Arc<dyn Random>,
    metrics: &Arc<Metrics>,
) -> Result<Store, BootError> {
    make_directory(Path::new(&section.data_dir))?;
    let key = master_key::obtain(section, random.as_ref())?;
    let engine = RedbEngine::open(&section.data_path(), Arc::clone(clock) as _, Arc::clone(metrics) as _)?;
    if let Some(reached) = engine.reached() {
        clock.not_before(reached);
    }
    Ok(Store::new(Arc::new(engine), Arc::new(Sealer::new(&key)), Arc::clone(random), Arc::clone(clock) as _))
}

/// Takes the system's clock for right though the store has seen a later time, as after a clock that was far ahead for a while. What had
/// ended by that time stays ended. Before the daemon opens the store.
pub fn accept_clock(config: &Config) -> Result<(), BootError> {
    let back = redb_engine::accept_clock(&config.store.data_path(), SystemClock.now())?;
    if back > Duration::ZERO {
        tracing::warn!(seconds = back.as_secs(), "time goes back to what the system's clock shows, as you asked");
    }
    Ok(())
}

fn make_directory(path: &Path) -> Result<(), BootError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| BootError::DataDirectory(path.display().to_string(), error))
}

async fn access_key(store: &Store) -> Result<SoftwareKey, BootError> {
    let make = || SoftwareKey::generate_pkcs8(Algorithm::Es256).map_err(|_| Failure::Signing);
    let key: Secret = store.key_ensure("access_token", make).await.map_err(|failure| match failure {
        Failure::Store(crate::store::StoreError::Unreadable("key")) => BootError::WrongMasterKey,
        failure => BootError::Load(failure),
    })?;
    Ok(SoftwareKey::from_pkcs8(Algorithm::Es256, &key).map_err(|_| Failure::Signing)?)
}

/// Starts what runs beside the listeners: the sweeper, the renewal of signers, the publication of status lists, bulk revocations, the
/// look at the plugins' files.
pub fn background(app: &Shared, config: &Config, tasks: &Tasks) {
    if config.plugins.watch {
        plugins::watch(app, tasks);
    }
    let (sweeping, stop) = (Arc::clone(app), tasks.clone());
    tasks.every(SWEEP.0, move || {
        let (app, stop) = (Arc::clone(&sweeping), stop.clone());
        async move {
            // What is left when the daemon stops is swept by the next one.
            while !stop.is_stopping() && app.store.sweep(SWEEP.1).await? == SWEEP.1 {}
            Ok::<_, Failure>(())
        }
    });
    let renewing = Arc::clone(app);
    tasks.every(TRUST, move || {
        let app = Arc::clone(&renewing);
        async move {
            app.encryption.maintain().await?;
            app.trust.maintain().await
        }
    });
    status::background(app, tasks);
}

#[cfg(test)]
mod tests {
    mod clock;
    mod code_flow;
}
