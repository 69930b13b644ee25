//! Asks a claim source for the claims of a holder.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::catalog::ClaimSources;
use super::{Origin, PluginState, Source};
use crate::domain::blocked::Blocked;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject, mapped_names};
use crate::domain::event::{Operation, start};
use crate::domain::firewall::{Breach, pass};
use crate::domain::issuance::validity::Hints;
use crate::plugin::contract::{ClaimSet, Outcome};
use crate::plugin::{PluginCalls, World};
use crate::store::deferred::SourceState;

/// Longest key of a record in its register, in bytes.
const MOST_RECORD_REF: usize = 256;

/// A claim source that knows the claims later.
#[derive(Debug, Clone, PartialEq)]
pub struct Patience {
    /// The plugin that asks for it.
    pub plugin: String,
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
#[derive(Clone, PartialEq)]
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
        let (plugin, calls) = (source.plugin()?, &source.roster.calls);
        let running = start(Arc::clone(&self.events), Operation::OpenidClaimSourceRetrieve);
        let context = subject.for_source(known, configuration, identifier);
        let left = left.filter(|left| left.plugin == plugin);
        let outcome = match left {
            None => calls.fetch(plugin, context).await?,
            Some(left) => calls.resume(plugin, context, left.state.clone()).await?,
        };
        let fetched = match outcome {
            Outcome::Ready(set) => passed(&set, configuration).map_err(|breach| {
                calls.refuse_answer(plugin, &breach.to_string());
                Blocked::Failed
            })?,
            Outcome::Denied(denial) => return Err(Blocked::denied(plugin, &denial)),
            Outcome::Pending(pending) => {
                running.succeed();
                let retry_after = Duration::from_secs(pending.retry_after_seconds.into());
                return Ok(Answered::Pending(Patience {
                    plugin: plugin.to_owned(),
                    state: pending.state,
                    retry_after,
                }));
            }
        };
        running.succeed();
        Ok(Answered::Ready(fetched))
    }
}

impl Source {
    /// The plugin to ask, if it can be asked. If not, that is for the operator to mend, and the same request may succeed then.
    fn plugin(&self) -> Result<&str, Blocked> {
        let (claim_source, plugin) = match &self.origin {
            Origin::Named(source) => (Some(source.id), source.plugin.as_str()),
            Origin::Bound(plugin) => (None, plugin.as_str()),
            Origin::Gone(id) => {
                tracing::error!(claim_source = %id, "a configuration names a claim source that is not there");
                return Err(Blocked::Failed);
            }
        };
        let state = PluginState::of(&*self.roster.calls, plugin);
        if state == PluginState::Loaded {
            return Ok(plugin);
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
