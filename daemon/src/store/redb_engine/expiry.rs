//! The expiry index: rows that list keys of entries by the time they end, so that the sweeper need not look at the others.
//!
//! The entries of one group that end within the same minute share a row, and a row is written once: an entry that gets another
//! end of life or is deleted stays listed, and the sweeper, who looks at the entry before it removes it, passes over it. So
//! the index costs a group a few rows and not a row an entry.
//!
//! For each entry that ends there is a row that lists it, with a time at or after the end and less than a minute later.

use std::collections::BTreeMap;

use redb::{ReadableTable as _, Table};

use super::entry::{damaged, fault};
use crate::store::engine::{EngineError, Version};

/// Microseconds within which ends of life share a row.
const SPAN: i64 = 60_000_000;

/// Most bytes of keys in a row: a row should fit in a page with others.
const ROW: usize = 1_500;

/// The table of rows.
pub(super) type Expiries<'t> = Table<'t, &'static [u8], &'static [u8]>;

/// A row as it was read: its key, and the keys it lists.
type Row = (Vec<u8>, Vec<u8>);

/// What a group adds to the index.
#[derive(Default)]
pub(super) struct Ends {
    /// By span: the latest end and the keys, each behind its length.
    open: BTreeMap<i64, (i64, Vec<u8>)>,
    full: Vec<(i64, Vec<u8>)>,
}

impl Ends {
    /// Lists the entry under `key`, which ends at `end`.
    pub(super) fn add(&mut self, end: i64, key: &[u8]) {
        let (latest, keys) = self.open.entry(end / SPAN).or_default();
        *latest = end.max(*latest);
        // Keys are a table number and at most a few hundred bytes: ids, hashes, docTypes.
        let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
        keys.extend_from_slice(&length.to_be_bytes());
        keys.extend(key.iter().take(length.into()));
        if keys.len() > ROW {
            self.full.extend(self.open.remove(&(end / SPAN)));
        }
    }

    /// Writes the rows; `version` is one of the group's and keeps their keys apart from those of other groups.
    pub(super) fn write(self, expiries: &mut Expiries<'_>, version: Version) -> Result<(), EngineError> {
        for (number, (latest, keys)) in (0_u32..).zip(self.full.into_iter().chain(self.open.into_values())) {
            let row = [latest.to_be_bytes().as_slice(), &version.to_be_bytes(), &number.to_be_bytes()].concat();
            expiries.insert(row.as_slice(), keys.as_slice()).map_err(fault)?;
        }
        Ok(())
    }
}

/// The row that has been due for longest, if one is due at `now`.
pub(super) fn due(expiries: &Expiries<'_>, now: i64) -> Result<Option<Row>, EngineError> {
    let Some(first) = expiries.first().map_err(fault)? else { return Ok(None) };
    let (row, keys) = (first.0.value(), first.1.value());
    let time = row.first_chunk().ok_or_else(|| damaged("an expiry row"))?;
    Ok((i64::from_be_bytes(*time) <= now).then(|| (row.to_vec(), keys.to_vec())))
}

/// The first of the keys that a row lists, and the others.
pub(super) fn split_key(keys: &[u8]) -> Result<(&[u8], &[u8]), EngineError> {
    let parts = keys.split_first_chunk();
    let parts = parts.and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()));
    parts.ok_or_else(|| damaged("an expiry row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ends: Ends) -> Vec<(i64, Vec<Vec<u8>>)> {
        let read = |(latest, keys): (i64, Vec<u8>)| {
            let (mut listed, mut rest) = (Vec::new(), keys.as_slice());
            while !rest.is_empty() {
                let (key, more) = split_key(rest).unwrap();
                listed.push(key.to_vec());
                rest = more;
            }
            (latest, listed)
        };
        ends.full.into_iter().chain(ends.open.into_values()).map(read).collect()
    }

    #[test]
    fn ends_of_one_minute_share_a_row_with_the_latest_of_them() {
        let mut ends = Ends::default();
        for (end, key) in [(3 * SPAN, b"a".as_slice()), (4 * SPAN - 1, b""), (3 * SPAN + 5, b"c"), (4 * SPAN, b"d")] {
            ends.add(end, key);
        }
        let expected = [(4 * SPAN - 1, vec![b"a".to_vec(), vec![], b"c".to_vec()]), (4 * SPAN, vec![b"d".to_vec()])];
        assert_eq!(rows(ends), expected);
    }

    #[test]
    fn a_long_row_is_split_and_loses_no_key() {
        let mut ends = Ends::default();
        let keys: Vec<_> = (0..200_u8).map(|number| vec![number; 40]).collect();
        for key in &keys {
            ends.add(7, key);
        }
        let rows = rows(ends);
        assert!(rows.len() > 4 && rows.iter().all(|(latest, keys)| *latest == 7 && keys.len() <= 36));
        assert_eq!(rows.into_iter().flat_map(|(_, keys)| keys).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn a_damaged_row_is_an_error_and_not_a_panic() {
        for keys in [b"".as_slice(), b"\0", b"\0\x05abc", b"\xff\xff"] {
            assert!(matches!(split_key(keys), Err(EngineError::Corrupt(_))));
        }
    }
}
