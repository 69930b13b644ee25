//! How far time had come: kept in the file, so that a clock that was set back while the daemon was down revives nothing (OPS-05).
//!
//! A commit that happens anyway takes the time along, at most once a second; without commits the sweeper writes it twice a minute. So
//! after a kill the mark may be behind by that much, and after a stop it is exact.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use redb::{Database, ReadableTable as _, WriteTransaction};

use super::apply::Applier;
use super::entry::{META, fault, micros};
use super::open::{DataFile, OpenError, Opened, failed};
use crate::store::engine::EngineError;

/// Under which name it is kept.
const NAME: &str = "clock";

/// How far it may be behind, in microseconds, before a commit takes it along.
const ALONG: i64 = 1_000_000;

/// How far it may be behind, in microseconds, before it is worth a commit of its own.
const ALONE: i64 = 30_000_000;

/// Entries removed in one commit when an earlier clock is taken for right.
const SWEPT_AT_ONCE: usize = 1_000;

/// The latest time that is durable, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(i64);

impl Mark {
    /// Reads it; 1970 in a new store.
    pub(super) fn read(transaction: &WriteTransaction) -> Result<Self, EngineError> {
        let meta = transaction.open_table(META).map_err(fault)?;
        let kept = meta.get(NAME).map_err(fault)?.map_or(0, |at| at.value());
        Ok(Self(i64::try_from(kept).unwrap_or(i64::MAX)))
    }

    /// As a time; `None` in a new store.
    pub(super) fn time(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.0).ok().filter(|_| self.0 > 0)
    }

    /// Whether it is so far behind `now` that it is worth a commit of its own.
    pub(super) fn is_old(self, now: i64) -> bool {
        now.saturating_sub(self.0) >= ALONE
    }

    /// Adds it to a commit that happens anyway, when it is behind.
    pub(super) fn take_along(&mut self, transaction: &WriteTransaction, now: i64) -> Result<(), EngineError> {
        if now.saturating_sub(self.0) < ALONG { Ok(()) } else { self.set(transaction, now) }
    }

    /// Moves it to `now`, if that is later.
    pub(super) fn reach(&mut self, transaction: &WriteTransaction, now: i64) -> Result<(), EngineError> {
        if now <= self.0 { Ok(()) } else { self.set(transaction, now) }
    }

    fn set(&mut self, transaction: &WriteTransaction, now: i64) -> Result<(), EngineError> {
        let mut meta = transaction.open_table(META).map_err(fault)?;
        meta.insert(NAME, now.unsigned_abs()).map_err(fault)?;
        self.0 = now;
        Ok(())
    }
}

/// Takes `now` for right though the store in `path` has come further: what had ended by then is removed, so that it stays ended, and
/// time goes on from `now`. Returns by how much it goes back; nothing happens when it does not. No daemon may run on the file.
pub fn accept_clock(path: &Path, now: Timestamp) -> Result<Duration, OpenError> {
    if !path.exists() {
        return Ok(Duration::ZERO);
    }
    let disk = DataFile(path.to_owned());
    let opened = Opened::open(&disk)?;
    let (reached, now) = (opened.mark.0, micros(Some(now)));
    if reached <= now {
        return Ok(Duration::ZERO);
    }
    go_back(&opened.database, reached, now).map_err(|error| failed(&disk, &error))?;
    Ok(Duration::from_micros(reached.abs_diff(now)))
}

fn go_back(database: &Database, reached: i64, now: i64) -> Result<(), EngineError> {
    loop {
        let transaction = database.begin_write().map_err(fault)?;
        let mut applier = Applier::open(&transaction, reached)?;
        let removed = applier.sweep(SWEPT_AT_ONCE)?;
        let wrote = applier.finish(0)?;
        if !wrote {
            Mark(reached).set(&transaction, now)?;
        }
        transaction.commit().map_err(fault)?;
        if removed == 0 && !wrote {
            return Ok(());
        }
    }
}
