//! Authorization code offers that are kept: found by their id, by the reference of their link, and by `issuer_state`
//! (`OpenID4VCI` 4.1.1). They can be claimed by many, as often as they like, until they end; one for a single use ends when somebody has.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::{optional, required};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::Batch;
use super::tables::{CODE_OFFER, REFERENCE};
use super::{Store, StoreError};
use crate::base::secret::{same, sha256};

/// An offer; sealed as a whole, since a `login_hint` is personal and the two handles are secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct CodeOffer {
    /// Its id, for the management API. Ids that grow with time keep offers in the order in which they were made.
    pub id: Uuid,
    /// The configurations it offers, each once.
    pub configurations: Vec<Uuid>,
    /// `login_hint` and `prompt`, for the identity provider.
    pub request_parameters: Map<String, Value>,
    /// When it was made.
    #[serde(with = "required")]
    pub created_at: Timestamp,
    /// When it ends; `None` when it lasts until it is deleted.
    #[serde(with = "optional")]
    pub expires_at: Option<Timestamp>,
    /// `issuer_state`
    pub issuer_state: String,
    /// The reference in `credential_offer_uri`.
    pub reference: String,
    /// Whether it ends with the first authorization through it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub single_use: bool,
}

impl std::fmt::Debug for CodeOffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeOffer").field("id", &self.id).finish_non_exhaustive()
    }
}

fn context(id: Uuid) -> Vec<u8> {
    [b"code_offer/", id.as_bytes().as_slice()].concat()
}

impl Store {
    /// Stores an offer.
    pub async fn code_offer_create(&self, offer: &CodeOffer) -> Result<(), StoreError> {
        let (id, ends) = (offer.id.as_bytes(), offer.expires_at);
        let batch = Batch::default()
            .put(CODE_OFFER, id, self.seal_at(&context(offer.id), offer)?, ends)
            .put(REFERENCE, &sha256(offer.issuer_state.as_bytes()), id.to_vec(), ends)
            .put(REFERENCE, &sha256(offer.reference.as_bytes()), id.to_vec(), ends);
        // Without a check nothing can be in the way.
        self.commit(batch).await.map(drop)
    }

    /// An offer that has not ended.
    pub async fn code_offer_find(&self, id: Uuid) -> Result<Option<CodeOffer>, StoreError> {
        match self.engine.get(CODE_OFFER, id.as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(&context(id), &entry.value, "offer").map(Some),
        }
    }

    /// The offer with this `issuer_state`.
    pub async fn code_offer_by_state(&self, state: &str) -> Result<Option<CodeOffer>, StoreError> {
        let found = self.code_offer_behind(state).await?;
        Ok(found.filter(|offer| same(offer.issuer_state.as_bytes(), state.as_bytes())))
    }

    /// The offer with this reference.
    pub async fn code_offer_by_reference(&self, reference: &str) -> Result<Option<CodeOffer>, StoreError> {
        let found = self.code_offer_behind(reference).await?;
        Ok(found.filter(|offer| same(offer.reference.as_bytes(), reference.as_bytes())))
    }

    async fn code_offer_behind(&self, handle: &str) -> Result<Option<CodeOffer>, StoreError> {
        let Some(entry) = self.engine.get(REFERENCE, &sha256(handle.as_bytes())).await? else { return Ok(None) };
        let id = Uuid::from_slice(&entry.value).map_err(|_| StoreError::Unreadable("reference"))?;
        self.code_offer_find(id).await
    }

    /// A page of offers in the order of their ids, and where to go on.
    pub async fn code_offer_list(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<CodeOffer>, Option<Vec<u8>>), StoreError> {
        let page = self.engine.scan(CODE_OFFER, b"", after, limit).await?;
        let mut offers = Vec::with_capacity(page.entries.len());
        for (key, entry) in page.entries {
            let id = Uuid::from_slice(&key).map_err(|_| StoreError::Unreadable("offer"))?;
            offers.push(self.open_at(&context(id), &entry.value, "offer")?);
        }
        Ok((offers, page.next_after))
    }

    /// Ends an offer: its links and its `issuer_state` are dead. What was authorized through it lives on. `false` when there is none.
    pub async fn code_offer_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        let Some(batch) = self.code_offer_ending(id, Batch::default()).await? else { return Ok(false) };
        // Nothing but another end can be in the way.
        self.commit(batch).await
    }

    /// Adds to `batch` that an offer ends; `None` when it has ended.
    pub(super) async fn code_offer_ending(&self, id: Uuid, batch: Batch) -> Result<Option<Batch>, StoreError> {
        let key = id.as_bytes();
        let Some(entry) = self.engine.get(CODE_OFFER, key).await? else { return Ok(None) };
        let offer: CodeOffer = self.open_at(&context(id), &entry.value, "offer")?;
        let batch = batch
            .check(CODE_OFFER, key, Some(entry.version))
            .delete(CODE_OFFER, key)
            .delete(REFERENCE, &sha256(offer.issuer_state.as_bytes()))
            .delete(REFERENCE, &sha256(offer.reference.as_bytes()));
        Ok(Some(batch))
    }
}
