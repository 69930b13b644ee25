//! Identifiers.

use uuid::{Builder, Uuid};

use super::random::{NoEntropy, Random, bytes};

/// A random (version 4) UUID.
pub fn random_uuid(random: &dyn Random) -> Result<Uuid, NoEntropy> {
    Ok(Builder::from_random_bytes(bytes(random)?).into_uuid())
}
