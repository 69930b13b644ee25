//! Claims kept on a user beyond one offer, sealed.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::Batch;
use super::tables::USER;
use super::{Store, StoreError};

fn user_context(id: Uuid) -> Vec<u8> {
    [b"user/", id.as_bytes().as_slice()].concat()
}

impl Store {
    /// Claims kept on a user; empty when there are none.
    pub async fn user_claims(&self, user: Uuid) -> Result<Map<String, Value>, StoreError> {
        match self.engine.get(USER, user.as_bytes()).await? {
            None => Ok(Map::new()),
            Some(entry) => self.open_at(&user_context(user), &entry.value, "user"),
        }
    }

    /// Adds to `batch` that `claims` are kept on the user, over those of the same name; nothing for no claims.
    pub(super) async fn persisting(
        &self,
        user: Uuid,
        claims: &Map<String, Value>,
        batch: Batch,
    ) -> Result<Batch, StoreError> {
        if claims.is_empty() {
            return Ok(batch);
        }
        let (key, context) = (user.as_bytes(), user_context(user));
        let (mut kept, version) = match self.engine.get(USER, key).await? {
            None => (Map::new(), None),
            Some(entry) => (self.open_at(&context, &entry.value, "user")?, Some(entry.version)),
        };
        kept.extend(claims.clone());
        Ok(batch.check(USER, key, version).put(USER, key, self.seal_at(&context, &kept)?, None))
    }
}
