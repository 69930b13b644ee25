//! Offers: what is kept of them, and the verbs that read and end them. Creation is in `create`, redemption in `redeem`.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::{optional, required};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use super::create::{NewOffer, OfferCreate, Replay};
use super::engine::Batch;
use super::tables::{CONFIGURATION, ENRICHMENT, OFFER, OFFER_SECRETS, REFERENCE};
use super::{Decision, Store, StoreError, codec};
use crate::base::secret::sha256;

/// Where an offer stands. `Expired` and `Deleted` are also reached without a write: by time, and by the deletion of a
/// configuration that the offer names. The order of the variants is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfferState {
    /// The code can be redeemed.
    Open,
    /// The code was redeemed; not all credentials are issued.
    Redeemed,
    /// All credentials are issued.
    Issued,
    /// Its time ran out before it was redeemed.
    Expired,
    /// Too many wrong transaction codes.
    Locked,
    /// Ended by the operator.
    Deleted,
}

/// What is known of an offer without its secrets; no personal data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    /// Its id, for the management API only. Ids that grow with time keep new offers together in the file.
    pub id: Uuid,
    /// The user it was made for.
    pub user_id: Uuid,
    /// The configurations it offers, each once.
    pub configurations: Vec<Uuid>,
    /// When it was made.
    #[serde(with = "required")]
    pub created_at: Timestamp,
    /// When its code stops being redeemable.
    #[serde(with = "required")]
    pub expires_at: Timestamp,
    /// The state last written.
    pub state: OfferState,
    /// When the code was redeemed.
    #[serde(with = "optional")]
    pub redeemed_at: Option<Timestamp>,
    /// When the last credential was issued.
    #[serde(with = "optional")]
    pub issued_at: Option<Timestamp>,
    /// When it was locked or deleted.
    #[serde(with = "optional")]
    pub ended_at: Option<Timestamp>,
    /// Keyed hash of the transaction code, when one is asked for.
    pub tx_code: Option<[u8; 32]>,
    /// How many wrong transaction codes (of an authorization: code verifiers) are left until it is locked.
    pub attempts_left: u8,
    /// Credential requests served, by configuration in the order of `configurations`.
    pub served: Vec<u32>,
}

/// What of an offer must be shown or used again; sealed at rest, gone when the offer ends.
#[derive(Clone, Serialize, Deserialize)]
pub struct OfferSecrets {
    /// The pre-authorized code.
    pub code: String,
    /// The reference in `credential_offer_uri`.
    pub reference: String,
    /// The transaction code, for an idempotent retry of the creation.
    pub transaction_code: Option<String>,
    /// `tx_code` of the offer object.
    pub tx_code: Option<Value>,
    /// The claims given with the offer.
    pub claims: Map<String, Value>,
}

impl std::fmt::Debug for OfferSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfferSecrets(…)")
    }
}

/// Offers with their states, and where to go on.
pub type OfferPage = (Vec<(Offer, OfferState)>, Option<Vec<u8>>);

impl Offer {
    /// The state at `now`; `configurations_live` tells whether all named configurations still exist.
    #[must_use]
    pub fn state_at(&self, now: Timestamp, configurations_live: bool) -> OfferState {
        match self.state {
            OfferState::Open if !configurations_live => OfferState::Deleted,
            OfferState::Open if now >= self.expires_at => OfferState::Expired,
            state => state,
        }
    }
}

/// The context that binds sealed secrets to their place.
pub(super) fn secrets_context(id: Uuid) -> Vec<u8> {
    [b"offer_secrets/", id.as_bytes().as_slice()].concat()
}

impl Store {
    /// Adds a check for every configuration of the offer; `None` when one has gone.
    pub(super) async fn live_configurations(
        &self,
        offer: &Offer,
        mut batch: Batch,
    ) -> Result<Option<Batch>, StoreError> {
        for id in &offer.configurations {
            match self.engine.get(CONFIGURATION, id.as_bytes()).await? {
                Some(entry) => batch = batch.check(CONFIGURATION, id.as_bytes(), Some(entry.version)),
                None => return Ok(None),
            }
        }
        Ok(Some(batch))
    }

    /// The sealed part of an offer, while it has not ended.
    pub async fn offer_secrets(&self, id: Uuid) -> Result<Option<OfferSecrets>, StoreError> {
        match self.engine.get(OFFER_SECRETS, id.as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(&secrets_context(id), &entry.value, "offer").map(Some),
        }
    }

    /// An offer with its state now.
    pub async fn offer_find(&self, id: Uuid) -> Result<Option<(Offer, OfferState)>, StoreError> {
        let Some(found) = self.find::<Offer>(OFFER, id.as_bytes(), "offer").await? else { return Ok(None) };
        let state = self.offer_state(&found.record).await?;
        Ok(Some((found.record, state)))
    }

    pub(super) async fn offer_state(&self, offer: &Offer) -> Result<OfferState, StoreError> {
        // Only an open offer ends with its configurations.
        let live =
            offer.state != OfferState::Open || self.live_configurations(offer, Batch::default()).await?.is_some();
        Ok(offer.state_at(self.now(), live))
    }

    /// A page of offers in the order of their ids.
    pub async fn offer_list(&self, after: Option<&[u8]>, limit: usize) -> Result<OfferPage, StoreError> {
        let page = self.engine.scan(OFFER, b"", after, limit).await?;
        let mut offers = Vec::with_capacity(page.entries.len());
        for (_, entry) in page.entries {
            let offer: Offer = codec::unpack(&entry.value, "offer")?;
            let state = self.offer_state(&offer).await?;
            offers.push((offer, state));
        }
        Ok((offers, page.next_after))
    }

    /// The secrets behind an offer reference, while the offer is open.
    pub async fn offer_by_reference(&self, reference: &str) -> Result<Option<(Offer, OfferSecrets)>, StoreError> {
        let Some(entry) = self.engine.get(REFERENCE, &sha256(reference.as_bytes())).await? else { return Ok(None) };
        let id = Uuid::from_slice(&entry.value).map_err(|_| StoreError::Unreadable("reference"))?;
        match self.offer_find(id).await? {
            Some((offer, OfferState::Open)) => Ok(self.offer_secrets(id).await?.map(|secrets| (offer, secrets))),
            _ => Ok(None),
        }
    }

    /// Ends an offer; its code, and any token from it, are dead. `false` when there is none to delete.
    pub async fn offer_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        self.decide(|| self.deletion(id).boxed()).await
    }

    async fn deletion(&self, id: Uuid) -> Result<Decision<bool>, StoreError> {
        let key = id.as_bytes();
        let Some(mut found) = self.find::<Offer>(OFFER, key, "offer").await? else {
            return Ok(Decision::Answer(false));
        };
        if found.record.state == OfferState::Deleted {
            return Ok(Decision::Answer(false));
        }
        found.record.state = OfferState::Deleted;
        found.record.ended_at = Some(self.now());
        let batch = Batch::default()
            .check(OFFER, key, Some(found.version))
            .put(OFFER, key, codec::pack(&found.record)?, found.expires_at)
            .delete(OFFER_SECRETS, key)
            .delete(ENRICHMENT, key);
        Ok(Decision::Write(batch, true))
    }
}
