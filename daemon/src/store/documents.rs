//! Documents of the management API that the domain reads and writes whole, such as IACAs and document signers. Configurations
//! have verbs of their own.

use futures_util::future::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use super::configuration::{ConfigurationSave, NewConfiguration};
use super::engine::{Batch, Entry, Table, Version};
use super::{Decision, Store, StoreError, codec};

/// Entries read at a time by a list of all.
const PAGE: usize = 500;

/// A document with the version that a replacement must name.
pub type Versioned<T> = (T, Version);

impl Store {
    /// All documents of a table with their versions and keys, in key order.
    pub async fn document_list<T: DeserializeOwned>(
        &self,
        table: Table,
    ) -> Result<Vec<(Versioned<T>, Vec<u8>)>, StoreError> {
        let read =
            |(key, entry): (Vec<u8>, Entry)| Ok(((codec::from_json(&entry.value, "document")?, entry.version), key));
        self.scan_all(table).await?.into_iter().map(read).collect()
    }

    /// A document by id.
    pub async fn document_find<T: DeserializeOwned>(
        &self,
        table: Table,
        id: Uuid,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let Some(entry) = self.engine.get(table, id.as_bytes()).await? else { return Ok(None) };
        Ok(Some((codec::from_json(&entry.value, "document")?, entry.version)))
    }

    /// Writes a document if it still has the version that was read (`None`: if there still is none); `false` when it does not.
    pub async fn document_put(
        &self,
        table: Table,
        id: Uuid,
        document: &impl Serialize,
        expected: Option<Version>,
    ) -> Result<bool, StoreError> {
        let batch = Batch::default().check(table, id.as_bytes(), expected);
        self.commit(batch.put(table, id.as_bytes(), codec::to_json(document)?, None)).await
    }

    /// Removes a document; `false` when there was none.
    pub async fn document_delete(&self, table: Table, id: Uuid) -> Result<bool, StoreError> {
        self.remove(table, id.as_bytes()).await
    }

    /// Removes an entry; of several that remove it at once, one gets `true`.
    pub(super) async fn remove(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        self.decide(|| self.removal(table, key).boxed()).await
    }

    async fn removal(&self, table: Table, key: &[u8]) -> Result<Decision<bool>, StoreError> {
        let Some(entry) = self.engine.get(table, key).await? else { return Ok(Decision::Answer(false)) };
        Ok(Decision::Write(Batch::default().check(table, key, Some(entry.version)).delete(table, key), true))
    }

    /// All entries of a table, in key order.
    pub(super) async fn scan_all(&self, table: Table) -> Result<Vec<(Vec<u8>, Entry)>, StoreError> {
        let (mut all, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let page = self.engine.scan(table, b"", after.as_deref(), PAGE).await?;
            all.extend(page.entries);
            after = page.next_after;
            if after.is_none() {
                return Ok(all);
            }
        }
    }
}
