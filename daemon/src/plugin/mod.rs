//! The host of WebAssembly plugins: what a plugin is given, how a call is bounded, and what its ending means.
//!
//! A plugin is a component of one of the worlds of `sdk/wit/`. It is given nothing that `issuer.toml` does not grant (`grants` is
//! the one gate), serves every call in a fresh instance, and is ended at its limits. The rest of the daemon sees [`PluginCalls`].

pub(crate) mod answer;
mod breaker;
mod cache;
pub(crate) mod call;
#[path = "../../../sdk/rust/src/testing/case/mod.rs"]
pub(crate) mod case;
mod compiled;
mod compiler;
pub mod contract;
mod describe;
mod engine;
pub(crate) mod grants;
mod host;
pub mod inspect;
mod loaded;
mod none;
mod origin;
pub(crate) mod outbound;
mod queue;
pub mod recording;
pub mod registry;
pub(crate) mod replay;
pub(crate) mod room;
pub(crate) mod secrets;
mod serving;
pub mod settings;
mod wasi;
mod written;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::base::secret::Secret;
use contract::{AuthContext, ClaimContext, Gate, Outcome, Step, Verdict};
pub use none::NoPlugins;

/// What a plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum World {
    /// It knows claims of holders.
    ClaimSource,
    /// It decides who may go on.
    AuthHook,
}

impl World {
    /// The name of the world in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaimSource => "claim-source",
            Self::AuthHook => "auth-hook",
        }
    }
}

/// When an auth hook is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A person logged in, and the browser is there.
    Authorize,
    /// A wallet asks for an access token.
    TokenRequest,
    /// A wallet asks for a credential.
    CredentialRequest,
}

impl Phase {
    /// The name of the phase in the contract and in `issuer.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::TokenRequest => "token-request",
            Self::CredentialRequest => "credential-request",
        }
    }
}

/// A call without an answer. The host has logged and counted why; nothing of it is for the wallet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The plugin knows no record of this holder.
    #[error("no record of this holder")]
    NotFound,
    /// Something upstream is down, or there were too many calls; the same call may work later.
    #[error("temporarily unavailable")]
    Unavailable {
        /// When to try again, if that is known.
        retry_after: Option<Duration>,
    },
    /// The plugin is wrongly configured, faulty, or was ended at a limit; or there is no such plugin.
    #[error("the plugin failed")]
    Failed,
}

/// The calls that the domain makes.
pub trait PluginCalls: Send + Sync + 'static {
    /// What a plugin is for; `None` when none of this name is loaded.
    fn world(&self, plugin: &str) -> Option<World>;

    /// Asks a claim source for the claims of a holder. `context.deadline` is set by the host.
    fn fetch<'a>(&'a self, plugin: &'a str, context: ClaimContext) -> BoxFuture<'a, Result<Outcome, CallError>>;

    /// Asks a claim source again that asked for patience; `state` is what it left for itself. `context.deadline` is set by the host.
    fn resume<'a>(
        &'a self,
        plugin: &'a str,
        context: ClaimContext,
        state: String,
    ) -> BoxFuture<'a, Result<Outcome, CallError>>;

    /// Asks an auth hook whether a request may go on. `context.deadline` is set by the host.
    fn admit<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        phase: Phase,
    ) -> BoxFuture<'a, Result<Gate, CallError>>;

    /// Asks an auth hook for the next step with a person. `context.deadline` is set by the host.
    fn authorize<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        step: Step,
    ) -> BoxFuture<'a, Result<Verdict, CallError>>;

    /// Counts an answer of `plugin` that was not used because it broke the rules for claims.
    fn refuse_answer(&self, plugin: &str, why: &str);
}

/// Who is told of calls, for metrics. Called on the hot path: must neither block nor fail. `plugin` is a name of `issuer.toml`, so
/// the labels are bounded by it.
pub trait PluginObserver: Send + Sync + 'static {
    /// A call ended. `export` is `fetch`, `resume`, `admit`, `authorize`, `describe` or `check`; `outcome` one of [`OUTCOMES`].
    fn called(&self, plugin: &str, export: &'static str, outcome: &'static str, call: &CallFigures);
    /// A call waited for its turn, in seconds.
    fn queued(&self, plugin: &str, seconds: f64);
    /// Calls of a plugin that run or wait, after a change.
    fn in_flight(&self, plugin: &str, running: usize, waiting: usize);
    /// An outgoing request ended: `outcome` is `2xx`, `3xx`, `4xx`, `5xx`, `denied`, `timeout`, `connect`, `too_large`, `quota`,
    /// `invalid` or `other`. `origin` is a granted one, or empty.
    fn requested(&self, plugin: &str, origin: &str, outcome: &'static str, seconds: f64);
    /// Log lines of a plugin that were kept and dropped.
    fn logged(&self, plugin: &str, kept: u64, dropped: u64);
    /// A plugin was loaded, or could not be.
    fn loaded(&self, plugin: &str, version: &str, good: bool, seconds: f64);
    /// A plugin serves no longer.
    fn unloaded(&self, _plugin: &str) {}
}

/// How a call ends, as label values.
pub const OUTCOMES: &[&str] = &[
    "ready",
    "pending",
    "denied",
    "abstain",
    "allow",
    "not_found",
    "unavailable",
    "misconfigured",
    "internal",
    "trap",
    "cpu",
    "timeout",
    "memory",
    "oversize",
    "invalid",
    "queue_full",
    "breaker_open",
];

/// What a call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CallFigures {
    /// Wall time in seconds, without the queue.
    pub seconds: f64,
    /// Ticks of 10 ms that the guest ran through.
    pub cpu_ticks: u64,
    /// Most linear memory, in bytes.
    pub memory_bytes: usize,
}

/// What the host stands on.
#[derive(Clone)]
pub struct HostParts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Who is told of calls.
    pub observer: Arc<dyn PluginObserver>,
    /// Key that authenticates precompiled code, which is run as it is.
    pub code_key: Secret,
}

/// A plugin as `GET /v1/plugins` shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginStatus {
    /// Its name in `issuer.toml`.
    pub name: String,
    /// `loaded`, or `skipped` when it is optional and could not be loaded.
    pub state: &'static str,
    /// What it is for.
    pub world: Option<&'static str>,
    /// What it calls itself.
    pub reported_name: Option<String>,
    /// Its version, as it says.
    pub version: Option<String>,
    /// What it says it does.
    pub description: Option<String>,
    /// SHA-256 of its file, hex.
    pub sha256: Option<String>,
    /// Since when this version serves.
    pub loaded_at: Option<jiff::Timestamp>,
    /// What it may do, in plain words.
    pub grants: Vec<String>,
    /// Calls since the daemon started.
    pub calls: u64,
    /// Of them, those that ended in a failure.
    pub failures: u64,
    /// The last failure in one sentence, without data of a holder.
    pub last_error: Option<String>,
}

#[cfg(test)]
mod tests;
