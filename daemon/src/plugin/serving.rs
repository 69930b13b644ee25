//! The plugins that serve at one moment. Who holds them calls the same versions to the end, whatever a reload does meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::answer::{Answer, Ask};
use super::call::Report;
use super::contract::{AuthContext, ClaimContext, Gate, Outcome, PluginError, Step, Verdict};
use super::loaded::{NOTHING, Plugin, Tally, Workshop, is_failure};
use super::recording::{Heard, Recordings};
use super::{CallError, Phase, PluginCalls, PluginStatus, World};
use crate::base::clock::after;

/// What all plugins of an installation share, whatever is loaded.
pub(super) struct Core {
    pub(super) shop: Arc<Workshop>,
    pub(super) recordings: Recordings,
}

/// A plugin of `issuer.toml`.
#[derive(Clone)]
pub(super) enum Entry {
    Loaded(Arc<Plugin>),
    /// It is optional, and could not be loaded.
    Skipped(Arc<Tally>),
}

/// Plugins by name.
pub struct Serving {
    pub(super) core: Arc<Core>,
    pub(super) plugins: BTreeMap<String, Entry>,
}

impl Serving {
    /// Every plugin of `issuer.toml`, by name.
    #[must_use]
    pub fn list(&self) -> Vec<PluginStatus> {
        let status = |(name, entry): (&String, &Entry)| match entry {
            Entry::Loaded(plugin) => plugin.status(name),
            Entry::Skipped(tally) => tally.status(name),
        };
        self.plugins.iter().map(status).collect()
    }

    /// Whether `issuer.toml` had a plugin of this name; an optional one may have been skipped.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.plugins.contains_key(name)
    }

    /// Digests of the files of all that are loaded.
    pub(super) fn digests(&self) -> BTreeSet<String> {
        let digest = |entry: &Entry| match entry {
            Entry::Loaded(plugin) => Some(plugin.digest.clone()),
            Entry::Skipped(_) => None,
        };
        self.plugins.values().filter_map(digest).collect()
    }

    pub(super) fn plugin(&self, name: &str) -> Option<&Arc<Plugin>> {
        match self.plugins.get(name)? {
            Entry::Loaded(plugin) => Some(plugin),
            Entry::Skipped(_) => None,
        }
    }

    /// When a call that begins now must have ended, in milliseconds since 1970.
    fn deadline(&self, plugin: &Plugin) -> u64 {
        let end = after(self.core.shop.parts.clock.now(), plugin.granted.limits().wall);
        u64::try_from(end.as_millisecond()).unwrap_or(0)
    }

    /// Makes a call when it is its turn, and tells of it.
    async fn call(
        &self,
        name: &str,
        export: &'static str,
        request_id: &str,
        ask: impl FnOnce(u64) -> Ask,
    ) -> Result<Answer, CallError> {
        let Some(plugin) = self.plugin(name) else {
            tracing::error!(plugin = name, request_id, "there is no such plugin, or it was skipped");
            return Err(CallError::Failed);
        };
        let Some(pass) = plugin.breaker.enter() else { return Err(self.turned_away(name, export, "breaker_open")) };
        let Some(_turn) = plugin.queue.turn().await else { return Err(self.turned_away(name, export, "queue_full")) };
        let report = self.run_recorded(name, plugin, ask(self.deadline(plugin)), request_id).await;
        pass.end(!matches!(report.outcome, "trap" | "cpu" | "timeout" | "memory" | "oversize"));
        self.core.shop.parts.observer.called(name, export, report.outcome, &report.figures);
        plugin.tally.count(export, is_failure(report.outcome).then_some(report.outcome));
        tell(name, plugin, request_id, export, &report);
        answer(report)
    }

    async fn run_recorded(&self, name: &str, plugin: &Plugin, ask: Ask, request_id: &str) -> Report {
        let now = self.core.shop.parts.clock.now();
        let asked = self.core.recordings.wants(name, now).then(|| ask.clone());
        let report = plugin.run(ask, request_id, asked.is_some()).await;
        if let Some(heard) = asked.and_then(|asked| Heard::of(&asked, plugin.granted.config(), &report)) {
            self.core.recordings.keep(name, heard, now);
        }
        report
    }

    /// A browser is sent only where the operator lets this plugin send it.
    fn where_granted(&self, name: &str, verdict: Verdict) -> Result<Verdict, CallError> {
        match &verdict {
            Verdict::Redirect(to) if !self.plugin(name).is_some_and(|plugin| plugin.granted.may_redirect(&to.url)) => {
                self.refuse_answer(name, "it sends a browser to an origin that is not in redirect_origins");
                Err(CallError::Failed)
            }
            _ => Ok(verdict),
        }
    }

    fn turned_away(&self, name: &str, export: &'static str, outcome: &'static str) -> CallError {
        self.core.shop.parts.observer.called(name, export, outcome, &NOTHING);
        tracing::warn!(plugin = name, export, outcome, "plugin not called");
        CallError::Unavailable { retry_after: None }
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

impl PluginCalls for Serving {
    fn world(&self, plugin: &str) -> Option<World> {
        self.plugin(plugin).map(|plugin| plugin.world)
    }

    fn fetch<'a>(&'a self, plugin: &'a str, context: ClaimContext) -> BoxFuture<'a, Result<Outcome, CallError>> {
        Box::pin(async move {
            let request_id = context.request_id.clone();
            let ask = |deadline| Ask::Fetch(ClaimContext { deadline, ..context });
            match self.call(plugin, "fetch", &request_id, ask).await? {
                Answer::Claims(outcome) => outcome.map_err(refused),
                _ => Err(CallError::Failed),
            }
        })
    }

    fn resume<'a>(
        &'a self,
        plugin: &'a str,
        context: ClaimContext,
        state: String,
    ) -> BoxFuture<'a, Result<Outcome, CallError>> {
        Box::pin(async move {
            let request_id = context.request_id.clone();
            let ask = |deadline| Ask::Resume(ClaimContext { deadline, ..context }, state);
            match self.call(plugin, "resume", &request_id, ask).await? {
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
            match self.call(plugin, "admit", &request_id, ask).await? {
                Answer::Gate(gate) => gate.map_err(refused),
                _ => Err(CallError::Failed),
            }
        })
    }

    fn authorize<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        step: Step,
    ) -> BoxFuture<'a, Result<Verdict, CallError>> {
        Box::pin(async move {
            let request_id = context.request_id.clone();
            let ask = |deadline| Ask::Authorize(AuthContext { deadline, ..context }, step);
            match self.call(plugin, "authorize", &request_id, ask).await? {
                Answer::Verdict(verdict) => self.where_granted(plugin, verdict.map_err(refused)?),
                _ => Err(CallError::Failed),
            }
        })
    }

    fn refuse_answer(&self, plugin: &str, why: &str) {
        let Some(loaded) = self.plugin(plugin) else { return };
        let export = if loaded.world == World::ClaimSource { "fetch" } else { "admit" };
        self.core.shop.parts.observer.called(plugin, export, "invalid", &NOTHING);
        loaded.tally.fail(format!("{export} gave an answer that may not be used: {why}"));
        tracing::error!(plugin, version = loaded.info.version, export, error = why, "plugin answer refused");
    }
}
