//! How a transaction is opened.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::{Deferral, LONGEST_WAIT, SOON};
use crate::base::clock::after;
use crate::base::id::ordered_uuid;
use crate::base::random::bytes;
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::domain::claim_source::Patience;
use crate::domain::issuance::gather::{Asked, Gathered, Wait};
use crate::domain::issuance::outcome::{IssuanceOutcome, Refusal, Stop};
use crate::domain::issuance::{Issuer, nonces};
use crate::store::deferred::{Deferred, DeferredOpen, DeferredState, SourceState};
use crate::wire::credential::Selector;
use crate::wire::jwk;

impl Issuer {
    /// Opens a transaction for a request that waits.
    pub(in crate::domain::issuance) async fn defer(
        &self,
        asked: &Asked<'_>,
        gathered: Gathered,
        wait: Wait,
    ) -> Result<IssuanceOutcome, Stop> {
        let token = &asked.authorized.token;
        let transaction_id = B64.encode(bytes::<32>(self.random.as_ref()).map_err(Failure::from)?);
        let (now, interval) = (self.clock.now(), self.wait_for(&wait));
        let (state, source) = match wait {
            Wait::Approval => (DeferredState::Approval, None),
            Wait::Source(Patience { source, state, .. }) => (DeferredState::Ready, Some(SourceState { source, state })),
        };
        let busy_until = if source.is_some() { after(now, interval) } else { now };
        let deferred = Deferred {
            id: ordered_uuid(now, self.random.as_ref()).map_err(Failure::from)?,
            transaction: sha256(transaction_id.as_bytes()),
            origin: token.origin,
            offer: token.offer,
            user_id: asked.authorized.offer.user_id,
            configuration: asked.configuration.id,
            identifier: match &asked.request.selector {
                Selector::Identifier(identifier) => Some(identifier.clone().into_owned()),
                Selector::Configuration(_) => None,
            },
            token: asked.authorized.hash,
            jkt: token.jkt,
            client_id: token.client_id.clone(),
            keys: asked.proven.iter().map(|proven| jwk::print(&proven.key)).collect(),
            wanted: asked.wanted.map(<[_]>::to_vec),
            claims: serde_json::to_value(&gathered.steps).unwrap_or_default(),
            identity: gathered.identity.and_then(|identity| serde_json::to_value(identity).ok()),
            created_at: now,
            expires_at: after(now, self.site.deferral.lifetime),
            state,
            source,
            busy_until,
        };
        let allowed = self.site.requests_allowed(token.origin);
        match self.store.deferred_open(&deferred, token, &nonces(asked.proven), allowed).await.map_err(Failure::from)? {
            DeferredOpen::Opened => {
                tracing::info!(deferred = %deferred.id, offer = %deferred.offer, "a credential was deferred");
                Ok(IssuanceOutcome::Deferred(Deferral { transaction_id, interval }))
            }
            DeferredOpen::NonceTaken => Err(Refusal::NonceTaken.into()),
            DeferredOpen::AlreadyIssued => Err(Refusal::AlreadyIssued.into()),
            DeferredOpen::OfferEnded => Err(Refusal::OfferEnded.into()),
        }
    }

    pub(super) fn wait_for(&self, wait: &Wait) -> Duration {
        match wait {
            Wait::Approval => self.site.deferral.interval,
            Wait::Source(patience) => patience.retry_after.clamp(SOON, LONGEST_WAIT),
        }
    }
}
