//! The stored form: one redb table of entries, one of their expiries.
//!
//! | redb table | key | value |
//! | --- | --- | --- |
//! | `entries` | table number, key | version (u64), end of life (i64), value |
//! | `expiries` | time (big-endian), version and number of the row | keys of entries that end by then |
//! | `meta` | name | u64 |
//! | `probe` | number | filler, for a moment, see `open` |
//!
//! One tree for all tables, since a batch touches three to six of them and each tree would cost its own path of dirty pages
//! a commit. Ends of life are microseconds since 1970; 0 stands for never. Integers are little-endian unless their order counts.

use jiff::Timestamp;
use redb::TableDefinition;

use crate::store::engine::{EngineError, Entry, Table, Version};

/// Live and expired entries.
pub(super) const ENTRIES: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("entries");
/// Where the sweeper finds what has expired, see `expiry`.
pub(super) const EXPIRIES: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("expiries");
/// Schema version, reserved versions, and how far time had come.
pub(super) const META: TableDefinition<'static, &'static str, u64> = TableDefinition::new("meta");

/// An end of life that never comes.
pub(super) const NEVER: i64 = 0;

const HEADER: usize = 16;

/// Microseconds since 1970; an end in or before 1970 is as good as the first microsecond after.
pub(super) fn micros(expires_at: Option<Timestamp>) -> i64 {
    expires_at.map_or(NEVER, |at| at.as_microsecond().max(1))
}

/// Key of an entry.
pub(super) fn entry_key(table: Table, key: &[u8]) -> Vec<u8> {
    [&[table.number], key].concat()
}

/// The stored form of an entry.
pub(super) fn pack(version: Version, expires_at: i64, value: &[u8]) -> Vec<u8> {
    [&version.to_le_bytes(), &expires_at.to_le_bytes(), value].concat()
}

/// A stored entry, not yet copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored<'a> {
    pub(super) version: Version,
    pub(super) expires_at: i64,
    pub(super) value: &'a [u8],
}

impl<'a> Stored<'a> {
    /// Reads the stored form.
    pub(super) fn unpack(bytes: &'a [u8]) -> Result<Self, EngineError> {
        let (version, rest) = bytes.split_first_chunk().ok_or_else(|| damaged("an entry"))?;
        let (expires_at, value) = rest.split_first_chunk().ok_or_else(|| damaged("an entry"))?;
        debug_assert_eq!(bytes.len(), HEADER + value.len());
        Ok(Self { version: u64::from_le_bytes(*version), expires_at: i64::from_le_bytes(*expires_at), value })
    }

    /// Whether it can still be read at `now`.
    pub(super) fn is_live(&self, now: i64) -> bool {
        self.expires_at == NEVER || now < self.expires_at
    }

    /// A copy for the caller.
    pub(super) fn to_entry(self) -> Result<Entry, EngineError> {
        let expires_at = match self.expires_at {
            NEVER => None,
            at => Some(Timestamp::from_microsecond(at).map_err(|_| damaged("an end of life"))?),
        };
        Ok(Entry { value: self.value.to_vec(), version: self.version, expires_at })
    }
}

pub(super) fn damaged(what: &str) -> EngineError {
    EngineError::Corrupt(format!("{what} is malformed"))
}

/// What a failure of redb means to callers: damaged data needs a person, all else may pass.
pub(super) fn fault(error: impl Into<redb::Error>) -> EngineError {
    match error.into() {
        redb::Error::Corrupted(detail) => EngineError::Corrupt(detail),
        other => EngineError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tables::{OFFER, TOKEN};

    #[test]
    fn entries_read_back_as_they_were_packed() {
        for (expires_at, end) in [(NEVER, None), (1_700_000_000_000_001, Some(1_700_000_000_000_001))] {
            let packed = pack(7, expires_at, b"value");
            let stored = Stored::unpack(&packed).unwrap();
            assert_eq!(stored, Stored { version: 7, expires_at, value: b"value" });
            assert_eq!(stored.to_entry().unwrap().expires_at, end.map(|at| Timestamp::from_microsecond(at).unwrap()));
        }
    }

    #[test]
    fn a_truncated_entry_is_damage_and_not_a_panic() {
        let packed = pack(7, 9, b"");
        for length in 0..packed.len() {
            assert!(matches!(Stored::unpack(&packed[..length]), Err(EngineError::Corrupt(_))), "{length} bytes");
        }
    }

    #[test]
    fn the_epoch_is_an_end_of_life_and_not_never() {
        assert_eq!(micros(Some(Timestamp::UNIX_EPOCH)), 1);
        assert_eq!(micros(None), NEVER);
        assert!(micros(Some(Timestamp::MAX)) > 0);
        assert_ne!(entry_key(OFFER, b"k"), entry_key(TOKEN, b"k"));
    }
}
