//! All plugins: loaded at the start, swapped by a reload, called by the rest of the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, Semaphore};

use super::answer::{Answer, Ask};
use super::call::Report;
use super::compiled::Shelf;
use super::contract::{AuthContext, ClaimContext, Gate, Outcome, PluginError};
use super::loaded::{NOTHING, Plugin, Tally, Workshop, is_failure};
use super::recording::{Heard, Recordings};
use super::room::Outside;
use super::secrets::Secrets;
use super::settings::Settings;
use super::{CallError, HostParts, Phase, PluginCalls, PluginStatus, World};
use crate::base::clock::after;

/// The plugins of an installation.
pub struct Plugins {
    shop: Arc<Workshop>,
    serving: ArcSwap<Serving>,
    recordings: Recordings,
    /// Held by the one reload that runs.
    reloading: Mutex<()>,
}

/// The plugins that serve, by name.
type Serving = BTreeMap<String, Entry>;

/// A plugin of `issuer.toml`.
#[derive(Clone)]
enum Entry {
    Loaded(Arc<Plugin>),
    /// It is optional, and could not be loaded.
    Skipped(Arc<Tally>),
}

impl Plugins {
    /// Loads every plugin. The errors are sentences that begin with the plugin's name; one plugin that is not optional and cannot be
    /// loaded is enough.
    pub async fn start(settings: &Settings, parts: HostParts) -> Result<Arc<Self>, Vec<String>> {
        let secrets = Secrets::load(&settings.secrets)?;
        Self::start_in(settings, parts, &secrets, None).await
    }

    /// The same with secrets, and a world, of the caller's own: for the replay of recorded calls.
    pub(crate) async fn start_in(
        settings: &Settings,
        parts: HostParts,
        secrets: &Secrets,
        outside: Option<Arc<dyn Outside>>,
    ) -> Result<Arc<Self>, Vec<String>> {
        let calls = settings.max_concurrent.clamp(1, 1024);
        let machine = OnceLock::new();
        let shop = Arc::new(Workshop { machine, calls, parts, all: Arc::new(Semaphore::new(calls)), outside });
        let plugins =
            Self { shop, serving: ArcSwap::default(), recordings: Recordings::default(), reloading: Mutex::new(()) };
        let loaded = plugins.load(settings, secrets, None).await?;
        plugins.swap(settings, loaded);
        Ok(Arc::new(plugins))
    }

    /// Loads every plugin anew, or `only` one, beside those that serve, and swaps all of them at once; calls that run end on the old
    /// version. Any error leaves everything as it was. The answer is the names.
    pub async fn reload(&self, settings: &Settings, only: Option<&str>) -> Result<Vec<String>, Vec<String>> {
        let _one_at_a_time = self.reloading.lock().await;
        if let Some(name) = only
            && !settings.plugins.contains_key(name)
        {
            return Err(vec![format!("there is no plugin {name}")]);
        }
        let secrets = Secrets::load(&settings.secrets)?;
        let loaded = self.load(settings, &secrets, only).await?;
        let names = loaded.keys().cloned().collect();
        let mut all = if only.is_some() { Serving::clone(&self.serving.load()) } else { Serving::new() };
        all.extend(loaded);
        self.swap(settings, all);
        Ok(names)
    }

    /// Every plugin of `issuer.toml`, by name.
    #[must_use]
    pub fn list(&self) -> Vec<PluginStatus> {
        let status = |(name, entry): (&String, &Entry)| match entry {
            Entry::Loaded(plugin) => plugin.status(name),
            Entry::Skipped(tally) => tally.status(name),
        };
        self.serving.load().iter().map(status).collect()
    }

