//! What auth hooks said of the holder when a code was redeemed: kept, sealed, for the credential requests of its token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::Batch;
use super::tables::ENRICHMENT;
use super::{Store, StoreError};

/// What auth hooks added.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Enrichment {
    /// Claims, laid over those of the offer.
    pub claims: Map<String, Value>,
    /// Who the holder is, in the form that the domain gave it.
    pub identity: Option<Value>,
}

impl std::fmt::Debug for Enrichment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrichment(…)")
    }
}

fn context(offer: Uuid) -> Vec<u8> {
    [b"enrichment/", offer.as_bytes().as_slice()].concat()
}

impl Store {
    /// What was added when the code of this offer was redeemed, while its token lives.
    pub async fn enrichment(&self, offer: Uuid) -> Result<Option<Enrichment>, StoreError> {
        match self.engine.get(ENRICHMENT, offer.as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(&context(offer), &entry.value, "enrichment").map(Some),
        }
    }

    /// Adds to `batch` that `enrichment` is kept until `ends`.
    pub(super) fn enriching(
        &self,
        offer: Uuid,
        enrichment: &Enrichment,
        ends: Option<Timestamp>,
        batch: Batch,
    ) -> Result<Batch, StoreError> {
        Ok(batch.put(ENRICHMENT, offer.as_bytes(), self.seal_at(&context(offer), enrichment)?, ends))
    }
}
