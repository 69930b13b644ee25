//! Auth hooks: plugins that are asked, one after the other, whether a request may go on (`admit`), or that talk to a person before
//! they may go on ([`authorize`]).
//!
//! The first that denies ends the request. One that allows may add claims, which pass the firewall and are laid over those known so
//! far, and may narrow down the configurations that the token is for. `subject` makes the holder known to the plugins that follow,
//! with the `acr` and `amr` given beside it; without a subject these two are ignored, since they say how somebody unknown proved
//! to be somebody. None of the three reaches `authenticationProvider.…` of the claims: that is what an identity provider says.
//!
//! Fails closed: an error, and an answer that the firewall does not let pass, end the request unless the rule says `abstain`.

pub mod authorize;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::blocked::Blocked;
use super::configuration::Configuration;
use super::context::{Known, Subject, mapped_names};
use super::event::{Events, Operation, start};
use super::firewall::pass;
use super::roster::LiveRoster;
use crate::plugin::contract::{Enrichment, Gate, Identity};
use crate::plugin::{Phase, PluginCalls};

/// What an error of a hook means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The request ends.
    #[default]
    Deny,
    /// As if the hook had nothing to say.
    Abstain,
}

/// `[[auth_hook]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthHookRule {
    /// The plugin that is asked.
    pub plugin: String,
    /// When.
    pub phases: Vec<Phase>,
    /// For which credential types; empty for all.
    pub credentials: Vec<String>,
    /// What an error means.
    pub on_error: OnError,
}

impl AuthHookRule {
    fn concerns(&self, credential_type: &str) -> bool {
        self.credentials.is_empty() || self.credentials.iter().any(|one| one == credential_type)
    }
}

/// The hooks, in their order.
pub struct Hooks {
    roster: LiveRoster,
    events: Arc<dyn Events>,
}

/// What hooks that let a request go on have said.
pub struct Admission {
    /// Claims that they added, with those known before.
    pub known: Known,
    /// Claims that they added.
    pub added: Map<String, Value>,
    /// The configurations that stay allowed.
    pub configurations: Vec<Arc<Configuration>>,
}

impl Hooks {
    /// Those of the roster in force.
    #[must_use]
    pub fn new(roster: LiveRoster, events: Arc<dyn Events>) -> Self {
        Self { roster, events }
    }

    /// Whether any hook is asked in a phase.
    #[must_use]
    pub fn has(&self, phase: Phase) -> bool {
        self.roster.now().places.has(phase)
    }

    /// Whether a hook is asked in a phase for this type.
    #[must_use]
    pub fn covers(&self, phase: Phase, credential_type: &str) -> bool {
        let asked = |rule: &AuthHookRule| rule.phases.contains(&phase) && rule.concerns(credential_type);
        self.roster.now().places.rules.iter().any(asked)
    }

    /// Whether a token may carry what hooks added when its code was redeemed, also when they are asked no longer.
    #[must_use]
    pub fn may_have_enriched(&self) -> bool {
        self.roster.now().enriches
    }

    /// Asks all hooks of a phase that concern one of `configurations`, which are what the request is for. A reload meanwhile changes
    /// nothing for this request.
    pub async fn admit(
        &self,
        phase: Phase,
        subject: &Subject<'_>,
        known: Known,
        configurations: Vec<Arc<Configuration>>,
    ) -> Result<Admission, Blocked> {
        let roster = self.roster.now();
        let mut admission = Admission { known, added: Map::new(), configurations };
        for rule in roster.places.rules.iter().filter(|rule| rule.phases.contains(&phase)) {
            if admission.configurations.iter().any(|one| rule.concerns(one.credential_type())) {
                self.ask(&*roster.calls, rule, phase, subject, &mut admission).await?;
            }
        }
        Ok(admission)
    }

    async fn ask(
        &self,
        calls: &dyn PluginCalls,
        rule: &AuthHookRule,
        phase: Phase,
        subject: &Subject<'_>,
        admission: &mut Admission,
    ) -> Result<(), Blocked> {
        let running = start(Arc::clone(&self.events), Operation::OpenidInteractionHook);
        let context = subject.for_hook(&admission.known, admission.configurations.iter().map(Arc::as_ref));
        let answer = match calls.admit(&rule.plugin, context, phase).await {
            Ok(Gate::Deny(denial)) => return Err(Blocked::denied(&rule.plugin, &denial)),
            Ok(Gate::Abstain) => Ok(()),
            Ok(Gate::Allow(enrichment)) => enrich(calls, &rule.plugin, enrichment, admission),
            Err(error) => Err(Blocked::from(error)),
        };
        match answer {
            Ok(()) => running.succeed(),
            Err(blocked) if rule.on_error == OnError::Deny => return Err(blocked),
            Err(_) => {}
        }
        if admission.configurations.is_empty() { Err(Blocked::Denied { message: None }) } else { Ok(()) }
    }
}

/// Takes over what a hook added: all of it, or on a breach nothing.
fn enrich(
    calls: &dyn PluginCalls,
    plugin: &str,
    enrichment: Enrichment,
    admission: &mut Admission,
) -> Result<(), Blocked> {
    let mapped: BTreeSet<_> = admission.configurations.iter().flat_map(|one| mapped_names(one)).collect();
    let claims = pass(&enrichment.claims, &mapped).map_err(|breach| {
        calls.refuse_answer(plugin, &breach.to_string());
        Blocked::Failed
    })?;
    let identity = identified(plugin, &enrichment, &claims);
    admission.known.claims.extend(claims.clone());
    admission.added.extend(claims);
    admission.known.identity = identity.or(admission.known.identity.take());
    if let Some(narrow) = enrichment.narrow_to {
        let narrow: BTreeSet<_> = narrow.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect();
        admission.configurations.retain(|one| narrow.contains(&one.id));
    }
    Ok(())
}

/// The holder, for the plugins that follow, as this one named them.
fn identified(plugin: &str, enrichment: &Enrichment, claims: &Map<String, Value>) -> Option<Identity> {
    let subject = enrichment.subject.clone()?;
    Some(Identity {
        subject,
        source: plugin.to_owned(),
        acr: enrichment.acr.clone(),
        amr: enrichment.amr.clone(),
        authenticated_at: None,
        claims: serde_json::to_string(claims).unwrap_or_else(|_| "{}".into()),
    })
}
