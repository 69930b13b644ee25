//! What wallets say became of credentials (`OpenID4VCI` section 11): one record for each credential response, found by the hash of its
//! `notification_id`, and by each of its credentials once something was said.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::Batch;
use super::issued::Issued;
use super::tables::{CREDENTIAL_NOTIFICATION, NOTIFICATION};
use super::token::Origin;
use super::{Decision, Store, StoreError, codec};

/// Most events that are kept of one response; after that the last one is replaced.
pub const MOST_EVENTS: usize = 20;

/// What became of the credentials of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialEvent {
    /// `credential_accepted`
    CredentialAccepted,
    /// `credential_failure`
    CredentialFailure,
    /// `credential_deleted`
    CredentialDeleted,
}

impl CredentialEvent {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CredentialAccepted => "credential_accepted",
            Self::CredentialFailure => "credential_failure",
            Self::CredentialDeleted => "credential_deleted",
        }
    }
}

/// An event as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The event.
    pub event: CredentialEvent,
    /// In the words of the wallet.
    pub description: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

/// What is kept of a response.
#[derive(Debug, Serialize, Deserialize)]
struct Notification {
    origin: Origin,
    /// The offer, or the authorization.
    offer: Uuid,
    credentials: Vec<Uuid>,
    /// Sealed events; empty for none yet.
    told: Vec<u8>,
}

/// How a notification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// Kept, or known already.
    Kept,
    /// There is no such id for this grant.
    Unknown,
}

fn context(hash: &[u8]) -> Vec<u8> {
    [b"notification/", hash].concat()
}

impl Store {
    /// Adds to `batch` the record of a response with these credentials; it ends when the last of them does.
    pub(super) fn notifying(
        hash: &[u8; 32],
        origin: Origin,
        offer: Uuid,
        records: &[Issued],
        batch: Batch,
    ) -> Result<Batch, StoreError> {
        let credentials = records.iter().map(|record| record.id).collect();
        let ends = records.iter().map(|record| record.valid_until).max();
        let record = Notification { origin, offer, credentials, told: Vec::new() };
        Ok(batch.put(NOTIFICATION, hash, codec::pack(&record)?, ends))
    }

    /// Keeps what a wallet says. Saying the same again changes nothing.
    pub async fn notification_keep(
        &self,
        hash: &[u8; 32],
        (origin, offer): (Origin, Uuid),
        told: &Told,
    ) -> Result<Notified, StoreError> {
        self.decide(|| self.notification_keeping(hash, (origin, offer), told).boxed()).await
    }

    async fn notification_keeping(
        &self,
        hash: &[u8; 32],
        grant: (Origin, Uuid),
        told: &Told,
    ) -> Result<Decision<Notified>, StoreError> {
        let found = self.find::<Notification>(NOTIFICATION, hash, "notification").await?;
        let Some(mut found) = found.filter(|found| (found.record.origin, found.record.offer) == grant) else {
            return Ok(Decision::Answer(Notified::Unknown));
        };
        let mut all = self.told(hash, &found.record)?;
        let same = |last: &Told| last.event == told.event && last.description == told.description;
        if all.last().is_some_and(same) {
            return Ok(Decision::Answer(Notified::Kept));
        }
        let first = all.is_empty();
        if all.len() >= MOST_EVENTS {
            all.pop();
        }
        all.push(told.clone());
        found.record.told = self.seal_at(&context(hash), &all)?;
        let ends = found.expires_at;
        let mut batch = Batch::default().check(NOTIFICATION, hash, Some(found.version));
        for id in found.record.credentials.iter().filter(|_| first) {
            batch = batch.put(CREDENTIAL_NOTIFICATION, id.as_bytes(), hash.to_vec(), ends);
        }
        let batch = batch.put(NOTIFICATION, hash, codec::pack(&found.record)?, ends);
        Ok(Decision::Write(batch, Notified::Kept))
    }

    /// What was told of a credential, in the order in which it came.
    pub async fn notifications_of(&self, credential: Uuid) -> Result<Vec<Told>, StoreError> {
        let Some(hash) = self.engine.get(CREDENTIAL_NOTIFICATION, credential.as_bytes()).await? else {
            return Ok(Vec::new());
        };
        match self.find::<Notification>(NOTIFICATION, &hash.value, "notification").await? {
            None => Ok(Vec::new()),
            Some(found) => self.told(&hash.value, &found.record),
        }
    }

    fn told(&self, hash: &[u8], record: &Notification) -> Result<Vec<Told>, StoreError> {
        if record.told.is_empty() {
            return Ok(Vec::new());
        }
        self.open_at(&context(hash), &record.told, "notification")
    }
}
