//! All plugins: loaded at the start, exchanged by a reload.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};

use super::compiled::Shelf;
use super::loaded::{Tally, Workshop};
use super::recording::Recordings;
use super::room::Outside;
use super::secrets::Secrets;
use super::serving::{Core, Entry};
use super::settings::Settings;
use super::{HostParts, PluginStatus};

pub use super::serving::Serving;

/// The plugins of an installation.
pub struct Plugins {
    core: Arc<Core>,
    serving: ArcSwap<Serving>,
    /// Held by the one reload that runs.
    reloading: Arc<Mutex<()>>,
}

/// Plugins that are ready to serve, and do not yet. No other reload begins before these are adopted or dropped.
pub struct Prepared {
    serving: Arc<Serving>,
    /// The names of those that were loaded.
    loaded: Vec<String>,
    cache_dir: PathBuf,
    _turn: OwnedMutexGuard<()>,
}

/// What became of the plugins at a reload, by name. The others were left alone: neither their settings nor their files had changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that were loaded, or loaded again.
    pub loaded: Vec<String>,
    /// Those that serve no longer.
    pub unloaded: Vec<String>,
}

impl Prepared {
    /// What will serve.
    #[must_use]
    pub fn serving(&self) -> &Arc<Serving> {
        &self.serving
    }
}

impl Plugins {
    /// Loads every plugin. The errors are sentences that begin with the plugin's name; one plugin that is not optional and cannot be
    /// loaded is enough.
    pub async fn start(settings: &Settings, parts: HostParts) -> Result<Arc<Self>, Vec<String>> {
        let secrets = Secrets::load(&settings.secrets)?;
        Self::start_in(settings, parts, &secrets, None).await
    }

    /// The same with secrets, and a world, of the caller's own: for tests.
    pub(crate) async fn start_in(
        settings: &Settings,
        parts: HostParts,
        secrets: &Secrets,
        outside: Option<Arc<dyn Outside>>,
    ) -> Result<Arc<Self>, Vec<String>> {
        let calls = settings.max_concurrent.clamp(1, 1024);
        let machine = OnceLock::new();
        let (all, serves) = (Arc::new(Semaphore::new(calls)), AtomicBool::new(false));
        let shop = Arc::new(Workshop { machine, calls, parts, all, serves, outside });
        let core = Arc::new(Core { shop, recordings: Recordings::default() });
        let nothing = Serving { core: Arc::clone(&core), plugins: BTreeMap::new() };
        let plugins = Self { core, serving: ArcSwap::from_pointee(nothing), reloading: Arc::default() };
        let prepared = plugins.prepare_with(settings, secrets, None).await?;
        plugins.adopt(prepared);
        Ok(Arc::new(plugins))
    }

    /// Loads what has changed of all plugins, or of `only` one, beside those that serve. Any error leaves everything as it was. With
    /// `only`, all others stay as they are.
    pub async fn prepare(&self, settings: &Settings, only: Option<&str>) -> Result<Prepared, Vec<String>> {
        if let Some(name) = only
            && !settings.plugins.contains_key(name)
        {
            return Err(vec![format!("there is no plugin {name}")]);
        }
        let secrets = Secrets::load(&settings.secrets)?;
        self.prepare_with(settings, &secrets, only).await
    }

    async fn prepare_with(
        &self,
        settings: &Settings,
        secrets: &Secrets,
        only: Option<&str>,
    ) -> Result<Prepared, Vec<String>> {
        let turn = Arc::clone(&self.reloading).lock_owned().await;
        let (fresh, loaded) = self.load(settings, secrets, only).await?;
        let mut plugins = if only.is_some() { self.serving.load().plugins.clone() } else { BTreeMap::new() };
        plugins.extend(fresh);
        let serving = Arc::new(Serving { core: Arc::clone(&self.core), plugins });
        Ok(Prepared { serving, loaded, cache_dir: settings.cache_dir.clone(), _turn: turn })
    }

    /// Lets what was prepared serve, all of it at once; calls that run end on the old version.
    pub fn adopt(&self, prepared: Prepared) -> Changes {
        let Prepared { serving, loaded, cache_dir, _turn } = prepared;
        self.core.shop.serves.store(true, Ordering::Relaxed);
        let before = self.serving.swap(Arc::clone(&serving));
        let gone = |(name, _): &(&String, &Entry)| before.plugin(name).is_some() && !serving.knows(name);
        let unloaded: Vec<_> = before.plugins.iter().filter(gone).map(|(name, _)| name.clone()).collect();
        for name in &unloaded {
            self.core.shop.parts.observer.unloaded(name);
            tracing::info!(plugin = name, "plugin unloaded");
        }
        if self.core.shop.machine.get().is_some() {
            Shelf::new(&cache_dir, &self.core.shop.parts).tidy(&serving.digests());
        }
        Changes { loaded, unloaded }
    }

    /// Prepares and adopts.
    pub async fn reload(&self, settings: &Settings, only: Option<&str>) -> Result<Changes, Vec<String>> {
        Ok(self.adopt(self.prepare(settings, only).await?))
    }

    /// Those that serve now.
    #[must_use]
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    /// Every plugin of `issuer.toml`, by name.
    #[must_use]
    pub fn list(&self) -> Vec<PluginStatus> {
        self.serving.load().list()
    }

    /// Where calls are recorded for the plugin's author.
    #[must_use]
    pub fn recordings(&self) -> &Recordings {
        &self.core.recordings
    }

    async fn load(
        &self,
        settings: &Settings,
        secrets: &Secrets,
        only: Option<&str>,
    ) -> Result<(BTreeMap<String, Entry>, Vec<String>), Vec<String>> {
        let (mut entries, mut loaded, mut problems) = (BTreeMap::new(), Vec::new(), Vec::new());
        let serving = self.serving.load_full();
        for (name, plugin) in settings.plugins.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
            let before = serving.plugin(name);
            match self.core.shop.load(plugin, secrets, &settings.cache_dir, before).await {
                Ok(made) => {
                    if before.is_none_or(|before| !Arc::ptr_eq(before, &made)) {
                        loaded.push(name.clone());
                    }
                    entries.insert(name.clone(), Entry::Loaded(made));
                }
                Err(why) if plugin.optional && before.is_none() => {
                    entries.insert(name.clone(), skip(&serving, name, &why));
                }
                Err(why) => problems.extend(why.into_iter().map(|why| format!("plugin {name}: {why}"))),
            }
        }
        if problems.is_empty() { Ok((entries, loaded)) } else { Err(problems) }
    }
}

fn skip(serving: &Serving, name: &str, why: &[String]) -> Entry {
    let why = why.join("; ");
    tracing::error!(plugin = name, error = why, "an optional plugin is skipped");
    let tally: Arc<Tally> = match serving.plugins.get(name) {
        Some(Entry::Skipped(tally)) => tally.clone(),
        _ => Arc::default(),
    };
    tally.fail(why);
    Entry::Skipped(tally)
}
