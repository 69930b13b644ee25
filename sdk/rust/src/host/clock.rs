//! The time. `std::time` does not work in a plugin.

use super::backend;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn now() -> u64 {
    backend::now()
}
