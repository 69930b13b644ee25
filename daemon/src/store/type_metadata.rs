//! Type metadata whose digest credentials carry: kept as it is, for good, also when its configuration goes.

use super::engine::Batch;
use super::tables::TYPE_METADATA;
use super::{Store, StoreError};

/// The type metadata of a configuration that is to be saved.
#[derive(Debug, Clone, Copy)]
pub struct NewTypeMetadata<'a> {
    /// `vct`
    pub vct: &'a str,
    /// The document.
    pub document: &'a [u8],
    /// Whether credentials are going to carry its digest.
    pub freeze: bool,
}

impl Store {
    /// The document of a type that must not change any more; `None` for one that may.
    pub async fn frozen_type_metadata(&self, vct: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.engine.get(TYPE_METADATA, vct.as_bytes()).await?.map(|entry| entry.value))
    }

    /// Adds to `batch` what keeps the metadata as it is; `None` when another document is kept already.
    pub(super) async fn keeping_type_metadata(
        &self,
        new: &NewTypeMetadata<'_>,
        batch: Batch,
    ) -> Result<Option<Batch>, StoreError> {
        let key = new.vct.as_bytes();
        let kept = self.engine.get(TYPE_METADATA, key).await?;
        let batch = batch.check(TYPE_METADATA, key, kept.as_ref().map(|kept| kept.version));
        Ok(match kept {
            Some(kept) if kept.value != new.document => None,
            None if new.freeze => Some(batch.put(TYPE_METADATA, key, new.document.to_vec(), None)),
            Some(_) | None => Some(batch),
        })
    }
}
