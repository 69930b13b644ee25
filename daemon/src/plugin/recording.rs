//! Records calls as cases when an operator asks for it: a few calls, a few minutes, without personal values.

mod redact;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::answer::Ask;
use super::call::Report;
use super::case::wire::{Answer, Asked, Exchange, Time};
use super::case::{Case, Export};
use super::contract::claim_source::issuer::plugin::http::{HttpError, Request, Response};
use super::replay::as_said;
use crate::base::clock::after;

/// Most calls of one recording.
pub const MOST_CALLS: usize = 20;

/// Most recordings at a time.
const MOST_RECORDINGS: usize = 64;

/// How long a recording waits for calls.
const PATIENCE: Duration = Duration::from_mins(10);

/// A call as the host saw it: with everything that was personal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    /// The function.
    pub(crate) export: Export,
    /// The plugin's config table.
    pub(crate) config: Map<String, Value>,
    /// The context, as the contract's types are serialised.
    pub(crate) context: Map<String, Value>,
    /// Phase of `admit`.
    pub(crate) phase: Option<String>,
    /// State of `resume`.
    pub(crate) state: Option<String>,
    /// Requests and answers; secrets are names or masks in them.
    pub(crate) http: Vec<(Request, Result<Response, HttpError>)>,
    /// The first time that the clock showed, in milliseconds since 1970.
    pub(crate) now: Option<u64>,
    /// Names of secrets that were asked for.
    pub(crate) secrets: Vec<String>,
    /// What the plugin said, as in `case::said`.
    pub(crate) said: Map<String, Value>,
}

impl Heard {
    /// What the host heard of a call that it made with a transcript; `None` for the calls of a load.
    pub(super) fn of(ask: &Ask, config: &Map<String, Value>, report: &Report) -> Option<Self> {
        let transcript = report.ending.transcript.clone()?;
        let (export, context, phase, state) = match ask {
            Ask::Describe | Ask::Check => return None,
            Ask::Fetch(context) => (Export::Fetch, serde_json::to_value(context), None, None),
            Ask::Resume(context, state) => (Export::Resume, serde_json::to_value(context), None, Some(state.clone())),
            Ask::Admit(context, phase) => {
                (Export::Admit, serde_json::to_value(context), Some(phase.name().to_owned()), None)
            }
            Ask::Authorize(context, _) => (Export::Authorize, serde_json::to_value(context), None, None),
        };
        let Ok(Value::Object(context)) = context else { return None };
        Some(Self {
            export,
            config: config.clone(),
            context,
            phase,
            state,
            http: transcript.http,
            now: transcript.now.first().copied(),
            secrets: transcript.secrets,
            said: as_said(report.answer.clone(), report.outcome),
        })
    }
}

/// Recordings by plugin.
#[derive(Debug, Default)]
pub struct Recordings {
    /// Whether any is armed: what a call that nobody records pays.
    any: AtomicBool,
    armed: Mutex<BTreeMap<String, Recording>>,
}

/// One recording.
#[derive(Debug, Clone, PartialEq)]
struct Recording {
    wanted: usize,
    until: Timestamp,
    cases: Vec<Case>,
}

/// A recording as the management API shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Calls that were asked for.
    pub calls: usize,
    /// Calls that are recorded.
    pub recorded: usize,
    /// When the recording ends, complete or not.
    pub expires_at: Timestamp,
    /// The cases, redacted.
    cases: Vec<Case>,
}

impl Recordings {
    /// Records the next `calls` calls of a plugin; ends a recording that was there. `None` when `calls` is not 1 to [`MOST_CALLS`],
    /// or too many plugins are recorded.
    pub fn arm(&self, plugin: &str, calls: usize, now: Timestamp) -> Option<View> {
        if !(1..=MOST_CALLS).contains(&calls) {
            return None;
        }
        let recording = Recording { wanted: calls, until: after(now, PATIENCE), cases: Vec::new() };
        let view = recording.view();
        let mut armed = self.armed(now);
        if armed.len() >= MOST_RECORDINGS && !armed.contains_key(plugin) {
            return None;
        }
        armed.insert(plugin.to_owned(), recording);
        self.any.store(true, Ordering::Relaxed);
        Some(view)
    }

    /// Whether the next call of a plugin is recorded.
    pub fn wants(&self, plugin: &str, now: Timestamp) -> bool {
        self.any.load(Ordering::Relaxed) && self.armed(now).get(plugin).is_some_and(Recording::is_open)
    }

    /// Keeps a call, redacted. One that comes too late or is one too many is dropped.
    pub(crate) fn keep(&self, plugin: &str, heard: Heard, now: Timestamp) {
        if !self.wants(plugin, now) {
            return;
        }
        // Outside of the lock: a portrait takes a while.
        let case = case(heard);
        if let Some(recording) = self.armed(now).get_mut(plugin).filter(|recording| recording.is_open()) {
            recording.cases.push(case);
        }
    }

    /// What is recorded so far; `None` when no recording was asked for, or it has expired.
    pub fn view(&self, plugin: &str, now: Timestamp) -> Option<View> {
        self.armed(now).get(plugin).map(Recording::view)
    }

    /// The recordings that have not expired.
    fn armed(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<String, Recording>> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.retain(|_, recording| now < recording.until);
        if armed.is_empty() {
            self.any.store(false, Ordering::Relaxed);
        }
        armed
    }
}

impl Recording {
    fn is_open(&self) -> bool {
        self.cases.len() < self.wanted
    }

    fn view(&self) -> View {
        View { calls: self.wanted, recorded: self.cases.len(), expires_at: self.until, cases: self.cases.clone() }
    }
}

/// The case of a call, without personal values.
fn case(heard: Heard) -> Case {
    let mut redaction = redact::Redaction::new(&heard.config);
    let context = redaction.context(heard.context);
    let answers: Vec<_> = heard
        .http
        .into_iter()
        .map(|(request, answer)| (Asked::of(request), redaction.answer(Answer::of(answer))))
        .collect();
    let exchange = |(request, answer)| Exchange { request: redaction.request(request), answer };
    let http = answers.into_iter().map(exchange).collect();
    let secrets = heard.secrets.into_iter().map(|name| (name, "made-up".to_owned())).collect();
    Case {
        export: heard.export,
        title: None,
        config: heard.config,
        context,
        phase: heard.phase,
        step: None,
        state: heard.state.map(|state| redaction.text(&state)),
        now: heard.now.map(Time),
        // What was drawn may be the salt of something personal.
        random: None,
        secrets,
        http,
        cache: BTreeMap::new(),
        expected: redaction.said(heard.said),
    }
}

#[cfg(test)]
mod tests;
