//! Random bytes.

use super::backend;

/// Bytes of the host's cryptographic generator; at most 4096.
#[must_use]
pub fn bytes(count: u32) -> Vec<u8> {
    backend::bytes(count)
}
