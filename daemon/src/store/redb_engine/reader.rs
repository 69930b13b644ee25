//! Reading: from a snapshot that the writer renews after each commit, so that no reader waits for a writer and none begins a
//! transaction of its own.

use std::sync::Arc;

use redb::{ReadOnlyTable, ReadableTable, StorageError};
use tokio::sync::watch;

use super::entry::{Stored, entry_key, fault};
use crate::store::engine::{EngineError, Entry, Page, Table};

/// How many expired rows a scan passes beyond its limit before it hands back a short page.
const MOST_EXPIRED: usize = 1_000;

/// All that was committed when it was taken. Cheap to keep for a moment; kept for long, it holds freed pages back.
pub(super) struct Snapshot {
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

/// The newest snapshot, while the engine is ready.
pub(super) type Current = watch::Sender<Option<Arc<Snapshot>>>;

/// Why a read failed.
pub(super) enum ReadFailure {
    /// The database refuses reads from now on.
    Disk(EngineError),
    /// One entry is malformed.
    Entry(EngineError),
}

impl From<StorageError> for ReadFailure {
    fn from(error: StorageError) -> Self {
        Self::Disk(fault(error))
    }
}

impl Snapshot {
    /// Reads from `entries`.
    pub(super) fn new(entries: ReadOnlyTable<&'static [u8], &'static [u8]>) -> Self {
        Self { entries }
    }

    /// The entry under `key` that is live at `now`.
    pub(super) fn find(&self, table: Table, key: &[u8], now: i64) -> Result<Option<Entry>, ReadFailure> {
        let Some(found) = ReadableTable::get(&self.entries, entry_key(table, key).as_slice())? else { return Ok(None) };
        let stored = Stored::unpack(found.value()).map_err(ReadFailure::Entry)?;
        stored.is_live(now).then(|| stored.to_entry()).transpose().map_err(ReadFailure::Entry)
    }

    /// Entries live at `now` whose key starts with `prefix`, after `after`.
    pub(super) fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        now: i64,
    ) -> Result<Page, ReadFailure> {
        let prefix = entry_key(table, prefix);
        // The smallest key after `after` is `after` with a zero byte.
        let after = after.map(|after| [&entry_key(table, after), [0].as_slice()].concat());
        let from = after.filter(|after| *after > prefix).unwrap_or_else(|| prefix.clone());
        let (mut page, mut last, mut looked_at) = (Page::default(), None, 0);
        for row in ReadableTable::range::<&[u8]>(&self.entries, from.as_slice()..)? {
            let (key, value) = row?;
            let Some(inner) = key.value().strip_prefix(&[table.number]).filter(|_| key.value().starts_with(&prefix))
            else {
                return Ok(page);
            };
            if page.entries.len() >= limit || looked_at >= limit.saturating_add(MOST_EXPIRED) {
                page.next_after = last;
                return Ok(page);
            }
            looked_at += 1;
            last = Some(inner.to_vec());
            let stored = Stored::unpack(value.value()).map_err(ReadFailure::Entry)?;
            if stored.is_live(now) {
                page.entries.push((inner.to_vec(), stored.to_entry().map_err(ReadFailure::Entry)?));
            }
        }
        Ok(page)
    }
}
