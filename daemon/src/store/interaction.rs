//! What a person goes through between an authorization request and its answer: one sealed record, changed only by who saw its last
//! state, and ended once.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::authorization::NewAuthorization;
use super::engine::{Batch, Version};
use super::pushed::PushedKey;
use super::tables::{INTERACTION, PUSHED_REQUEST};
use super::{Decision, Store, StoreError};
use crate::base::secret::sha256;

/// An interaction as it was read.
#[derive(Debug)]
pub struct Kept<T> {
    /// The record.
    pub record: T,
    /// Its version, to name when it is saved.
    pub version: Version,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
}

/// How the end of an interaction went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InteractionEnd {
    /// This was the end, and the pushed request is used up.
    Ended,
    /// It has ended before, or has changed since it was read.
    Gone,
    /// Another interaction has used the pushed request up.
    RequestUsed,
    /// The offer that can be claimed once has been, or has ended.
    OfferUsed,
}

/// What the end of an interaction uses up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Completes {
    /// The pushed request, for all others that it began.
    pub pushed: Option<PushedKey>,
    /// An authorization code offer that can be claimed once.
    pub offer: Option<Uuid>,
}

fn key(id: &str) -> [u8; 32] {
    sha256(id.as_bytes())
}

fn context(key: &[u8; 32]) -> Vec<u8> {
    [b"interaction/".as_slice(), key].concat()
}

impl Store {
    /// Keeps a new interaction under `id`, which nobody has had before.
    pub async fn interaction_begin<T: Serialize + Sync>(
        &self,
        id: &str,
        record: &T,
        ends: Timestamp,
    ) -> Result<(), StoreError> {
        let key = key(id);
        let sealed = self.seal_at(&context(&key), record)?;
        self.commit(Batch::default().put(INTERACTION, &key, sealed, Some(ends))).await?;
        Ok(())
    }

    /// The interaction, while it has not ended.
    pub async fn interaction_find<T: DeserializeOwned>(&self, id: &str) -> Result<Option<Kept<T>>, StoreError> {
        let key = key(id);
        let Some(entry) = self.engine.get(INTERACTION, &key).await? else { return Ok(None) };
        let record = self.open_at(&context(&key), &entry.value, "interaction")?;
        Ok(Some(Kept { record, version: entry.version, ends: entry.expires_at }))
    }

    /// Saves a step, if nothing has changed since `version` was read; otherwise it is `false`, and nothing is written.
    pub async fn interaction_save<T: Serialize + Sync>(
        &self,
        id: &str,
        version: Version,
        record: &T,
        ends: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let key = key(id);
        let sealed = self.seal_at(&context(&key), record)?;
        self.commit(Batch::default().check(INTERACTION, &key, Some(version)).put(INTERACTION, &key, sealed, ends)).await
    }

    /// Ends an interaction as it was read, and with it all that it uses up, and stores what was approved; or does nothing.
    pub async fn interaction_end(
        &self,
        id: &str,
        version: Version,
        completes: Completes,
        approved: Option<&NewAuthorization>,
    ) -> Result<InteractionEnd, StoreError> {
        let key = key(id);
        self.decide(|| self.interaction_ending(key, version, completes, approved).boxed()).await
    }

    async fn interaction_ending(
        &self,
        key: [u8; 32],
        version: Version,
        completes: Completes,
        approved: Option<&NewAuthorization>,
    ) -> Result<Decision<InteractionEnd>, StoreError> {
        let found = self.engine.get(INTERACTION, &key).await?;
        if found.is_none_or(|entry| entry.version != version) {
            return Ok(Decision::Answer(InteractionEnd::Gone));
        }
        let mut batch = Batch::default().check(INTERACTION, &key, Some(version)).delete(INTERACTION, &key);
        if let Some(pushed) = completes.pushed {
            match self.engine.get(PUSHED_REQUEST, &pushed).await? {
                None => return Ok(Decision::Answer(InteractionEnd::RequestUsed)),
                Some(entry) => {
                    batch = batch.check(PUSHED_REQUEST, &pushed, Some(entry.version)).delete(PUSHED_REQUEST, &pushed);
                }
            }
        }
        if let Some(offer) = completes.offer {
            match self.code_offer_ending(offer, batch).await? {
                None => return Ok(Decision::Answer(InteractionEnd::OfferUsed)),
                Some(with_offer) => batch = with_offer,
            }
        }
        if let Some(approved) = approved {
            batch = self.authorizing(approved, batch)?;
        }
        Ok(Decision::Write(batch, InteractionEnd::Ended))
    }
}
