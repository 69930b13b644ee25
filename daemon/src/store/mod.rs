//! The store: `engine` is the seam, `redb_engine` the embedded engine behind it; the other files are the domain's verbs, each
//! one atomic batch.
//!
//! # How to add a verb
//!
//! A verb is what the domain does to stored things in one step: `offer_redeem`, not `offer_update`. To add one:
//!
//! 1. Choose its file by the thing it changes. A new kind of thing gets a [`tables`] entry (a new number, what its key and
//!    value are) and a record: packed by `codec` when the daemon alone reads it, JSON when it holds JSON, and sealed
//!    (`Store::seal_at`) when it holds a claim, a code, a key or anything a thief of the file must not read. Codes and tokens
//!    are keys only by their hash.
//! 2. Write the outcome as an enum of circumstances (`AlreadyUsed`, `Expired`), so that callers match it and the next
//!    circumstance can't be forgotten. [`StoreError`] is for what is nobody's decision: a broken disk, damaged data.
//! 3. Write the decision: a function that reads, decides, and returns `Decision::Answer` when there is nothing to write or
//!    `Decision::Write` with a batch that checks *every* version the decision rests on. `Store::decide` commits it, and when
//!    somebody else was faster lets it decide again. All that must happen together is in that one batch: a verb that commits
//!    twice can be cut in half by a kill.
//! 4. Give what is written its end of life, so that the sweeper removes it; check that a reader of the entry still says no after
//!    that.
//! 5. Call nothing slow inside: no plugin, network or signer. Take what they return as an argument, or hand out what they need.
//! 6. Test each outcome on `MemoryEngine`, and races on the redb engine (`tests/races.rs`).
//!
//! Reads see all that was answered before they began. Time is the store's clock; versions are opaque.

pub mod authorization;
pub mod client;
pub mod code_offer;
mod codec;
pub mod configuration;
pub mod create;
pub mod deferred;
pub mod documents;
pub mod engine;
pub mod enrichment;
pub mod interaction;
pub mod interaction_hook;
pub mod issued;
pub mod key;
pub mod named;
pub mod notification;
pub mod offer;
pub mod pushed;
pub mod redb_engine;
pub mod redeem;
mod register_key;
pub mod revocation;
pub mod seal;
pub mod seen;
pub mod status;
pub mod tables;
pub mod token;
pub mod type_metadata;
pub mod user;

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
pub(crate) mod memory;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::clock::Clock;
use crate::base::random::{NoEntropy, Random};
use crate::base::secret::Secret;
use engine::{Batch, Engine, EngineError, Outcome, Table, Version};
use seal::Sealer;

/// How often a verb decides again after a conflict. Each round of N contenders lets at least one through, and a decision that
/// finds its goal gone ends early; more contenders for one entry than the engine takes in a group are an attack or a mistake.
const ROUNDS: usize = 256;

/// Most entries swept in one commit: bounds how long a request waits behind the sweeper.
const SWEPT_AT_ONCE: usize = 256;

/// A verb could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A stored value could not be read back.
    #[error("a stored {0} could not be read")]
    Unreadable(&'static str),
    /// Too many writers wanted the same entry.
    #[error("too many concurrent writers")]
    Contended,
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// The domain's verbs over an engine.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    sealer: Arc<Sealer>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

/// What a verb decided on what it read.
enum Decision<T> {
    /// Nothing to write.
    Answer(T),
    /// The outcome, once the batch has landed.
    Write(Batch, T),
}

/// A decision on its way. Boxed, so that callers see a `Send` future whatever the decision borrows.
type Deciding<'a, T> = BoxFuture<'a, Result<Decision<T>, StoreError>>;

/// A record as it was read.
struct Found<T> {
    record: T,
    version: Version,
    expires_at: Option<Timestamp>,
}

impl Store {
    /// Verbs over `engine`; `sealer` holds the master key.
    pub fn new(engine: Arc<dyn Engine>, sealer: Arc<Sealer>, random: Arc<dyn Random>, clock: Arc<dyn Clock>) -> Self {
        Self { engine, sealer, random, clock }
    }

    /// Whether reads and writes are possible now.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.engine.ready()
    }

    /// Removes up to `limit` expired entries for good, a few in each commit, and says how many it removed. Fewer than `limit`
    /// means that hardly any is left.
    pub async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        while removed < limit {
            let wanted = SWEPT_AT_ONCE.min(limit - removed);
            let swept = self.engine.sweep(wanted).await?;
            removed += swept;
            if swept < wanted {
                break;
            }
        }
        Ok(removed)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Decides until a decision lands.
    async fn decide<'a, T>(&self, decision: impl Fn() -> Deciding<'a, T> + Send) -> Result<T, StoreError> {
        for _ in 0..ROUNDS {
            match decision().await? {
                Decision::Answer(outcome) => return Ok(outcome),
                Decision::Write(batch, outcome) => {
                    if self.commit(batch).await? {
                        return Ok(outcome);
                    }
                }
            }
        }
        Err(StoreError::Contended)
    }

    async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        Ok(self.engine.commit(batch).await? == Outcome::Committed)
    }

    /// Reads a packed record.
    async fn find<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &[u8],
        what: &'static str,
    ) -> Result<Option<Found<T>>, StoreError> {
        let Some(entry) = self.engine.get(table, key).await? else { return Ok(None) };
        let record = codec::unpack(&entry.value, what)?;
        Ok(Some(Found { record, version: entry.version, expires_at: entry.expires_at }))
    }

    /// Seals a value for the place that `context` names.
    fn seal_at<T: Serialize>(&self, context: &[u8], value: &T) -> Result<Vec<u8>, StoreError> {
        let plain = Secret::new(codec::to_json(value)?);
        Ok(self.sealer.seal(self.random.as_ref(), context, plain.expose())?)
    }

    /// Opens a value sealed for the same place.
    fn open_at<T: DeserializeOwned>(&self, context: &[u8], sealed: &[u8], what: &'static str) -> Result<T, StoreError> {
        let plain = self.sealer.open(context, sealed).map_err(|_| StoreError::Unreadable(what))?;
        codec::from_json(plain.expose(), what)
    }
}
