//! An engine in memory, for unit tests of the verbs. It keeps the same contract as the others and nothing on disk.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::engine::{Batch, Engine, EngineError, Entry, Outcome, Page, Table, Version};
use crate::base::clock::Clock;

/// Entries in a map.
pub(crate) struct MemoryEngine {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: BTreeMap<(Table, Vec<u8>), Entry>,
    last: Version,
}

impl MemoryEngine {
    /// An empty store.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Kept, &dyn Fn(&Entry) -> bool) -> T,
    ) -> BoxFuture<'_, Result<T, EngineError>> {
        let now = self.clock.now();
        let live = |entry: &Entry| entry.expires_at.is_none_or(|at| now < at);
        let done = work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner), &live);
        ready(Ok(done)).boxed()
    }
}

impl Engine for MemoryEngine {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>> {
        self.with(|kept, live| kept.entries.get(&(table, key.to_vec())).filter(|entry| live(entry)).cloned())
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, EngineError>> {
        self.with(|kept, live| {
            let from = after.filter(|after| *after >= prefix);
            let from =
                from.map_or(Bound::Included((table, prefix.to_vec())), |key| Bound::Excluded((table, key.to_vec())));
            let rows = kept.entries.range((from, Bound::Unbounded));
            let rows = rows.take_while(|((in_table, key), _)| *in_table == table && key.starts_with(prefix));
            let mut rows = rows.filter(|(_, entry)| live(entry)).map(|((_, key), entry)| (key.clone(), entry.clone()));
            let entries: Vec<_> = rows.by_ref().take(limit).collect();
            let more = rows.next().is_some();
            let next_after = entries.last().filter(|_| more).map(|(key, _)| key.clone());
            Page { entries, next_after }
        })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Outcome, EngineError>> {
        self.with(|kept, live| {
            let holds = batch.checks.into_iter().all(|check| {
                let found = kept.entries.get(&(check.table, check.key)).filter(|entry| live(entry));
                found.map(|entry| entry.version) == check.expected
            });
            if !holds {
                return Outcome::Conflict;
            }
            kept.last += 1;
            for key in batch.deletes {
                kept.entries.remove(&key);
            }
            for put in batch.puts {
                let entry = Entry { value: put.value, version: kept.last, expires_at: put.expires_at };
                kept.entries.insert((put.table, put.key), entry);
            }
            Outcome::Committed
        })
    }

    fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, EngineError>> {
        self.with(|kept, live| {
            let dead = kept.entries.iter().filter(|(_, entry)| !live(entry)).map(|(key, _)| key.clone());
            let dead: Vec<_> = dead.take(limit).collect();
            dead.iter().filter(|key| kept.entries.remove(key).is_some()).count()
        })
    }

    fn ready(&self) -> bool {
        true
    }
}

mod tests {
    use super::*;
    use crate::store::conformance::{conformance, start};

    async fn subject() -> crate::store::conformance::Subject {
        let clock = start();
        crate::store::conformance::Subject { engine: Arc::new(MemoryEngine::new(clock.clone())), clock, _kept: None }
    }

    conformance!(subject);
}
