//! Identifiers.

use jiff::Timestamp;
use uuid::{Builder, Uuid};

use super::random::{NoEntropy, Random, bytes};

/// A UUID that sorts by time (version 7, RFC 9562): milliseconds, then 74 random bits. For ids under which much is stored, since
/// neighbours in time are then neighbours in the file.
pub fn ordered_uuid(now: Timestamp, random: &dyn Random) -> Result<Uuid, NoEntropy> {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ok(Builder::from_unix_timestamp_millis(millis, &bytes(random)?).into_uuid())
}

/// A random (version 4) UUID.
pub fn random_uuid(random: &dyn Random) -> Result<Uuid, NoEntropy> {
    Ok(Builder::from_random_bytes(bytes(random)?).into_uuid())
}
