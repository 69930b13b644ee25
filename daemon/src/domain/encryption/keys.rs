//! The keys that requests are encrypted with: kept sealed in one document, changed in their turn, and accepted for a while after that.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agreement::AgreementKey;
use crate::base::key::PublicKey;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::store::Store;
use crate::wire::jwk::thumbprint;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    /// One more with each change; tells which of two snapshots is newer.
    pub(super) revision: u64,
    /// The one in use is the last.
    pub(super) keys: Vec<StoredKey>,
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredKey {
    /// RFC 7638 thumbprint of its public half.
    pub(super) kid: String,
    pub(super) created_at: Timestamp,
    /// Until when requests with it are read; `None` for the one in use.
    pub(super) accepted_until: Option<Timestamp>,
    /// The scalar, sealed, in base64.
    pub(super) sealed: String,
}

/// A key as it is used.
pub struct EncryptionKey {
    /// Its `kid`.
    pub kid: String,
    /// Its public half.
    pub public: PublicKey,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when requests with it are read; `None` for the one in use.
    pub accepted_until: Option<Timestamp>,
    pub(super) private: AgreementKey,
}

impl EncryptionKey {
    /// Whether requests with it are read at `now`.
    #[must_use]
    pub fn is_accepted(&self, now: Timestamp) -> bool {
        self.accepted_until.is_none_or(|end| now < end)
    }
}

/// The keys as they were at one revision.
#[derive(Default)]
pub struct EncryptionKeys {
    pub(super) revision: u64,
    /// The one in use is the last.
    pub(super) all: Vec<Arc<EncryptionKey>>,
}

impl EncryptionKeys {
    /// The one that wallets are to use.
    #[must_use]
    pub fn current(&self) -> Option<&EncryptionKey> {
        self.all.last().map(Arc::as_ref)
    }

    /// Those whose requests are read at `now`, the one in use last.
    pub fn accepted(&self, now: Timestamp) -> impl Iterator<Item = &Arc<EncryptionKey>> {
        self.all.iter().filter(move |key| key.is_accepted(now))
    }

    /// Opens what is kept. A key that cannot be opened is a store under another master key, or a damaged one.
    pub(super) fn open(document: &Document, store: &Store) -> Result<Self, Failure> {
        let keys = document.keys.iter().map(|stored| open(stored, store).map(Arc::new));
        Ok(Self { revision: document.revision, all: keys.collect::<Result<_, _>>()? })
    }
}

impl Document {
    /// Puts a fresh key in use. Those before are accepted until `overlap_ends`, or for as long as they were to be.
    pub(super) fn rotate(
        &mut self,
        now: Timestamp,
        overlap_ends: Timestamp,
        store: &Store,
        random: &dyn Random,
    ) -> Result<(), Failure> {
        let key = AgreementKey::generate(random)?;
        let kid = thumbprint(&key.public().ok_or(Failure::Encryption)?);
        let sealed = B64.encode(store.seal_key(&place(&kid), &key.scalar())?);
        for old in &mut self.keys {
            old.accepted_until.get_or_insert(overlap_ends);
        }
        self.keys.push(StoredKey { kid, created_at: now, accepted_until: None, sealed });
        Ok(())
    }

    /// Forgets keys whose time is over.
    pub(super) fn forget_ended(&mut self, now: Timestamp) {
        self.keys.retain(|key| key.accepted_until.is_none_or(|end| now < end));
    }
}

fn open(stored: &StoredKey, store: &Store) -> Result<EncryptionKey, Failure> {
    let sealed = B64.decode(&stored.sealed).map_err(|_| Failure::Encryption)?;
    let private = AgreementKey::read(&store.open_key(&place(&stored.kid), &sealed)?).ok_or(Failure::Encryption)?;
    let public = private.public().ok_or(Failure::Encryption)?;
    let StoredKey { kid, created_at, accepted_until, .. } = stored.clone();
    Ok(EncryptionKey { kid, public, created_at, accepted_until, private })
}

/// Where a sealed key belongs; one moved elsewhere does not open.
fn place(kid: &str) -> String {
    format!("encryption/{kid}")
}
