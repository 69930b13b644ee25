//! What a batch does inside a write transaction. Checks see what earlier batches of the same transaction wrote.

use redb::{ReadableTable, Table, WriteTransaction};

use super::entry::{ENTRIES, EXPIRIES, NEVER, Stored, entry_key, fault, micros, pack};
use super::expiry::{Ends, Expiries, due, split_key};
use crate::store::engine::{Batch, Check, EngineError, Outcome, Put, Version};

/// How many listed keys a sweep looks at for each entry that it may remove: some were overwritten or deleted.
const LOOKS: usize = 4;

/// The open tables of one write transaction.
pub(super) struct Applier<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    expiries: Expiries<'t>,
    ends: Ends,
    wrote: bool,
    now: i64,
}

impl<'t> Applier<'t> {
    /// Opens the tables; `now` decides for the whole group what has expired.
    pub(super) fn open(transaction: &'t WriteTransaction, now: i64) -> Result<Self, EngineError> {
        let entries = transaction.open_table(ENTRIES).map_err(fault)?;
        let expiries = transaction.open_table(EXPIRIES).map_err(fault)?;
        Ok(Self { entries, expiries, ends: Ends::default(), wrote: false, now })
    }

    /// Writes the batch under `version` if all its checks hold.
    pub(super) fn apply(&mut self, batch: &Batch, version: Version) -> Result<Outcome, EngineError> {
        for check in &batch.checks {
            if !self.holds(check)? {
                return Ok(Outcome::Conflict);
            }
        }
        for (table, key) in &batch.deletes {
            self.entries.remove(entry_key(*table, key).as_slice()).map_err(fault)?;
        }
        for put in &batch.puts {
            self.put(put, version)?;
        }
        self.wrote |= !batch.deletes.is_empty() || !batch.puts.is_empty();
        Ok(Outcome::Committed)
    }

    /// Writes what the group adds to the expiry index, and says whether there is anything to commit.
    pub(super) fn finish(mut self, version: Version) -> Result<bool, EngineError> {
        self.ends.write(&mut self.expiries, version)?;
        Ok(self.wrote)
    }

    fn holds(&self, check: &Check) -> Result<bool, EngineError> {
        let found = self.entries.get(entry_key(check.table, &check.key).as_slice()).map_err(fault)?;
        let stored = found.as_ref().map(|guard| Stored::unpack(guard.value())).transpose()?;
        let live = stored.filter(|stored| stored.is_live(self.now));
        Ok(live.map(|stored| stored.version) == check.expected)
    }

    fn put(&mut self, put: &Put, version: Version) -> Result<(), EngineError> {
        let key = entry_key(put.table, &put.key);
        let end = micros(put.expires_at);
        let value = pack(version, end, &put.value);
        let replaced = self.entries.insert(key.as_slice(), value.as_slice()).map_err(fault)?;
        let before = replaced.map_or(Ok(NEVER), |guard| Stored::unpack(guard.value()).map(|old| old.expires_at))?;
        // Most overwrites keep the end of life, under which the entry is listed already.
        if end != NEVER && end != before {
            self.ends.add(end, &key);
        }
        Ok(())
    }

    /// Removes up to `limit` expired entries, the longest dead first.
    pub(super) fn sweep(&mut self, limit: usize) -> Result<usize, EngineError> {
        let (mut removed, mut looks) = (0, limit.saturating_mul(LOOKS));
        while let Some((row, keys)) = due(&self.expiries, self.now)? {
            let mut rest = keys.as_slice();
            while !rest.is_empty() && removed < limit && looks > 0 {
                let (key, more) = split_key(rest)?;
                removed += usize::from(self.remove_expired(key)?);
                looks -= 1;
                rest = more;
            }
            self.wrote |= rest.len() < keys.len();
            if !rest.is_empty() {
                self.expiries.insert(row.as_slice(), rest).map_err(fault)?;
                return Ok(removed);
            }
            self.expiries.remove(row.as_slice()).map_err(fault)?;
        }
        Ok(removed)
    }

    fn remove_expired(&mut self, key: &[u8]) -> Result<bool, EngineError> {
        let found = self.entries.get(key).map_err(fault)?;
        let stored = found.as_ref().map(|guard| Stored::unpack(guard.value())).transpose()?;
        let dead = stored.is_some_and(|stored| !stored.is_live(self.now));
        drop(found);
        if dead {
            self.entries.remove(key).map_err(fault)?;
        }
        Ok(dead)
    }
}
