//! Clients of the management API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::engine::Batch;
use super::tables::CLIENT;
use super::{Store, StoreError, codec};

/// A client; the secret is kept as SHA-256 of 256 random bits.
#[derive(Clone, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Its role, by name.
    pub role: String,
    /// SHA-256 of the secret.
    pub secret: [u8; 32],
    /// When it was added.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Store {
    /// Adds or replaces a client.
    pub async fn client_put(&self, client: &Client) -> Result<(), StoreError> {
        let batch = Batch::default().put(CLIENT, client.id.as_bytes(), codec::to_json(client)?, None);
        self.commit(batch).await.map(|_| ())
    }

    /// All clients, by id.
    pub async fn client_list(&self) -> Result<Vec<Client>, StoreError> {
        let entries = self.scan_all(CLIENT).await?;
        entries.iter().map(|(_, entry)| codec::from_json(&entry.value, "client")).collect()
    }

    /// Removes a client; `false` when there was none.
    pub async fn client_remove(&self, id: &str) -> Result<bool, StoreError> {
        self.remove(CLIENT, id.as_bytes()).await
    }
}
