//! What one call of a plugin stands in: its grants, the world outside, and what it used up so far.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use reqwest::Url;
use tokio::time::{Duration, Instant};

use super::contract::claim_source::issuer::plugin::http::{HttpError, Request, Response};
use super::grants::Granted;
use crate::base::random::NoEntropy;

/// How far a call may reach.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// The plugin tells what it is: without http, cache and secrets.
    Describe,
    /// Any other call.
    Call {
        /// Sent upstream, so that a request can be followed.
        request_id: String,
        /// When the host ends the call.
        deadline: Instant,
    },
}

/// The world as a plugin reaches it through the host, after its grants were asked. The replay of a recorded call puts another in the
/// place of the real one.
pub(crate) trait Outside: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now(&self) -> u64;
    /// Unpredictable bytes.
    fn random(&self, length: usize) -> Result<Vec<u8>, NoEntropy>;
    /// Sends a request that was allowed. The caller bounds the time.
    fn http(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Response, HttpError>>;
}

/// A request that the grants allow.
pub(crate) struct Outgoing {
    /// As the plugin wrote it: secrets are names in it.
    pub(crate) asked: Request,
    /// Which grant allows it.
    pub(super) grant: usize,
    pub(super) method: Method,
    pub(super) url: Url,
    /// With the secrets.
    pub(super) headers: HeaderMap,
    /// Most bytes of the answer's body.
    pub(super) most: usize,
}

/// One call's room. Implements the host's side of every interface that a plugin imports.
pub(super) struct Room {
    pub(super) granted: Arc<Granted>,
    pub(super) outside: Arc<dyn Outside>,
    pub(super) stage: Stage,
    pub(super) used: Used,
    /// What was said, when it is recorded.
    pub(super) transcript: Option<Transcript>,
}

/// What a call used up.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Log lines kept.
    pub(super) lines: u32,
    /// Log lines dropped.
    pub(super) dropped: u32,
    /// Requests sent or tried.
    pub(super) requests: u32,
    /// Times that a secret was asked for.
    pub(super) secrets: u32,
    /// The last lines, for the report of a failure.
    pub(super) last_lines: VecDeque<String>,
}

/// What is left of a call.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// The last log lines, secrets masked.
    pub(super) last_log_lines: Vec<String>,
    /// Log lines written.
    pub(super) kept: u32,
    /// Log lines that were too many.
    pub(super) dropped: u32,
    /// Requests sent or tried.
    pub(super) http_requests: u32,
    /// Everything the plugin heard, when it was recorded.
    pub(super) transcript: Option<Transcript>,
}

/// What a call heard from the host, so that it can be replayed: secrets are masked and named only.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Transcript {
    /// Requests with their answers, in order.
    pub(crate) http: Vec<(Request, Result<Response, HttpError>)>,
    /// Answers of the clock, in order; milliseconds since 1970.
    pub(crate) now: Vec<u64>,
    /// Random bytes, in order.
    pub(crate) random: Vec<Vec<u8>>,
    /// Names of secrets that were used, in order.
    pub(crate) secrets: Vec<String>,
}

impl Room {
    /// A room for one call.
    pub(super) fn new(granted: Arc<Granted>, outside: Arc<dyn Outside>, stage: Stage) -> Self {
        Self { granted, outside, stage, used: Used::default(), transcript: None }
    }

    /// Writes down what the plugin hears.
    #[must_use]
    pub(super) fn recording(mut self) -> Self {
        self.transcript = Some(Transcript::default());
        self
    }

    /// Ends the call, however it went, and counts its log lines.
    pub(super) fn ending(self) -> Ending {
        let Used { lines, dropped, requests, last_lines, .. } = self.used;
        self.granted.observer().logged(self.granted.name(), lines.into(), dropped.into());
        Ending {
            last_log_lines: last_lines.into(),
            kept: lines,
            dropped,
            http_requests: requests,
            transcript: self.transcript,
        }
    }

    /// Whether the stage of the call gives the plugin more than its configuration.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.stage, Stage::Call { .. })
    }

    /// Time until the host ends the call.
    pub(super) fn left(&self) -> Duration {
        match &self.stage {
            Stage::Describe => Duration::ZERO,
            Stage::Call { deadline, .. } => deadline.saturating_duration_since(Instant::now()),
        }
    }
}
