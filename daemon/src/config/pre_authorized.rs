//! `[pre_authorized]`: offers with a pre-authorized code.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[pre_authorized]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreAuthorized {
    /// Life of an offer whose request names none, seconds.
    pub expires_in: u64,
    /// Longest life of an offer, seconds; at most 7 days.
    pub max_expires_in: u64,
    /// Wrong transaction codes until an offer is locked.
    pub tx_code_attempts: u8,
    /// Credential requests served for each configuration of an offer.
    pub credential_requests_per_offer: u32,
    /// How long the record of an ended offer stays listed, seconds.
    pub keep_ended: u64,
}

impl Default for PreAuthorized {
    fn default() -> Self {
        Self {
            expires_in: 300,
            max_expires_in: 600,
            tx_code_attempts: 3,
            credential_requests_per_offer: 1,
            keep_ended: 30 * 86_400,
        }
    }
}

impl PreAuthorized {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("pre_authorized.max_expires_in", self.max_expires_in, 1..=7 * 86_400, mistakes);
        range("pre_authorized.expires_in", self.expires_in, 1..=self.max_expires_in, mistakes);
        range("pre_authorized.tx_code_attempts", self.tx_code_attempts.into(), 1..=10, mistakes);
        let requests = self.credential_requests_per_offer.into();
        range("pre_authorized.credential_requests_per_offer", requests, 1..=100, mistakes);
        range("pre_authorized.keep_ended", self.keep_ended, 3_600..=10 * 365 * 86_400, mistakes);
    }
}
