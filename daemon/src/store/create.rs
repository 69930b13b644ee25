//! Creation of an offer: the offer, its secrets, the ways to find it, kept claims and the idempotency key in one batch.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::Batch;
use super::offer::{Offer, OfferSecrets, OfferState, secrets_context};
use super::tables::{CODE, IDEMPOTENCY, OFFER, OFFER_SECRETS, REFERENCE};
use super::{Decision, Store, StoreError, codec};
use crate::base::secret::{same, sha256};

/// An offer to be stored.
pub struct NewOffer {
    /// The public part.
    pub offer: Offer,
    /// The secret part.
    pub secrets: OfferSecrets,
    /// Claims to keep on the user, empty for none.
    pub persist: Map<String, Value>,
    /// Keyed hash of the `Idempotency-Key` and digest of the request.
    pub idempotency: Option<([u8; 32], [u8; 32])>,
    /// Until when a token from this offer may need its claims: the end of the offer and a token's life more.
    pub secrets_until: Timestamp,
    /// Until when records without personal data stay listed.
    pub keep_until: Timestamp,
}

/// How a creation ended.
pub enum OfferCreate {
    /// Stored.
    Created,
    /// The idempotency key was used before.
    Repeated(Replay),
    /// A configuration has gone meanwhile.
    ConfigurationGone,
}

/// What became of an earlier request with the same idempotency key.
pub enum Replay {
    /// It was the same request: its offer.
    Same(Box<(Offer, OfferSecrets)>),
    /// It was another request.
    OtherRequest,
    /// Its offer has ended, so the secrets are gone.
    Ended,
}

#[derive(Serialize, Deserialize)]
struct Idempotent {
    offer: Uuid,
    request: [u8; 32],
}

impl Store {
    /// Stores an offer, or answers with the one that the same idempotent request made.
    pub async fn offer_create(&self, new: &NewOffer) -> Result<OfferCreate, StoreError> {
        // Sealed once, however often the creation is decided.
        let secrets = self.seal_at(&secrets_context(new.offer.id), &new.secrets)?;
        self.decide(|| self.creation(new, &secrets).boxed()).await
    }

    /// What became of an earlier request under the keyed hash of an idempotency key, if there was one.
    pub async fn offer_repeated(&self, key: &[u8; 32], request: &[u8; 32]) -> Result<Option<Replay>, StoreError> {
        match self.find::<Idempotent>(IDEMPOTENCY, key, "idempotency key").await? {
            None => Ok(None),
            Some(earlier) => self.replay(&earlier.record, request).await.map(Some),
        }
    }

    async fn creation(&self, new: &NewOffer, secrets: &[u8]) -> Result<Decision<OfferCreate>, StoreError> {
        let offer = &new.offer;
        let mut batch = Batch::default();
        if let Some((key, request)) = &new.idempotency {
            if let Some(replay) = self.offer_repeated(key, request).await? {
                return Ok(Decision::Answer(OfferCreate::Repeated(replay)));
            }
            let record = Idempotent { offer: offer.id, request: *request };
            batch = batch.check(IDEMPOTENCY, key, None);
            batch = batch.put(IDEMPOTENCY, key, codec::pack(&record)?, Some(offer.expires_at));
        }
        let Some(batch) = self.live_configurations(offer, batch).await? else {
            return Ok(Decision::Answer(OfferCreate::ConfigurationGone));
        };
        let batch = self.persisting(offer.user_id, &new.persist, batch).await?;
        Ok(Decision::Write(with_entries(batch, new, secrets)?, OfferCreate::Created))
    }

    async fn replay(&self, earlier: &Idempotent, request: &[u8; 32]) -> Result<Replay, StoreError> {
        if !same(&earlier.request, request) {
            return Ok(Replay::OtherRequest);
        }
        match self.offer_find(earlier.offer).await? {
            // A code that has been redeemed meanwhile is still the answer to the same request.
            Some((offer, OfferState::Open | OfferState::Redeemed | OfferState::Issued)) => {
                let secrets = self.offer_secrets(offer.id).await?;
                Ok(secrets.map_or(Replay::Ended, |secrets| Replay::Same(Box::new((offer, secrets)))))
            }
            _ => Ok(Replay::Ended),
        }
    }
}

fn with_entries(batch: Batch, new: &NewOffer, secrets: &[u8]) -> Result<Batch, StoreError> {
    let id = new.offer.id.as_bytes();
    let kept = Some(new.keep_until.max(new.secrets_until));
    Ok(batch
        .put(OFFER, id, codec::pack(&new.offer)?, kept)
        .put(OFFER_SECRETS, id, secrets.to_vec(), Some(new.secrets_until))
        .put(CODE, &sha256(new.secrets.code.as_bytes()), id.to_vec(), kept)
        .put(REFERENCE, &sha256(new.secrets.reference.as_bytes()), id.to_vec(), Some(new.offer.expires_at)))
}
