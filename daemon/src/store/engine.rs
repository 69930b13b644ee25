//! The engine seam: an ordered key-value store with conditional atomic batches.
//!
//! Everything above speaks in domain verbs; everything below is one folder a back end. The contract is small enough for
//! redb, etcd, `FoundationDB` or a row store, and `conformance.rs` holds every engine to it.

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// A table; keys are ordered bytewise within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table {
    /// What an engine that keeps all tables in one writes before the key; never changed, never given to another table.
    pub(super) number: u8,
    /// What people call it.
    pub(super) name: &'static str,
}

impl Table {
    /// Declares a table; `tables.rs` is the only place that does.
    pub(super) const fn new(number: u8, name: &'static str) -> Self {
        Self { number, name }
    }
}

/// Number of an entry's last write; grows over the whole store and is never re-used, also not after a delete or a restart.
pub type Version = u64;

/// A live value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value's bytes.
    pub value: Vec<u8>,
    /// Version to name in a [`Check`].
    pub version: Version,
    /// When it stops being readable; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// What must hold for a batch to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Table of the key.
    pub table: Table,
    /// The key.
    pub key: Vec<u8>,
    /// The version that was read, or `None` when nothing may live there (an expired entry counts as nothing).
    pub expected: Option<Version>,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// Table of the key.
    pub table: Table,
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// When the entry ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Checks and writes that happen together or not at all. Puts and deletes name each key at most once between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// All must hold.
    pub checks: Vec<Check>,
    /// Written when they do.
    pub puts: Vec<Put>,
    /// Removed when they do; removing nothing is no error.
    pub deletes: Vec<(Table, Vec<u8>)>,
}

impl Batch {
    /// Requires that `key` still has the version that was read, or still is absent.
    #[must_use]
    pub fn check(mut self, table: Table, key: &[u8], expected: Option<Version>) -> Self {
        self.checks.push(Check { table, key: key.to_vec(), expected });
        self
    }

    /// Writes `value` under `key`.
    #[must_use]
    pub fn put(mut self, table: Table, key: &[u8], value: Vec<u8>, expires_at: Option<Timestamp>) -> Self {
        self.puts.push(Put { table, key: key.to_vec(), value, expires_at });
        self
    }

    /// Removes `key`.
    #[must_use]
    pub fn delete(mut self, table: Table, key: &[u8]) -> Self {
        self.deletes.push((table, key.to_vec()));
        self
    }
}

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Durable.
    Committed,
    /// A check failed; nothing was written.
    Conflict,
}

/// The engine could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Nothing was written; a later try may succeed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What was read cannot be; a person must look.
    #[error("the store holds impossible data: {0}")]
    Corrupt(String),
    /// The batch may or may not have landed.
    #[error("the store cannot tell whether the write landed: {0}")]
    Uncertain(String),
}

/// Entries of a scan, in key order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// At most as many as asked for, without expired ones.
    pub entries: Vec<(Vec<u8>, Entry)>,
    /// Where to go on (exclusive), when there may be more.
    pub next_after: Option<Vec<u8>>,
}

/// An ordered key-value store with conditional atomic batches. Expired entries read as absent.
pub trait Engine: Send + Sync + 'static {
    /// The entry under `key`, from a snapshot of all that was answered before the call.
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>>;

    /// Entries whose key starts with `prefix`, after `after` (exclusive), at most `limit`, in key order.
    /// A page may be short, even empty, and still say where to go on.
    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, EngineError>>;

    /// Commits the batch durably, or finds a conflict. Is answered only once the data would survive a power cut. A caller
    /// that stops waiting does not take the batch back.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Outcome, EngineError>>;

    /// Removes up to `limit` expired entries for good and says how many it removed. An engine may leave an entry for a minute
    /// after its end.
    fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, EngineError>>;

    /// Whether reads and writes are possible now (false while the engine reopens after an uncertain commit).
    fn ready(&self) -> bool;
}

/// Is told of each durable commit, for metrics; called by the engine's writer, so it must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// One durable commit of so many batches took so many seconds.
    fn committed(&self, batches: usize, seconds: f64);

    /// A commit failed; the engine reopens.
    fn failed(&self);
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _batches: usize, _seconds: f64) {}

    fn failed(&self) {}
}
