//! Encrypted requests and responses of the credential endpoints (`OpenID4VCI` section 10): which keys, what is allowed, and the opening
//! and closing of messages.
//!
//! A request is encrypted with a key of ours that the metadata publishes, its response with the key that the request names, so an
//! observer who ends TLS in between reads neither. Errors are never encrypted (8.3.1.2).

mod agreement;
mod keys;
mod message;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::Failure;
use crate::base::clock::{Clock, after};
use crate::base::random::Random;
use crate::store::tables::ENCRYPTION_KEY;
use crate::store::{Store, StoreError};
use crate::wire::encryption::{EncryptionFault, Recipient};
use crate::wire::jwe::{Jwe, JweError};
use keys::Document;
pub use keys::{EncryptionKey, EncryptionKeys};

/// Where the document is kept in its table.
const PLACE: Uuid = Uuid::nil();
/// How often a change is decided again after another one came first.
const ROUNDS: usize = 32;

/// What is offered, and what is required.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncryptionPolicy {
    /// Whether anything is encrypted at all.
    pub offered: bool,
    /// Whether plain requests are refused.
    pub request_required: bool,
    /// Whether requests for a plain response are refused.
    pub response_required: bool,
    /// Whether `zip` is offered.
    pub compression: bool,
    /// How long a key is in use.
    pub key_lifetime: Duration,
    /// How long requests with its key are read after that.
    pub key_overlap: Duration,
    /// Longest content of a request, in bytes, once it is inflated.
    pub most_content: usize,
}

/// Why an encrypted request was not read. What is told of it rests on what is published anyway; whatever went wrong with the secret
/// part is one and the same (RFC 7516 11.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Nothing is encrypted here.
    #[error("encrypted requests are not offered")]
    NotOffered,
    /// It is no JWE of a kind that is read.
    #[error("the request {0}")]
    Message(#[from] JweError),
    /// It is compressed, and that is not offered.
    #[error("the request has a zip that is not supported")]
    Compression,
    /// Its key is unknown, or was in use too long ago.
    #[error("the request has a kid that is not in the metadata; load it again")]
    UnknownKey,
    /// It could not be decrypted.
    #[error("the request could not be decrypted")]
    Unreadable,
}

/// Opens requests and closes responses.
pub struct Encryption {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    policy: EncryptionPolicy,
    /// Follows the store after each change; held only to swap or clone the `Arc`.
    keys: RwLock<Arc<EncryptionKeys>>,
}

impl Encryption {
    /// Loads the keys, and makes the first one.
    pub async fn load(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        policy: EncryptionPolicy,
    ) -> Result<Self, Failure> {
        let encryption = Self { store, clock, random, policy, keys: RwLock::default() };
        encryption.maintain().await?;
        Ok(encryption)
    }

    /// What is offered and required.
    #[must_use]
    pub fn policy(&self) -> &EncryptionPolicy {
        &self.policy
    }

    /// The keys as they are now.
    #[must_use]
    pub fn keys(&self) -> Arc<EncryptionKeys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whom the response is encrypted for, if a request may ask so: `asked` is what it asks, `encrypted` how it came.
    pub fn permit(
        &self,
        asked: Result<Option<Recipient>, EncryptionFault>,
        encrypted: bool,
    ) -> Result<Option<Recipient>, EncryptionFault> {
        if self.policy.request_required && !encrypted {
            return Err(EncryptionFault::RequestRequired);
        }
        match asked? {
            None if self.policy.response_required => Err(EncryptionFault::ResponseRequired),
            None => Ok(None),
            Some(_) if !self.policy.offered => Err(EncryptionFault::NotOffered),
            Some(_) if !encrypted => Err(EncryptionFault::PlainRequest),
            Some(recipient) if recipient.compressed && !self.policy.compression => Err(EncryptionFault::Compression),
            Some(recipient) => Ok(Some(recipient)),
        }
    }

    /// The content of an encrypted request. What costs work is done last, and its result is bounded.
    pub fn open(&self, text: &str) -> Result<Vec<u8>, OpenError> {
        if !self.policy.offered {
            return Err(OpenError::NotOffered);
        }
        let message = Jwe::decode(text)?;
        let header = message.header()?;
        if header.compressed && !self.policy.compression {
            return Err(OpenError::Compression);
        }
        let (keys, now) = (self.keys(), self.clock.now());
        let key = keys.accepted(now).find(|key| key.kid == header.kid).ok_or(OpenError::UnknownKey)?;
        message::open(message, &header, &key.private, self.policy.most_content).ok_or(OpenError::Unreadable)
    }

    /// A response, encrypted.
    pub fn close(&self, plain: &[u8], recipient: &Recipient) -> Result<String, Failure> {
        message::close(plain, recipient, self.random.as_ref())
    }

    /// Puts a fresh key in use.
    pub async fn rotate(&self) -> Result<(), Failure> {
        self.change(|document, now| self.put_in_use(document, now)).await.map(drop)
    }

    /// Ends a key at once, with a fresh one in its place if it was in use; `false` when there is none of this `kid`.
    pub async fn end(&self, kid: &str) -> Result<bool, Failure> {
        self.change(|document, now| {
            let before = document.keys.len();
            let in_use = document.keys.last().is_some_and(|key| key.kid == kid);
            if in_use {
                self.put_in_use(document, now)?;
            }
            document.keys.retain(|key| key.kid != kid);
            Ok(in_use || document.keys.len() < before)
        })
        .await
    }

    /// Puts a fresh key in use when it is time, and forgets those whose time is over. May run at any time and twice at once.
    pub async fn maintain(&self) -> Result<(), Failure> {
        let maintained = self.change(|document, now| {
            document.forget_ended(now);
            let due = |made: Timestamp| after(made, self.policy.key_lifetime) <= now;
            if self.policy.offered && document.keys.last().is_none_or(|key| due(key.created_at)) {
                self.put_in_use(document, now)?;
            }
            Ok(())
        });
        maintained.await
    }

    fn put_in_use(&self, document: &mut Document, now: Timestamp) -> Result<(), Failure> {
        document.rotate(now, after(now, self.policy.key_overlap), &self.store, self.random.as_ref())
    }

    /// Decides on the document as it is and writes what changed in it, again until nobody came first.
    async fn change<T>(&self, decide: impl Fn(&mut Document, Timestamp) -> Result<T, Failure>) -> Result<T, Failure> {
        for _ in 0..ROUNDS {
            let found = self.store.document_find::<Document>(ENCRYPTION_KEY, PLACE).await?;
            let (before, version) =
                found.map_or_else(Default::default, |(document, version)| (document, Some(version)));
            let mut after = before.clone();
            let outcome = decide(&mut after, self.clock.now())?;
            if after == before {
                self.publish(&before)?;
                return Ok(outcome);
            }
            after.revision = before.revision + 1;
            if self.store.document_put(ENCRYPTION_KEY, PLACE, &after, version).await? {
                self.publish(&after)?;
                return Ok(outcome);
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Uses `document` from now on, unless a newer one is in use already.
    fn publish(&self, document: &Document) -> Result<(), Failure> {
        if document.revision <= self.keys().revision {
            return Ok(());
        }
        let new = Arc::new(EncryptionKeys::open(document, &self.store)?);
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if current.revision < new.revision {
            *current = new;
        }
        Ok(())
    }
}
