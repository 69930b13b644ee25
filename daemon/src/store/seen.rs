//! Single-use ids that others make: of `DPoP` proofs, client assertions and the like. An id is accepted once, by whoever commits
//! first, and remembered durably until what carries it can't be valid any more.

use std::time::Duration;

use jiff::Timestamp;

use super::engine::Batch;
use super::tables::SEEN;
use super::{Store, StoreError};
use crate::base::clock::after;
use crate::base::secret::sha256;

/// How much longer than its end an id is remembered: a check that began just before the end commits well within this time.
const MARGIN: Duration = Duration::from_mins(1);

/// What an id is of; the same id in two spaces is two ids. The number is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// The `jti` of a `DPoP` proof with the thumbprint of its key (RFC 9449 section 11.1).
    DpopProof = 1,
    /// The `jti` of a client assertion with its client (RFC 7523 section 3).
    ClientAssertion = 2,
    /// The `jti` of a proof of possession of a client attestation with its client.
    AttestationPop = 3,
    /// The `jti` of a request object with its client (RFC 9101 section 10.2).
    RequestObject = 4,
    /// The token of an interaction hook.
    HookToken = 5,
}

impl Store {
    /// Whether `id` has not been seen before; then it is remembered until `until`, after which what carries it must be refused
    /// for its age. Of many that ask at once one is told true. An id whose end has come is never new.
    ///
    /// One batch, no read: an id that lives already is the conflict.
    pub async fn seen_once(&self, space: Space, id: &[u8], until: Timestamp) -> Result<bool, StoreError> {
        if until <= self.now() {
            return Ok(false);
        }
        let key = seen_key(space, id);
        self.commit(Batch::default().check(SEEN, &key, None).put(SEEN, &key, Vec::new(), Some(after(until, MARGIN))))
            .await
    }
}

fn seen_key(space: Space, id: &[u8]) -> Vec<u8> {
    [&[space as u8], sha256(id).as_slice()].concat()
}
