//! Private keys: sealed before they are stored, each bound to its place.

use futures_util::future::FutureExt as _;

use super::engine::Batch;
use super::tables::KEY;
use super::{Decision, Store, StoreError};
use crate::base::secret::Secret;

impl Store {
    /// Seals a private key for storage inside a document; `place` binds it there.
    pub fn seal_key(&self, place: &str, key: &Secret) -> Result<Vec<u8>, StoreError> {
        Ok(self.sealer.seal(self.random.as_ref(), place.as_bytes(), key.expose())?)
    }

    /// Opens a sealed private key.
    pub fn open_key(&self, place: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        self.sealer.open(place.as_bytes(), sealed).map_err(|_| StoreError::Unreadable("key"))
    }

    /// A key derived from the master key for one purpose.
    #[must_use]
    pub fn derive_key(&self, purpose: &str) -> Secret {
        self.sealer.derive(purpose)
    }

    /// The daemon key `name`, made by `make` when there is none. Of several that make it at once, all get the one that landed.
    pub async fn key_ensure<E: From<StoreError>>(
        &self,
        name: &str,
        make: impl Fn() -> Result<Secret, E> + Send + Sync,
    ) -> Result<Secret, E> {
        if let Some(key) = self.key_find(name).await? {
            return Ok(key);
        }
        let key = make()?;
        let sealed = self.seal_key(name, &key)?;
        Ok(self.decide(|| self.key_making(name, &key, &sealed).boxed()).await?)
    }

    async fn key_making(&self, name: &str, made: &Secret, sealed: &[u8]) -> Result<Decision<Secret>, StoreError> {
        if let Some(key) = self.key_find(name).await? {
            return Ok(Decision::Answer(key));
        }
        let batch = Batch::default().check(KEY, name.as_bytes(), None).put(KEY, name.as_bytes(), sealed.to_vec(), None);
        Ok(Decision::Write(batch, made.clone()))
    }

    async fn key_find(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        let found = self.engine.get(KEY, name.as_bytes()).await?;
        found.map(|entry| self.open_key(name, &entry.value)).transpose()
    }
}