    /// Where calls are recorded for the plugin's author.
    #[must_use]
    pub fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    async fn load(&self, settings: &Settings, secrets: &Secrets, only: Option<&str>) -> Result<Serving, Vec<String>> {
        let (mut loaded, mut problems) = (Serving::new(), Vec::new());
        for (name, plugin) in settings.plugins.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
            let before = self.plugin(name);
            match self.shop.load(plugin, secrets, &settings.cache_dir, before.as_deref()).await {
                Ok(made) => drop(loaded.insert(name.clone(), Entry::Loaded(Arc::new(made)))),
                Err(why) if plugin.optional && before.is_none() => {
                    loaded.insert(name.clone(), self.skip(name, &why));
                }
                Err(why) => problems.extend(why.into_iter().map(|why| format!("plugin {name}: {why}"))),
            }
        }
        if problems.is_empty() { Ok(loaded) } else { Err(problems) }
    }

    fn skip(&self, name: &str, why: &[String]) -> Entry {
        let why = why.join("; ");
        tracing::error!(plugin = name, error = why, "an optional plugin is skipped");
        let tally = match self.serving.load().get(name) {
            Some(Entry::Skipped(tally)) => tally.clone(),
            _ => Arc::default(),
        };
        tally.fail(why);
        Entry::Skipped(tally)
    }

    fn swap(&self, settings: &Settings, serving: Serving) {
        let digests: BTreeSet<_> = serving.values().filter_map(Entry::digest).collect();
        self.serving.store(Arc::new(serving));
        if self.shop.machine.get().is_some() {
            Shelf::new(&settings.cache_dir, &self.shop.parts).tidy(&digests);
        }
    }

    fn plugin(&self, name: &str) -> Option<Arc<Plugin>> {
        match self.serving.load().get(name)? {
            Entry::Loaded(plugin) => Some(plugin.clone()),
            Entry::Skipped(_) => None,
        }
    }

    /// When a call that begins now must have ended, in milliseconds since 1970.
    fn deadline(&self, plugin: &Plugin) -> u64 {
        let end = after(self.shop.parts.clock.now(), plugin.granted.limits().wall);
        u64::try_from(end.as_millisecond()).unwrap_or(0)
    }

    /// Makes a call when it is its turn, and tells of it.
    async fn call(&self, name: &str, request_id: &str, ask: impl FnOnce(u64) -> Ask) -> Result<Answer, CallError> {
        let Some(plugin) = self.plugin(name) else {
            tracing::error!(plugin = name, request_id, "there is no such plugin, or it was skipped");
            return Err(CallError::Failed);
        };
        let export = if plugin.world == World::ClaimSource { "fetch" } else { "admit" };
        let Some(pass) = plugin.breaker.enter() else { return Err(self.turned_away(name, export, "breaker_open")) };
        let Some(_turn) = plugin.queue.turn().await else { return Err(self.turned_away(name, export, "queue_full")) };
        let report = self.run_recorded(name, &plugin, ask(self.deadline(&plugin)), request_id).await;
        pass.end(!matches!(report.outcome, "trap" | "cpu" | "timeout" | "memory" | "oversize"));
        self.shop.parts.observer.called(name, export, report.outcome, &report.figures);
        plugin.tally.count(export, is_failure(report.outcome).then_some(report.outcome));
        tell(name, &plugin, request_id, export, &report);
        answer(report)
    }

    async fn run_recorded(&self, name: &str, plugin: &Plugin, ask: Ask, request_id: &str) -> Report {
        let now = self.shop.parts.clock.now();
        let asked = self.recordings.wants(name, now).then(|| ask.clone());
        let report = plugin.run(ask, request_id, asked.is_some()).await;
        if let Some(heard) = asked.and_then(|asked| Heard::of(&asked, plugin.granted.config(), &report)) {
            self.recordings.keep(name, heard, now);
        }
        report
    }

    fn turned_away(&self, name: &str, export: &'static str, outcome: &'static str) -> CallError {
        self.shop.parts.observer.called(name, export, outcome, &NOTHING);
        tracing::warn!(plugin = name, export, outcome, "plugin not called");
        CallError::Unavailable { retry_after: None }
    }
}

impl Entry {
    fn digest(&self) -> Option<String> {
        match self {
            Self::Loaded(plugin) => Some(plugin.digest.clone()),
            Self::Skipped(_) => None,
        }
    }
}

/// Writes the line about a call. Never claims; the error is the plugin's or the machine's own text.
fn tell(name: &str, plugin: &Plugin, request_id: &str, export: &str, report: &Report) {
    let (version, outcome) = (plugin.info.version.as_str(), report.outcome);
    let milliseconds = report.figures.seconds * 1000.0;
    if !is_failure(outcome) {
        tracing::debug!(plugin = name, version, request_id, export, outcome, milliseconds, "plugin called");
        return;
    }
    let error = report.error.as_deref().unwrap_or_default();
    let (output, said) = (report.output.as_str(), report.ending.last_log_lines.join(" | "));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                plugin = name,
                version,
                request_id,
                export,
                outcome,
                milliseconds,
                error,
                output,
                said,
                "plugin failed"
            )
        };
    }
    if outcome == "unavailable" { line!(warn) } else { line!(error) }
}

fn answer(report: Report) -> Result<Answer, CallError> {
    match report.answer {
        None if report.outcome == "unavailable" => Err(CallError::Unavailable { retry_after: None }),
        None => Err(CallError::Failed),
        Some(answer) => Ok(answer),
    }
}

fn refused(error: PluginError) -> CallError {
    match error {
        PluginError::NotFound(_) => CallError::NotFound,
        PluginError::Unavailable(hint) => CallError::Unavailable {
            retry_after: hint.retry_after_seconds.map(|seconds| std::time::Duration::from_secs(seconds.into())),
        },
        PluginError::Misconfigured(_) | PluginError::Internal(_) => CallError::Failed,
    }
}

impl PluginCalls for Plugins {
    fn world(&self, plugin: &str) -> Option<World> {
        self.plugin(plugin).map(|plugin| plugin.world)
    }

    fn fetch<'a>(&'a self, plugin: &'a str, context: ClaimContext) -> BoxFuture<'a, Result<Outcome, CallError>> {
        Box::pin(async move {
            let request_id = context.request_id.clone();
            let ask = |deadline| Ask::Fetch(ClaimContext { deadline, ..context });
            match self.call(plugin, &request_id, ask).await? {
                Answer::Claims(outcome) => outcome.map_err(refused),
                _ => Err(CallError::Failed),
            }
        })
    }

    fn admit<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        phase: Phase,
    ) -> BoxFuture<'a, Result<Gate, CallError>> {
        Box::pin(async move {
            let request_id = context.request_id.clone();
            let ask = |deadline| Ask::Admit(AuthContext { deadline, ..context }, phase);
            match self.call(plugin, &request_id, ask).await? {
                Answer::Gate(gate) => gate.map_err(refused),
                _ => Err(CallError::Failed),
            }
        })
    }

    fn refuse_answer(&self, plugin: &str, why: &str) {
        let Some(loaded) = self.plugin(plugin) else { return };
        let export = if loaded.world == World::ClaimSource { "fetch" } else { "admit" };
        self.shop.parts.observer.called(plugin, export, "invalid", &NOTHING);
        loaded.tally.fail(format!("{export} gave an answer that may not be used: {why}"));
        tracing::error!(plugin, version = loaded.info.version, export, error = why, "plugin answer refused");
    }
}
