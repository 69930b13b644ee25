//! Runs a plugin natively in `cargo test`, with a host whose answers are recorded.
//!
//! ```
//! use issuerd_plugin::prelude::*;
//! use issuerd_plugin::testing::{Host, claim_context};
//! # #[derive(serde::Deserialize)]
//! # struct Config {}
//! # struct Register;
//! # impl ClaimSource for Register {
//! #     type Config = Config;
//! #     const DESCRIPTION: &'static str = "";
//! #     fn fetch(_: Config, _: ClaimContext) -> Result<Outcome> {
//! #         let name: serde_json::Value = http::get("https://register.example/people/7").send()?.found()?.json()?;
//! #         ready(&name)
//! #     }
//! # }
//!
//! let mut host = Host::new()
//!     .config(serde_json::json!({}))
//!     .answers("GET", "https://register.example/people/7", 200, r#"{"family_name": "Sommer"}"#);
//! let context = claim_context(serde_json::json!({ "offer": { "user_id": "7" } }));
//! let answer = host.fetch::<Register>(context).unwrap();
//! assert_eq!(answer, ready(&serde_json::json!({ "family_name": "Sommer" })).unwrap());
//! ```
//!
//! A request or a secret that is not recorded fails the test, whatever the plugin makes of it. [`claim_source_cases`] and [`auth_hook_cases`] do the same with files that
//! `issuerd plugin test` runs against the built plugin as well.

pub(crate) mod backend;
mod case;
mod contract;
mod run;
mod state;

use serde_json::{Map, Value};

use case::wire::{Answer, Answered, Asked, Body, Exchange};
pub use run::{auth_hook_cases, claim_source_cases};
use state::{State, during};

use crate::export::glue;
use crate::{AuthContext, AuthHook, ClaimContext, ClaimSource, Gate, Outcome, PluginError, PluginInfo, Step, Verdict};

/// What the clock of a host shows that was not told otherwise: 2026-01-01T00:00:00Z, in milliseconds since 1970.
pub const NOW: u64 = 1_767_225_600_000;

/// A host whose answers are recorded. It keeps its cache, clock and log from call to call.
#[derive(Debug, Clone)]
pub struct Host(State);

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// Without config, secrets and recorded answers, at [`NOW`].
    #[must_use]
    pub fn new() -> Self {
        Self(State { config: Value::Object(Map::new()), now: NOW, random: vec![0], ..State::default() })
    }

    /// With this config table.
    #[must_use]
    pub fn config(mut self, table: Value) -> Self {
        self.0.config = table;
        self
    }

    /// With a clock that shows this time, in milliseconds since 1970.
    #[must_use]
    pub fn now(mut self, milliseconds: u64) -> Self {
        self.0.now = milliseconds;
        self
    }

    /// Moves the clock on.
    pub fn pass(&mut self, seconds: u64) {
        self.0.now = self.0.now.saturating_add(seconds.saturating_mul(1000));
    }

    /// With these random bytes, again from the start when they end.
    #[must_use]
    pub fn random(mut self, bytes: &[u8]) -> Self {
        self.0.random = bytes.to_vec();
        self
    }

    /// With a secret, granted for every use.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.0.secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With an answer to one request of that method and address.
    #[must_use]
    pub fn answers(self, method: &str, url: &str, status: u16, body: &str) -> Self {
        self.answers_with(method, url, status, &[], body)
    }

    /// [`Self::answers`] with headers.
    #[must_use]
    pub fn answers_with(self, method: &str, url: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.recorded(method, url, Answer::Response(Answered { status, headers, body: Body::Text(body.to_owned()) }))
    }

    /// With a failure of one request: `timeout`, `connect`, `denied`, `too-large`, `quota`, `invalid-request` or `other`.
    #[must_use]
    pub fn fails(self, method: &str, url: &str, error: &str) -> Self {
        self.recorded(method, url, Answer::Error(error.to_owned()))
    }

    fn recorded(mut self, method: &str, url: &str, answer: Answer) -> Self {
        let request = Asked { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: None };
        self.0.http.push(Exchange { request, answer });
        self
    }

    /// Calls `fetch` of a claim source.
    pub fn fetch<P: ClaimSource>(&mut self, ctx: ClaimContext) -> Result<Outcome, PluginError> {
        self.call(|| glue::fetch::<P>(ctx))
    }

    /// Calls `resume` of a claim source.
    pub fn resume<P: ClaimSource>(&mut self, ctx: ClaimContext, state: &str) -> Result<Outcome, PluginError> {
        self.call(|| glue::resume::<P>(ctx, state.to_owned()))
    }

    /// Calls `admit` of an auth hook; `phase` is `token-request` or `credential-request`.
    pub fn admit<P: AuthHook>(&mut self, ctx: AuthContext, phase: &str) -> Result<Gate, PluginError> {
        self.call(|| glue::admit::<P>(ctx, phase))
    }

    /// Calls `authorize` of an auth hook.
    pub fn authorize<P: AuthHook>(&mut self, ctx: AuthContext, step: Step) -> Result<Verdict, PluginError> {
        self.call(|| glue::authorize::<P>(ctx, step))
    }

    /// Calls `check` of a claim source.
    pub fn check_source<P: ClaimSource>(&mut self) -> Result<(), Vec<String>> {
        self.call(glue::check_source::<P>)
    }

    /// Calls `check` of an auth hook.
    pub fn check_hook<P: AuthHook>(&mut self) -> Result<(), Vec<String>> {
        self.call(glue::check_hook::<P>)
    }

    /// The requests made so far, as `GET https://…`.
    #[must_use]
    pub fn requests(&self) -> &[String] {
        &self.0.requests
    }

    /// The lines logged so far, with their fields.
    pub fn log_lines(&self) -> impl Iterator<Item = &str> {
        self.0.log.iter().map(|(_, line)| line.as_str())
    }

    fn call<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let (said, failures) = self.observe(act);
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        said
    }

    /// Calls, and tells what was asked for without being recorded.
    fn observe<T>(&mut self, act: impl FnOnce() -> T) -> (T, Vec<String>) {
        let said = during(&mut self.0, act);
        (said, std::mem::take(&mut self.0.failures))
    }
}

/// A context of a claim source; what is left out has a default. `claims` may be an object, a time a text.
///
/// # Panics
/// When a member is misspelt or of another type.
#[must_use]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn claim_context(written: Value) -> ClaimContext {
    case::context::claims(&members(written), NOW).unwrap_or_else(|error| panic!("{error}"))
}

/// A context of an auth hook, as [`claim_context`].
///
/// # Panics
/// When a member is misspelt or of another type.
#[must_use]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn auth_context(written: Value) -> AuthContext {
    case::context::auth(&members(written), NOW).unwrap_or_else(|error| panic!("{error}"))
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn members(written: Value) -> Map<String, Value> {
    match written {
        Value::Object(members) => members,
        other => panic!("a context is an object, not {other}"),
    }
}

/// What the plugin says of itself.
#[must_use]
pub fn described_source<P: ClaimSource>() -> PluginInfo {
    glue::describe_source::<P>(crate::Described { name: "test", version: "0.0.0" })
}

/// What the plugin says of itself.
#[must_use]
pub fn described_hook<P: AuthHook>() -> PluginInfo {
    glue::describe_hook::<P>(crate::Described { name: "test", version: "0.0.0" })
}
