//! The claims of a credential request: what is known of the holder, with what auth hooks and the claim source add.
//!
//! Where no plugin is concerned nothing is read, copied or awaited here. Where one is, it is asked before anything is signed or
//! written, so that whatever comes of it uses nothing up.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::outcome::{Refusal, Stop};
use super::validity::Hints;
use super::{Authorized, Issuer, nonces};
use crate::domain::Failure;
use crate::domain::caller::Caller;
use crate::domain::claim_source::{Answered, Patience, Source};
use crate::domain::claims::Steps;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject};
use crate::domain::proof::Proven;
use crate::plugin::Phase;
use crate::plugin::contract::Identity;
use crate::store::authorization::asked::AskedClaim;
use crate::store::enrichment::Enrichment;
use crate::wire::credential::{CredentialRequest, Selector};
use crate::wire::jwk::thumbprint;

/// A credential request that was found good so far.
pub(super) struct Asked<'a> {
    pub(super) authorized: &'a Authorized,
    pub(super) request: &'a CredentialRequest<'a>,
    pub(super) caller: &'a Caller<'a>,
    pub(super) configuration: &'a Arc<Configuration>,
    /// The claims that the wallet asked for when it was authorized; `None` for all.
    pub(super) wanted: Option<&'a [AskedClaim]>,
    pub(super) proven: &'a [Proven],
}

/// What a credential is made of.
pub(super) struct Gathered {
    pub(super) steps: Steps,
    pub(super) hints: Hints,
    /// The register's key for the record.
    pub(super) register_key: Option<String>,
    /// Whether auth hooks added something when the code was redeemed.
    pub(super) enriched: bool,
    /// Who the holder is.
    pub(super) identity: Option<Identity>,
    /// Why the credential cannot be made yet.
    pub(super) wait: Option<Wait>,
}

/// What a credential waits for.
pub(super) enum Wait {
    /// An operator's word.
    Approval,
    /// The claim source.
    Source(Patience),
}

impl Gathered {
    /// What is known without plugins.
    pub(super) fn of(steps: Steps, enriched: bool) -> Self {
        Self { steps, hints: Hints::default(), register_key: None, enriched, identity: None, wait: None }
    }

    /// Takes over what a claim source answered, or hands back that it asks for patience.
    pub(super) fn take(&mut self, answered: Answered) -> Option<Patience> {
        match answered {
            Answered::Pending(patience) => Some(patience),
            Answered::Ready(fetched) => {
                self.steps.source = fetched.claims;
                self.hints = fetched.hints;
                self.register_key = fetched.record_ref;
                None
            }
        }
    }
}

impl Issuer {
    /// Adds what plugins say to what is known. `holder` is who logged in; what auth hooks say of that later is nearer.
    pub(super) async fn gather(
        &self,
        asked: &Asked<'_>,
        mut steps: Steps,
        holder: Option<Value>,
    ) -> Result<Gathered, Stop> {
        let credential_type = asked.configuration.credential_type();
        let kept = self.kept(asked).await?;
        let enriched = kept.is_some();
        let identity = kept.and_then(|Enrichment { claims, identity }| {
            steps.token_hooks = claims;
            identity
        });
        let identity = identity.or(holder).and_then(|identity| serde_json::from_value(identity).ok());
        let source = self.claim_sources.of(asked.configuration);
        let mut gathered = Gathered { identity, ..Gathered::of(steps, enriched) };
        let approval = asked.configuration.approval_required;
        if source.is_none() && !self.hooks.covers(Phase::CredentialRequest, credential_type) {
            gathered.wait = approval.then_some(Wait::Approval);
            return Ok(gathered);
        }
        // A register is not asked for a request that is sent again.
        if self.store.nonce_taken(&nonces(asked.proven)).await.map_err(Failure::from)? {
            return Err(Refusal::NonceTaken.into());
        }
        let authentication_provider = gathered.steps.authentication_provider.clone();
        let known =
            Known { claims: gathered.steps.so_far(), identity: gathered.identity.clone(), authentication_provider };
        self.ask(asked, source.as_ref(), known, &mut gathered).await?;
        Ok(gathered)
    }

    /// What auth hooks added when the code was redeemed.
    async fn kept(&self, asked: &Asked<'_>) -> Result<Option<Enrichment>, Failure> {
        if !self.hooks.may_have_enriched() {
            return Ok(None);
        }
        Ok(self.store.enrichment(asked.authorized.offer.id).await?)
    }

    async fn ask(
        &self,
        asked: &Asked<'_>,
        source: Option<&Source>,
        known: Known,
        gathered: &mut Gathered,
    ) -> Result<(), Refusal> {
        let holder_keys: Vec<_> = asked.proven.iter().map(|proven| thumbprint(&proven.key)).collect();
        let offer_claims = gathered.steps.offer.clone();
        let subject = self.subject(asked.authorized, asked.caller, &offer_claims, &holder_keys);
        let configuration = Arc::clone(asked.configuration);
        let admission = self.hooks.admit(Phase::CredentialRequest, &subject, known, vec![configuration]).await?;
        gathered.steps.credential_hooks = admission.added;
        gathered.identity.clone_from(&admission.known.identity);
        if asked.configuration.approval_required {
            gathered.wait = Some(Wait::Approval);
            return Ok(());
        }
        let Some(source) = source else { return Ok(()) };
        let identifier = match &asked.request.selector {
            Selector::Identifier(identifier) => Some(identifier.as_ref()),
            Selector::Configuration(_) => None,
        };
        let configuration = asked.configuration;
        let fetched = self.claim_sources.fetch(source, &subject, &admission.known, configuration, identifier, None);
        let patience = gathered.take(fetched.await?);
        gathered.wait = patience.map(Wait::Source);
        Ok(())
    }

    /// The request as plugins are told of it.
    pub(super) fn subject<'a>(
        &'a self,
        authorized: &'a Authorized,
        caller: &'a Caller<'a>,
        offer_claims: &'a Map<String, Value>,
        holder_keys: &'a [String],
    ) -> Subject<'a> {
        Subject {
            issuer: &self.site.issuer,
            caller,
            origin: authorized.token.origin,
            offer: &authorized.offer,
            offer_claims,
            client_id: authorized.token.client_id.as_deref(),
            wallet: authorized.token.wallet.as_ref(),
            holder_keys,
        }
    }
}
