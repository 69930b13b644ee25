//! How records are written: the daemon's own in postcard behind a format byte, what holds JSON as JSON.
//!
//! Records of the hot path are packed: a third of the bytes of JSON and a tenth of its time. Postcard has no field names, so a
//! record that changes gets a new format byte and a reader for the old one; times are microseconds.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Format of packed records that never changed.
const FORMAT: u8 = 1;

/// Packs a record.
pub(super) fn pack<T: Serialize>(record: &T) -> Result<Vec<u8>, StoreError> {
    pack_as(FORMAT, record)
}

/// Packs a record in a format of its own.
pub(super) fn pack_as<T: Serialize>(format: u8, record: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(record, vec![format]).map_err(|_| StoreError::Unreadable("value"))
}

/// Reads a packed record; `what` names it in the error.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, StoreError> {
    unpack_as(FORMAT, bytes, what)
}

/// Reads a record packed in `format`.
pub(super) fn unpack_as<T: DeserializeOwned>(format: u8, bytes: &[u8], what: &'static str) -> Result<T, StoreError> {
    match bytes.split_first() {
        Some((found, packed)) if *found == format => {
            postcard::from_bytes(packed).map_err(|_| StoreError::Unreadable(what))
        }
        _ => Err(StoreError::Unreadable(what)),
    }
}

/// Writes a document.
pub(super) fn to_json<T: Serialize>(document: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(document).map_err(|_| StoreError::Unreadable("value"))
}

/// Reads a document; `what` names it in the error.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Unreadable(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_format_or_length_is_refused() {
        let packed = pack(&(7_u64, "text".to_owned())).unwrap();
        assert_eq!(unpack::<(u64, String)>(&packed, "pair").unwrap(), (7, "text".to_owned()));
        let other = [&[FORMAT + 1], &packed[1..]].concat();
        for broken in [other.as_slice(), &packed[..packed.len() - 1], &[], b"{}"] {
            let error = unpack::<(u64, String)>(broken, "pair").unwrap_err();
            assert!(matches!(error, StoreError::Unreadable("pair")), "{error}");
        }
    }
}
