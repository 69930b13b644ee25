//! Asks a claim source for the claims of a holder.

use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::catalog::ClaimSources;
use super::http::{HttpSource, OnFailure, Trouble};
use super::{Kind, Origin, PluginState, Source};
use crate::domain::blocked::Blocked;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject, mapped_names};
use crate::domain::event::{Operation, Running};
use crate::domain::firewall::{Breach, pass, pick};
use crate::domain::issuance::validity::Hints;
use crate::plugin::contract::{ClaimSet, Outcome};
use crate::plugin::{PluginCalls, World};
use crate::store::deferred::SourceState;

/// Longest key of a record in its register, in bytes.
const MOST_RECORD_REF: usize = 256;
/// When a deferred request asks its register again, unless that says when.
const DEFERRED: Duration = Duration::from_mins(1);

/// A claim source that knows the claims later.
#[derive(Debug, Clone, PartialEq)]
pub struct Patience {
    /// The plugin that asks for it, or the id of the source whose register does not answer.
    pub source: String,
    /// What it left for itself.
    pub state: String,
    /// When to ask again.
    pub retry_after: Duration,
}

/// What a claim source answered.
pub enum Answered {
    /// It knows.
    Ready(Fetched),
    /// It will know.
    Pending(Patience),
}

/// What a claim source said of a holder.
#[derive(Clone, Default, PartialEq)]
pub struct Fetched {
    /// Claims that the configuration maps.
    pub claims: Map<String, Value>,
    /// Narrows the validity down.
    pub hints: Hints,
    /// The register's key for the record.
    pub record_ref: Option<String>,
}

impl ClaimSources {
    /// Asks `source` for the claims of one credential request; `identifier` is its `credential_identifier`, and `left` what the source left
    /// for itself when it was asked for the same request before. A source that has changed meanwhile begins anew.
    pub async fn fetch(
        &self,
        source: &Source,
        subject: &Subject<'_>,
        known: &Known,
        configuration: &Configuration,
        identifier: Option<&str>,
        left: Option<&SourceState>,
    ) -> Result<Answered, Blocked> {
        let running = self.announced(Operation::OpenidClaimSourceRetrieve);
        let answered = match source.asked()? {
            Asked::Register(id, register) => {
                return self.ask_register(id, register, known, configuration, running).await;
            }
            Asked::Plugin(plugin) => {
                let (calls, context) = (&source.roster.calls, subject.for_source(known, configuration, identifier));
                let outcome = match left.filter(|left| left.source == plugin) {
                    None => calls.fetch(plugin, context).await?,
                    Some(left) => calls.resume(plugin, context, left.state.clone()).await?,
                };
                from_plugin(plugin, &**calls, outcome, configuration)?
            }
        };
        running.succeed();
        Ok(answered)
    }

    /// Asks a register of the operator's. When it does not answer as it should, its source says what becomes of the request.
    async fn ask_register(
        &self,
        id: Uuid,
        register: &HttpSource,
        known: &Known,
        configuration: &Configuration,
        running: Running,
    ) -> Result<Answered, Blocked> {
        let authorizing = || self.announced(Operation::OpenidClaimSourceAuthorization);
        let answer = self.errand(id, register, &authorizing).run(known, configuration).await;
        let used = answer.and_then(|claims| {
            pick(claims, &mapped_names(configuration)).map_err(|breach| Trouble::Failed(breach.to_string()))
        });
        match used {
            Ok(claims) => {
                running.succeed();
                Ok(Answered::Ready(Fetched { claims, ..Fetched::default() }))
            }
            Err(trouble) => {
                tracing::warn!(claim_source = %id, %trouble, "a claim source gave no claims");
                failed(id, register.on_failure, trouble)
            }
        }
    }
}

/// What becomes of a request when its register does not answer as it should.
fn failed(id: Uuid, on_failure: OnFailure, trouble: Trouble) -> Result<Answered, Blocked> {
    let retry_after = match &trouble {
        Trouble::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    };
    match (on_failure, trouble) {
        // That there is no record is an answer.
        (_, Trouble::NotFound) => Err(Blocked::NotFound),
        (OnFailure::Empty, _) => Ok(Answered::Ready(Fetched::default())),
        (OnFailure::Defer, _) => {
            let retry_after = retry_after.unwrap_or(DEFERRED);
            Ok(Answered::Pending(Patience { source: id.to_string(), state: String::new(), retry_after }))
        }
        (OnFailure::Refuse, Trouble::Unavailable { .. }) => Err(Blocked::Unavailable { retry_after }),
        (OnFailure::Refuse, Trouble::Failed(_)) => Err(Blocked::Failed),
    }
}

/// What a plugin's answer means.
fn from_plugin(
    plugin: &str,
    calls: &dyn PluginCalls,
    outcome: Outcome,
    configuration: &Configuration,
) -> Result<Answered, Blocked> {
    match outcome {
        Outcome::Ready(set) => passed(&set, configuration).map(Answered::Ready).map_err(|breach| {
            calls.refuse_answer(plugin, &breach.to_string());
            Blocked::Failed
        }),
        Outcome::Denied(denial) => Err(Blocked::denied(plugin, &denial)),
        Outcome::Pending(pending) => Ok(Answered::Pending(Patience {
            source: plugin.to_owned(),
            state: pending.state,
            retry_after: Duration::from_secs(pending.retry_after_seconds.into()),
        })),
    }
}

/// What a source comes down to.
enum Asked<'a> {
    /// A plugin.
    Plugin(&'a str),
    /// A register, with the id of its source.
    Register(Uuid, &'a HttpSource),
}

impl Source {
    /// What to ask, if it can be asked. If not, that is for the operator to mend, and the same request may succeed then.
    fn asked(&self) -> Result<Asked<'_>, Blocked> {
        let (claim_source, plugin) = match &self.origin {
            Origin::Named(source) => match &source.kind {
                Kind::Http(register) => return Ok(Asked::Register(source.id, register)),
                Kind::Plugin { plugin } => (Some(source.id), plugin.as_str()),
            },
            Origin::Bound(plugin) => (None, plugin.as_str()),
            Origin::Gone(id) => {
                tracing::error!(claim_source = %id, "a configuration names a claim source that is not there");
                return Err(Blocked::Failed);
            }
        };
        let state = PluginState::of(&*self.roster.calls, plugin);
        if state == PluginState::Loaded {
            return Ok(Asked::Plugin(plugin));
        }
        let claim_source = claim_source.map(tracing::field::display);
        tracing::error!(
            claim_source,
            plugin,
            ?state,
            "the plugin of a claim source cannot be asked; see GET /v1/claim-sources"
        );
        Err(Blocked::Unavailable { retry_after: None })
    }
}

impl PluginState {
    /// What becomes of `plugin` as a claim source.
    pub(super) fn of(calls: &dyn PluginCalls, plugin: &str) -> Self {
        match calls.world(plugin) {
            Some(World::ClaimSource) => Self::Loaded,
            Some(World::AuthHook) => Self::NoClaimSource,
            None => Self::Missing,
        }
    }
}

/// What of an answer may be used.
fn passed(set: &ClaimSet, configuration: &Configuration) -> Result<Fetched, Breach> {
    if set.record_ref.as_ref().is_some_and(|record_ref| record_ref.len() > MOST_RECORD_REF) {
        return Err(Breach::RecordRef(MOST_RECORD_REF));
    }
    Ok(Fetched {
        claims: pass(&set.claims, &mapped_names(configuration))?,
        hints: Hints::new(set.valid_from, set.valid_until),
        record_ref: set.record_ref.clone().filter(|record_ref| !record_ref.is_empty()),
    })
}
