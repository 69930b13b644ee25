//! The interaction hook: one document, with a secret in it, so sealed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::engine::Batch;
use super::tables::INTERACTION_HOOK;
use super::{Store, StoreError};

const CONTEXT: &[u8] = b"interaction_hook";

impl Store {
    /// The hook.
    pub async fn hook_find<T: DeserializeOwned>(&self) -> Result<Option<T>, StoreError> {
        match self.engine.get(INTERACTION_HOOK, Uuid::nil().as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(CONTEXT, &entry.value, "interaction hook").map(Some),
        }
    }

    /// Writes the hook, or takes it away. Of two at once the later one stays.
    pub async fn hook_save(&self, hook: Option<&impl Serialize>) -> Result<(), StoreError> {
        let (key, batch) = (Uuid::nil(), Batch::default());
        let batch = match hook {
            Some(hook) => batch.put(INTERACTION_HOOK, key.as_bytes(), self.seal_at(CONTEXT, hook)?, None),
            None => batch.delete(INTERACTION_HOOK, key.as_bytes()),
        };
        self.commit(batch).await.map(drop)
    }
}
