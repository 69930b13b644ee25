//! What a batch does inside a write transaction. Checks see what earlier batches of the same transaction wrote.

use redb::{ReadableTable, Table, WriteTransaction};

use super::entry::{
    ENTRIES, EXPIRIES, NEVER, Stored, entry_key, expiry_bound, expiry_key, fault, micros, pack, split_expiry_key,
};
use crate::store::engine::{Batch, Check, EngineError, Outcome, Put, Version};

/// The open tables of one write transaction.
pub(super) struct Applier<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    expiries: Table<'t, &'static [u8], ()>,
    now: i64,
}

impl<'t> Applier<'t> {
    /// Opens the tables; `now` decides for the whole group what has expired.
    pub(super) fn open(transaction: &'t WriteTransaction, now: i64) -> Result<Self, EngineError> {
        let entries = transaction.open_table(ENTRIES).map_err(fault)?;
        let expiries = transaction.open_table(EXPIRIES).map_err(fault)?;
        Ok(Self { entries, expiries, now })
    }

    /// Writes the batch under `version` if all its checks hold.
    pub(super) fn apply(&mut self, batch: &Batch, version: Version) -> Result<Outcome, EngineError> {
        for check in &batch.checks {
            if !self.holds(check)? {
                return Ok(Outcome::Conflict);
            }
        }
        for (table, key) in &batch.deletes {
            self.delete(&entry_key(*table, key))?;
        }
        for put in &batch.puts {
            self.put(put, version)?;
        }
        Ok(Outcome::Committed)
    }

    fn holds(&self, check: &Check) -> Result<bool, EngineError> {
        let found = self.entries.get(entry_key(check.table, &check.key).as_slice()).map_err(fault)?;
        let stored = found.as_ref().map(|guard| Stored::unpack(guard.value())).transpose()?;
        let live = stored.filter(|stored| stored.is_live(self.now));
        Ok(live.map(|stored| stored.version) == check.expected)
    }

    fn put(&mut self, put: &Put, version: Version) -> Result<(), EngineError> {
        let key = entry_key(put.table, &put.key);
        let expires_at = micros(put.expires_at);
        let value = pack(version, expires_at, &put.value);
        let replaced = self.entries.insert(key.as_slice(), value.as_slice()).map_err(fault)?;
        let before = replaced.map_or(Ok(NEVER), |guard| Stored::unpack(guard.value()).map(|old| old.expires_at))?;
        // Most overwrites keep the end of life: the index has nothing to learn then.
        if before != expires_at {
            self.forget_expiry(before, &key)?;
            if expires_at != NEVER {
                self.expiries.insert(expiry_key(expires_at, &key).as_slice(), ()).map_err(fault)?;
            }
        }
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), EngineError> {
        let removed = self.entries.remove(key).map_err(fault)?;
        let before = removed.map_or(Ok(NEVER), |guard| Stored::unpack(guard.value()).map(|old| old.expires_at))?;
        self.forget_expiry(before, key)
    }

    fn forget_expiry(&mut self, expires_at: i64, key: &[u8]) -> Result<(), EngineError> {
        if expires_at != NEVER {
            self.expiries.remove(expiry_key(expires_at, key).as_slice()).map_err(fault)?;
        }
        Ok(())
    }

    /// Removes up to `limit` expired entries, the longest dead first.
    pub(super) fn sweep(&mut self, limit: usize) -> Result<usize, EngineError> {
        let rows = self.expired(limit)?;
        for row in &rows {
            let (_, key) = split_expiry_key(row)?;
            self.entries.remove(key).map_err(fault)?;
            self.expiries.remove(row.as_slice()).map_err(fault)?;
        }
        Ok(rows.len())
    }

    fn expired(&self, limit: usize) -> Result<Vec<Vec<u8>>, EngineError> {
        let bound = expiry_bound(self.now);
        let rows = self.expiries.range(..bound.as_slice()).map_err(fault)?;
        rows.take(limit).map(|row| row.map(|(key, _)| key.value().to_vec()).map_err(fault)).collect()
    }
}
