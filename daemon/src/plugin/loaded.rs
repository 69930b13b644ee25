//! A plugin that serves, and what is counted of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use super::answer::Ask;
use super::breaker::Breaker;
use super::call::{Budget, Caller, Exports, Report};
use super::compiled::{Shelf, Source, hex};
use super::contract::PluginInfo;
use super::describe;
use super::engine::Machine;
use super::grants::Granted;
use super::origin::Origin;
use super::queue::Queue;
use super::room::Outside;
use super::secrets::Secrets;
use super::settings::PluginSettings;
use super::{CallFigures, HostParts, PluginStatus, World, compiler};
use crate::base::clock::Stopwatch;

/// One version of a plugin.
pub(super) struct Plugin {
    pub(super) world: World,
    pub(super) exports: Exports,
    pub(super) granted: Arc<Granted>,
    pub(super) outside: Arc<dyn Outside>,
    pub(super) queue: Arc<Queue>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) tally: Arc<Tally>,
    pub(super) info: PluginInfo,
    pub(super) digest: String,
    origin: Origin,
    loaded_at: jiff::Timestamp,
}

/// What is counted of a plugin since the daemon started, whatever its version.
#[derive(Default)]
pub(super) struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    last_error: Mutex<Option<String>>,
}

/// What plugins are made of, besides their settings.
pub(super) struct Workshop {
    /// Made for the first plugin: an installation without plugins has no engine, pool or ticker.
    pub(super) machine: OnceLock<Machine>,
    /// Most calls at a time.
    pub(super) calls: usize,
    pub(super) parts: HostParts,
    /// Calls of all plugins.
    pub(super) all: Arc<Semaphore>,
    /// Whether requests are served meanwhile: the plugins of the start have been loaded.
    pub(super) serves: AtomicBool,
    /// The world in place of the real one.
    pub(super) outside: Option<Arc<dyn Outside>>,
}

impl Tally {
    /// Counts a call. `failure` is one of the outcomes that are failures.
    pub(super) fn count(&self, export: &str, failure: Option<&str>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(outcome) = failure {
            self.fail(format!("{export} ended with {outcome}; the log says more"));
        }
    }

