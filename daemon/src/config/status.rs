//! `[status]`: status lists, unless a status list configuration says otherwise.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[status]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusSection {
    /// Entries of a status list.
    pub list_size: u32,
    /// How long a verifier may keep a list before it loads it again, seconds.
    pub ttl: u64,
    /// How long a signed list is good, seconds.
    pub expiry: u64,
}

impl Default for StatusSection {
    fn default() -> Self {
        Self { list_size: 1_000_000, ttl: 3_600, expiry: 604_800 }
    }
}

impl StatusSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("status.list_size", self.list_size.into(), 100..=1_000_000, mistakes);
        range("status.ttl", self.ttl, 1..=31_622_400, mistakes);
        range("status.expiry", self.expiry, 60..=31_622_400, mistakes);
        if self.ttl > self.expiry {
            mistakes.push("`status.ttl` must not be above `status.expiry`".into());
        }
    }
}
