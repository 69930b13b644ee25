//! Documents that configurations name: claim sources and authentication providers. They hold secrets, so they are sealed whole; and one
//! that a configuration names stays.

use futures_util::future::FutureExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::{Batch, Entry, Table};
use super::tables::{AUTHENTICATION_PROVIDER, CLAIM_SOURCE, CONFIGURATION_DOCUMENT};
use super::{Decision, Store, StoreError, codec};

/// A kind of such documents.
#[derive(Clone, Copy)]
pub struct Kind {
    table: Table,
    /// What it is called in errors.
    what: &'static str,
    /// Its name in the place that each is sealed for.
    place: &'static [u8],
    named_by: fn(&Naming) -> Option<Uuid>,
}

/// Claim sources.
pub const CLAIM_SOURCES: Kind = Kind {
    table: CLAIM_SOURCE,
    what: "claim source",
    place: b"claim_source/",
    named_by: |configuration| configuration.claim_source_id,
};

/// Authentication providers.
pub const AUTHENTICATION_PROVIDERS: Kind = Kind {
    table: AUTHENTICATION_PROVIDER,
    what: "authentication provider",
    place: b"authentication_provider/",
    named_by: |configuration| configuration.authentication_provider_id,
};

/// How a deletion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There was none.
    Unknown,
    /// This configuration names it.
    InUse(Uuid),
}

/// The part of a configuration's document that names others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Naming {
    #[serde(default)]
    claim_source_id: Option<Uuid>,
    #[serde(default)]
    authentication_provider_id: Option<Uuid>,
}

impl Kind {
    fn context(self, id: &[u8]) -> Vec<u8> {
        [self.place, id].concat()
    }
}

impl Store {
    /// Writes a document; `false` when there is none to `replace`.
    pub async fn named_save(
        &self,
        kind: Kind,
        id: Uuid,
        document: &impl Serialize,
        replace: bool,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal_at(&kind.context(id.as_bytes()), document)?;
        self.decide(|| self.saving_named(kind, id, &sealed, replace).boxed()).await
    }

    async fn saving_named(
        &self,
        kind: Kind,
        id: Uuid,
        sealed: &[u8],
        replace: bool,
    ) -> Result<Decision<bool>, StoreError> {
        let old = self.engine.get(kind.table, id.as_bytes()).await?;
        if old.is_some() != replace {
            return Ok(Decision::Answer(false));
        }
        let batch = Batch::default().check(kind.table, id.as_bytes(), old.map(|old| old.version));
        Ok(Decision::Write(batch.put(kind.table, id.as_bytes(), sealed.to_vec(), None), true))
    }

    /// Deletes a document that no configuration names.
    pub async fn named_delete(&self, kind: Kind, id: Uuid) -> Result<Deleted, StoreError> {
        self.decide(|| self.deletion_of_named(kind, id).boxed()).await
    }

    async fn deletion_of_named(&self, kind: Kind, id: Uuid) -> Result<Decision<Deleted>, StoreError> {
        let Some(old) = self.engine.get(kind.table, id.as_bytes()).await? else {
            return Ok(Decision::Answer(Deleted::Unknown));
        };
        for (configuration, entry) in self.scan_all(CONFIGURATION_DOCUMENT).await? {
            let naming: Naming = codec::from_json(&entry.value, "configuration")?;
            if (kind.named_by)(&naming) == Some(id) {
                let named_by = Uuid::from_slice(&configuration).map_err(|_| StoreError::Unreadable("configuration"))?;
                return Ok(Decision::Answer(Deleted::InUse(named_by)));
            }
        }
        // A configuration that came to name it after the scan has given it another version.
        let batch = Batch::default().check(kind.table, id.as_bytes(), Some(old.version));
        Ok(Decision::Write(batch.delete(kind.table, id.as_bytes()), Deleted::Done))
    }

    /// All documents of a kind, by id.
    pub async fn named_list<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<T>, StoreError> {
        let entries = self.scan_all(kind.table).await?;
        let open = |(id, entry): &(Vec<u8>, Entry)| self.open_at(&kind.context(id), &entry.value, kind.what);
        entries.iter().map(open).collect()
    }

    /// Adds to `batch` that a configuration names a document; `None` when there is no such document. Writing it anew gives it another
    /// version, so that a deletion that saw no configuration naming it does not land.
    pub(super) async fn naming_one(&self, kind: Kind, id: Uuid, batch: Batch) -> Result<Option<Batch>, StoreError> {
        let Some(named) = self.engine.get(kind.table, id.as_bytes()).await? else { return Ok(None) };
        let checked = batch.check(kind.table, id.as_bytes(), Some(named.version));
        Ok(Some(checked.put(kind.table, id.as_bytes(), named.value, None)))
    }
}
