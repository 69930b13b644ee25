//! A recorded call of a plugin, as a file: what it was asked, what it heard, and what it should say. The test kit runs it natively,
//! `issuerd plugin test` in the engine: both compile this folder, each with its own types of the contract.

pub(crate) mod compare;
pub(crate) mod context;
pub(crate) mod said;
pub(crate) mod wire;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::contract::{AuthContext, ClaimContext, Step};
use wire::{Exchange, Step as StepText, Time};

/// The name of an exported function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Export {
    /// Claims of a holder.
    Fetch,
    /// Claims that were not ready before.
    Resume,
    /// May this request go on?
    Admit,
    /// May this person go on?
    Authorize,
    /// Is the configuration right?
    Check,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The function that is called.
    pub(crate) export: Export,
    /// What the case is about, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// The config table.
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    /// The context; what it does not name has a default.
    #[serde(default)]
    pub(crate) context: Map<String, Value>,
    /// Phase of `admit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// Step of `authorize`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<StepText>,
    /// State that `resume` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// What the clock shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<Time>,
    /// Random bytes, hex; repeated when more are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) random: Option<String>,
    /// Secrets by the plugin's name for them, with made-up values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) secrets: BTreeMap<String, String>,
    /// Requests that the plugin may make, with their answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) http: Vec<Exchange>,
    /// What the cache holds before the call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) cache: BTreeMap<String, String>,
    /// What the plugin should say; only what is named is compared.
    #[serde(default)]
    pub(crate) expected: Map<String, Value>,
}

/// What is asked of the plugin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Question {
    Fetch(ClaimContext),
    Resume(ClaimContext, String),
    Admit(AuthContext, String),
    Authorize(AuthContext, Step),
    Check,
}

impl Case {
    /// Reads a case. The error is a sentence for its author.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let case: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        case.question()?;
        case.random()?;
        Ok(case)
    }

    /// What the plugin is asked.
    pub(crate) fn question(&self) -> Result<Question, String> {
        let now = self.millis();
        Ok(match self.export {
            Export::Fetch => Question::Fetch(context::claims(&self.context, now)?),
            Export::Resume => {
                let state = self.state.clone().ok_or("`resume` needs `state`")?;
                Question::Resume(context::claims(&self.context, now)?, state)
            }
            Export::Admit => {
                let phase = self.phase.clone().ok_or("`admit` needs `phase`")?;
                Question::Admit(context::auth(&self.context, now)?, phase)
            }
            Export::Authorize => {
                let step = self.step.clone().unwrap_or(StepText::Start);
                Question::Authorize(context::auth(&self.context, now)?, step.into())
            }
            Export::Check => Question::Check,
        })
    }

    /// What the clock shows, in milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        /// 2026-01-01T00:00:00Z: a case without a time is the same every day.
        const DEFAULT: u64 = 1_767_225_600_000;
        self.now.map_or(DEFAULT, |now| now.0)
    }

    /// The random bytes; never empty.
    pub(crate) fn random(&self) -> Result<Vec<u8>, String> {
        let Some(text) = &self.random else { return Ok(vec![0]) };
        let pair = |pair: &[u8]| {
            let digits = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2 && !pair.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| "`random` must be bytes in hex".to_owned())
    }
}
