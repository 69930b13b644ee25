//! The claims of a credential request: what is known of the holder, with what auth hooks and the claim source add.
//!
//! Where no plugin is concerned nothing is read, copied or awaited here. Where one is, it is asked before anything is signed or
//! written, so that whatever comes of it uses nothing up.

use std::sync::Arc;

use serde_json::Value;

use super::outcome::{Refusal, Stop};
use super::validity::Hints;
use super::{Authorized, Issuer, nonces};
use crate::domain::Failure;
use crate::domain::caller::Caller;
use crate::domain::claim_source::Source;
use crate::domain::claims::Steps;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject};
use crate::domain::proof::Proven;
use crate::plugin::Phase;
use crate::store::enrichment::Enrichment;
use crate::wire::credential::{CredentialRequest, Selector};
use crate::wire::jwk::thumbprint;

/// A credential request that was found good so far.
pub(super) struct Asked<'a> {
    pub(super) authorized: &'a Authorized,
    pub(super) request: &'a CredentialRequest<'a>,
    pub(super) caller: &'a Caller<'a>,
    pub(super) configuration: &'a Arc<Configuration>,
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
        let identity = identity.or(holder);
        let source = self.claim_sources.of(asked.configuration);
        let mut gathered = Gathered { steps, hints: Hints::default(), register_key: None, enriched };
        if source.is_none() && !self.hooks.covers(Phase::CredentialRequest, credential_type) {
            return Ok(gathered);
        }
        // A register is not asked for a request that is sent again.
        if self.store.nonce_taken(&nonces(asked.proven)).await.map_err(Failure::from)? {
            return Err(Refusal::NonceTaken.into());
        }
        let known = Known {
            claims: gathered.steps.so_far(),
            identity: identity.and_then(|identity| serde_json::from_value(identity).ok()),
        };
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
        let subject = Subject {
            issuer: &self.site.issuer,
            caller: asked.caller,
            origin: asked.authorized.token.origin,
            offer: &asked.authorized.offer,
            offer_claims: &offer_claims,
            client_id: asked.authorized.token.client_id.as_deref(),
            wallet: asked.authorized.token.wallet.as_ref(),
            holder_keys: &holder_keys,
        };
        let configuration = Arc::clone(asked.configuration);
        let admission = self.hooks.admit(Phase::CredentialRequest, &subject, known, vec![configuration]).await?;
        gathered.steps.credential_hooks = admission.added;
        let Some(source) = source else { return Ok(()) };
        let identifier = match &asked.request.selector {
            Selector::Identifier(identifier) => Some(identifier.as_ref()),
            Selector::Configuration(_) => None,
        };
        let fetched =
            self.claim_sources.fetch(source, &subject, &admission.known, asked.configuration, identifier).await?;
        gathered.steps.source = fetched.claims;
        gathered.hints = fetched.hints;
        gathered.register_key = fetched.record_ref;
        Ok(())
    }
}
