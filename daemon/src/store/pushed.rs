//! Authorization requests that wallets pushed (RFC 9126): each can be opened for a short time, and completed once.
//!
//! An entry outlives the time in which it can be opened by the longest interaction that it can begin, since its deletion is what
//! completes it: of all interactions that one request began, in however many windows, the first that ends deletes it.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::Batch;
use super::tables::PUSHED_REQUEST;
use super::{Store, StoreError, codec};
use crate::base::secret::sha256;

/// Key of a pushed request: SHA-256 of its reference.
pub type PushedKey = [u8; 32];

/// What is kept, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(with = "required")]
    until: Timestamp,
    request: Value,
}

fn context(key: &PushedKey) -> Vec<u8> {
    [b"pushed_request/".as_slice(), key].concat()
}

impl Store {
    /// Keeps a request under the hash of `reference`, which nobody has had before. It can be opened until `until` and completed until
    /// `completed_by`.
    pub async fn pushed_keep<T: Serialize + Sync>(
        &self,
        reference: &str,
        request: &T,
        until: Timestamp,
        completed_by: Timestamp,
    ) -> Result<(), StoreError> {
        let key = sha256(reference.as_bytes());
        let request = serde_json::to_value(request).map_err(|_| StoreError::Unreadable("value"))?;
        let sealed = self.seal_at(&context(&key), &Kept { until, request })?;
        self.commit(Batch::default().put(PUSHED_REQUEST, &key, sealed, Some(completed_by))).await?;
        Ok(())
    }

    /// The request behind `reference`, while it can be opened and no interaction has completed it.
    pub async fn pushed_find<T: DeserializeOwned>(
        &self,
        reference: &str,
    ) -> Result<Option<(PushedKey, T)>, StoreError> {
        let key = sha256(reference.as_bytes());
        let Some(entry) = self.engine.get(PUSHED_REQUEST, &key).await? else { return Ok(None) };
        let kept: Kept = self.open_at(&context(&key), &entry.value, "pushed request")?;
        if self.now() >= kept.until {
            return Ok(None);
        }
        let request = codec::from_json(&codec::to_json(&kept.request)?, "pushed request")?;
        Ok(Some((key, request)))
    }
}
