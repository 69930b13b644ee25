//! Claim sources: documents that configurations name. One that is named stays.

use futures_util::future::FutureExt as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::Batch;
use super::tables::{CLAIM_SOURCE, CONFIGURATION_DOCUMENT};
use super::{Decision, Store, StoreError, codec};

/// How a deletion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimSourceDelete {
    /// It is gone.
    Deleted,
    /// There was none.
    Unknown,
    /// This configuration names it.
    InUse(Uuid),
}

/// The part of a configuration's document that names its claim source.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Naming {
    #[serde(default)]
    claim_source_id: Option<Uuid>,
}

impl Store {
    /// Writes a claim source; `false` when there is none to `replace`.
    pub async fn claim_source_save(
        &self,
        id: Uuid,
        document: &impl Serialize,
        replace: bool,
    ) -> Result<bool, StoreError> {
        let document = codec::to_json(document)?;
        self.decide(|| self.saving_claim_source(id, &document, replace).boxed()).await
    }

    async fn saving_claim_source(
        &self,
        id: Uuid,
        document: &[u8],
        replace: bool,
    ) -> Result<Decision<bool>, StoreError> {
        let old = self.engine.get(CLAIM_SOURCE, id.as_bytes()).await?;
        if old.is_some() != replace {
            return Ok(Decision::Answer(false));
        }
        let batch = Batch::default().check(CLAIM_SOURCE, id.as_bytes(), old.map(|old| old.version));
        Ok(Decision::Write(batch.put(CLAIM_SOURCE, id.as_bytes(), document.to_vec(), None), true))
    }

    /// Deletes a claim source that no configuration names.
    pub async fn claim_source_delete(&self, id: Uuid) -> Result<ClaimSourceDelete, StoreError> {
        self.decide(|| self.deletion_of_claim_source(id).boxed()).await
    }

    async fn deletion_of_claim_source(&self, id: Uuid) -> Result<Decision<ClaimSourceDelete>, StoreError> {
        let Some(old) = self.engine.get(CLAIM_SOURCE, id.as_bytes()).await? else {
            return Ok(Decision::Answer(ClaimSourceDelete::Unknown));
        };
        for (configuration, entry) in self.scan_all(CONFIGURATION_DOCUMENT).await? {
            let naming: Naming = codec::from_json(&entry.value, "configuration")?;
            if naming.claim_source_id == Some(id) {
                let named_by = Uuid::from_slice(&configuration).map_err(|_| StoreError::Unreadable("configuration"))?;
                return Ok(Decision::Answer(ClaimSourceDelete::InUse(named_by)));
            }
        }
        // A configuration that came to name it after the scan has given it another version.
        let batch = Batch::default().check(CLAIM_SOURCE, id.as_bytes(), Some(old.version));
        Ok(Decision::Write(batch.delete(CLAIM_SOURCE, id.as_bytes()), ClaimSourceDelete::Deleted))
    }

    /// Adds to `batch` that a configuration names the claim source; `None` when there is no such source. Writing it anew gives it
    /// another version, so that a deletion that saw no configuration naming it does not land.
    pub(super) async fn naming_claim_source(&self, id: Uuid, batch: Batch) -> Result<Option<Batch>, StoreError> {
        let Some(source) = self.engine.get(CLAIM_SOURCE, id.as_bytes()).await? else { return Ok(None) };
        let checked = batch.check(CLAIM_SOURCE, id.as_bytes(), Some(source.version));
        Ok(Some(checked.put(CLAIM_SOURCE, id.as_bytes(), source.value, None)))
    }
}