    pub(super) fn fail(&self, why: String) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// What is counted, and no more.
    pub(super) fn status(&self, name: &str) -> PluginStatus {
        PluginStatus {
            name: name.to_owned(),
            state: "skipped",
            world: None,
            reported_name: None,
            version: None,
            description: None,
            sha256: None,
            loaded_at: None,
            grants: Vec::new(),
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            last_error: self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Plugin {
    pub(super) fn status(&self, name: &str) -> PluginStatus {
        PluginStatus {
            state: "loaded",
            world: Some(self.world.name()),
            reported_name: Some(self.info.name.clone()),
            version: Some(self.info.version.clone()),
            description: Some(self.info.description.clone()),
            sha256: Some(self.digest.clone()),
            loaded_at: Some(self.loaded_at),
            grants: self.granted.in_plain_words(),
            ..self.tally.status(name)
        }
    }

    /// Makes one call without waiting for a turn.
    pub(super) async fn run(&self, ask: Ask, request_id: &str, recording: bool) -> Report {
        let budget = Budget::of(self.granted.limits());
        let outside = self.outside.clone();
        Caller { exports: &self.exports, granted: &self.granted, outside, budget, recording }
            .call(ask, request_id)
            .await
    }
}

impl Workshop {
    /// The machine, made now if there is none.
    fn machine(&self) -> Result<&Machine, String> {
        if let Some(machine) = self.machine.get() {
            return Ok(machine);
        }
        let made = Machine::new(self.calls)?;
        Ok(self.machine.get_or_init(|| made))
    }

    /// Loads a plugin; `before` is the version that serves, and goes on as it is when nothing that it was made of has changed. The
    /// errors are sentences.
    pub(super) async fn load(
        self: &Arc<Self>,
        settings: &PluginSettings,
        secrets: &Secrets,
        cache: &std::path::Path,
        before: Option<&Arc<Plugin>>,
    ) -> Result<Arc<Plugin>, Vec<String>> {
        let watch = Stopwatch::start();
        let read = read(settings, secrets).await.map_err(|problem| vec![problem]);
        if let (Ok((_, origin)), Some(before)) = (&read, before)
            && before.origin == *origin
        {
            return Ok(Arc::clone(before));
        }
        let made = match read {
            Ok((source, origin)) => self.make(settings, secrets, cache, (source, origin), before).await,
            Err(problems) => Err(problems),
        };
        let version = made.as_ref().map_or("", |plugin| plugin.info.version.as_str());
        self.parts.observer.loaded(&settings.name, version, made.is_ok(), watch.seconds());
        if let Ok(plugin) = &made {
            let PluginInfo { name, version, .. } = &plugin.info;
            tracing::info!(plugin = settings.name, reported = name, version, sha256 = plugin.digest, "plugin loaded");
        }
        made.map(Arc::new)
    }

    async fn make(
        self: &Arc<Self>,
        settings: &PluginSettings,
        secrets: &Secrets,
        cache: &std::path::Path,
        (source, origin): (Source, Origin),
        before: Option<&Arc<Plugin>>,
    ) -> Result<Plugin, Vec<String>> {
        let granted = Arc::new(self.granted(settings, secrets)?);
        let digest = hex(&source.digest);
        let (world, exports) = self.compile(&settings.name, source, cache).await.map_err(|problem| vec![problem])?;
        let outside = granted.outside();
        let known = before.map(|plugin| &*plugin.granted);
        let info = describe::describe(&exports, &granted, outside.clone(), known).await?;
        let (all, observer) = (self.all.clone(), self.parts.observer.clone());
        Ok(Plugin {
            world,
            exports,
            granted,
            outside,
            queue: Queue::new(&settings.name, settings.limits, all, observer),
            breaker: Breaker::new(self.parts.clock.clone()),
            tally: before.map(|plugin| plugin.tally.clone()).unwrap_or_default(),
            info,
            digest,
            origin,
            loaded_at: self.parts.clock.now(),
        })
    }

    fn granted(&self, settings: &PluginSettings, secrets: &Secrets) -> Result<Granted, Vec<String>> {
        match &self.outside {
            Some(outside) => Granted::in_world(settings, secrets, self.parts.observer.clone(), outside.clone()),
            None => Granted::new(settings, secrets, &self.parts),
        }
    }

    /// Compiles, on a thread that may be busy for seconds.
    async fn compile(
        self: &Arc<Self>,
        name: &str,
        source: Source,
        cache: &std::path::Path,
    ) -> Result<(World, Exports), String> {
        let (shop, name, cache) = (self.clone(), name.to_owned(), cache.to_owned());
        let work = tokio::task::spawn_blocking(move || {
            let engine = &shop.machine()?.engine;
            let make = || Shelf::new(&cache, &shop.parts).component(engine, &source);
            let serves = shop.serves.load(Ordering::Relaxed);
            let (component, compiled) = if serves { compiler::beside_requests(make)?? } else { make()? };
            tracing::debug!(plugin = name, compiled, "plugin code is ready");
            describe::exports(shop.machine()?, &component)
        });
        work.await.map_err(|error| format!("compiling it failed: {error}"))?
    }
}

/// Reads all that a plugin is made of.
async fn read(settings: &PluginSettings, secrets: &Secrets) -> Result<(Source, Origin), String> {
    let (settings, secrets) = (settings.clone(), secrets.clone());
    let work = tokio::task::spawn_blocking(move || {
        let source = Source::read(&settings)?;
        let origin = Origin::of(&settings, &secrets, source.digest);
        Ok((source, origin))
    });
    work.await.map_err(|error| format!("reading it failed: {error}"))?
}

/// Whether an outcome is a failure of the plugin, as opposed to an answer.
pub(super) fn is_failure(outcome: &str) -> bool {
    matches!(
        outcome,
        "unavailable" | "misconfigured" | "internal" | "trap" | "cpu" | "timeout" | "memory" | "oversize" | "invalid"
    )
}

/// What a call costs that was not made.
pub(super) const NOTHING: CallFigures = CallFigures { seconds: 0.0, cpu_ticks: 0, memory_bytes: 0 };
