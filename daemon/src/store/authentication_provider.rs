//! Authentication providers: documents with a client secret or a private key in them, so sealed whole. One that a configuration
//! names stays.

use futures_util::future::FutureExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::Batch;
use super::tables::{AUTHENTICATION_PROVIDER, CONFIGURATION_DOCUMENT};
use super::{Decision, Store, StoreError, codec};

/// How a deletion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderDelete {
    /// It is gone.
    Deleted,
    /// There was none.
    Unknown,
    /// This configuration names it.
    InUse(Uuid),
}

/// The part of a configuration's document that names its provider.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Naming {
    #[serde(default)]
    authentication_provider_id: Option<Uuid>,
}

fn context(id: &[u8]) -> Vec<u8> {
    [b"authentication_provider/", id].concat()
}

impl Store {
    /// Writes a provider; `false` when there is none to `replace`.
    pub async fn provider_save(&self, id: Uuid, document: &impl Serialize, replace: bool) -> Result<bool, StoreError> {
        let sealed = self.seal_at(&context(id.as_bytes()), document)?;
        self.decide(|| self.saving_provider(id, &sealed, replace).boxed()).await
    }

    async fn saving_provider(&self, id: Uuid, sealed: &[u8], replace: bool) -> Result<Decision<bool>, StoreError> {
        let old = self.engine.get(AUTHENTICATION_PROVIDER, id.as_bytes()).await?;
        if old.is_some() != replace {
            return Ok(Decision::Answer(false));
        }
        let batch = Batch::default().check(AUTHENTICATION_PROVIDER, id.as_bytes(), old.map(|old| old.version));
        Ok(Decision::Write(batch.put(AUTHENTICATION_PROVIDER, id.as_bytes(), sealed.to_vec(), None), true))
    }

    /// Deletes a provider that no configuration names.
    pub async fn provider_delete(&self, id: Uuid) -> Result<ProviderDelete, StoreError> {
        self.decide(|| self.deletion_of_provider(id).boxed()).await
    }

    async fn deletion_of_provider(&self, id: Uuid) -> Result<Decision<ProviderDelete>, StoreError> {
        let Some(old) = self.engine.get(AUTHENTICATION_PROVIDER, id.as_bytes()).await? else {
            return Ok(Decision::Answer(ProviderDelete::Unknown));
        };
        for (configuration, entry) in self.scan_all(CONFIGURATION_DOCUMENT).await? {
            let naming: Naming = codec::from_json(&entry.value, "configuration")?;
            if naming.authentication_provider_id == Some(id) {
                let named_by = Uuid::from_slice(&configuration).map_err(|_| StoreError::Unreadable("configuration"))?;
                return Ok(Decision::Answer(ProviderDelete::InUse(named_by)));
            }
        }
        // A configuration that came to name it after the scan has given it another version.
        let batch = Batch::default().check(AUTHENTICATION_PROVIDER, id.as_bytes(), Some(old.version));
        Ok(Decision::Write(batch.delete(AUTHENTICATION_PROVIDER, id.as_bytes()), ProviderDelete::Deleted))
    }

    /// All providers, by id.
    pub async fn provider_list<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        let entries = self.scan_all(AUTHENTICATION_PROVIDER).await?;
        let open = |(id, entry): &(Vec<u8>, super::engine::Entry)| {
            self.open_at(&context(id), &entry.value, "authentication provider")
        };
        entries.iter().map(open).collect()
    }

    /// Adds to `batch` that a configuration names the provider; `None` when there is no such provider. Writing it anew gives it
    /// another version, so that a deletion that saw no configuration naming it does not land.
    pub(super) async fn naming_provider(&self, id: Uuid, batch: Batch) -> Result<Option<Batch>, StoreError> {
        let Some(provider) = self.engine.get(AUTHENTICATION_PROVIDER, id.as_bytes()).await? else { return Ok(None) };
        let checked = batch.check(AUTHENTICATION_PROVIDER, id.as_bytes(), Some(provider.version));
        Ok(Some(checked.put(AUTHENTICATION_PROVIDER, id.as_bytes(), provider.value, None)))
    }
}
