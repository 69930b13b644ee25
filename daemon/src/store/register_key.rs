//! The key under which a register keeps the record that a credential was made from. It may name a person, so it is sealed, and found
//! again by a keyed hash.

use uuid::Uuid;

use super::engine::Batch;
use super::issued::Issued;
use super::tables::{REGISTER_KEY, REGISTER_KEY_INDEX};
use super::{Store, StoreError};
use crate::base::secret::hmac;

/// Most credentials found by one key.
const MOST_FOUND: usize = 1000;

fn context(credential: Uuid) -> Vec<u8> {
    [b"register_key/", credential.as_bytes().as_slice()].concat()
}

impl Store {
    /// The key that the register gave with the claims of a credential.
    pub async fn register_key(&self, credential: Uuid) -> Result<Option<String>, StoreError> {
        match self.engine.get(REGISTER_KEY, credential.as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(&context(credential), &entry.value, "register key").map(Some),
        }
    }

    /// Ids of the credentials made from the record with this key, the first thousand.
    pub async fn issued_from(&self, register_key: &str) -> Result<Vec<Uuid>, StoreError> {
        let hash = self.register_key_hash(register_key);
        let page = self.engine.scan(REGISTER_KEY_INDEX, &hash, None, MOST_FOUND).await?;
        let ids = page.entries.iter().map(|(key, _)| {
            let id = key.get(hash.len()..).and_then(|id| Uuid::from_slice(id).ok());
            id.ok_or(StoreError::Unreadable("register key"))
        });
        ids.collect()
    }

    /// Adds to `batch` the key of the record that `issued` was made from.
    pub(super) fn registering(&self, issued: &Issued, register_key: &str, batch: Batch) -> Result<Batch, StoreError> {
        let id = issued.id.as_bytes();
        let sealed = self.seal_at(&context(issued.id), &register_key)?;
        let index = [self.register_key_hash(register_key).as_slice(), id.as_slice()].concat();
        Ok(batch.put(REGISTER_KEY, id, sealed, None).put(REGISTER_KEY_INDEX, &index, Vec::new(), None))
    }

    /// Adds to `batch` that the key goes with the record of its credential.
    pub(super) async fn unregistering(&self, credential: Uuid, batch: Batch) -> Result<Batch, StoreError> {
        let Some(register_key) = self.register_key(credential).await? else { return Ok(batch) };
        let index = [self.register_key_hash(&register_key).as_slice(), credential.as_bytes()].concat();
        Ok(batch.delete(REGISTER_KEY, credential.as_bytes()).delete(REGISTER_KEY_INDEX, &index))
    }

    fn register_key_hash(&self, register_key: &str) -> [u8; 32] {
        hmac(self.sealer.derive("register_key").expose(), &[register_key.as_bytes()])
    }
}
