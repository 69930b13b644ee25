//! `[issuance]`: tokens, nonces and batches.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[issuance]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Issuance {
    /// Life of a wallet's access token, seconds; at most 300 for Bearer tokens.
    pub access_token_lifetime: u64,
    /// Life of a `c_nonce`, seconds.
    pub nonce_lifetime: u64,
    /// Most proofs in one credential request; 1 turns batches off.
    pub batch_size: u32,
    /// Check each of our signatures before it leaves: 40 µs of CPU against a fault in the signer or the processor.
    pub verify_signatures: bool,
    /// Ask wallets to say what became of credentials.
    pub notifications: bool,
    /// How long a wallet may come back for a deferred credential, seconds.
    pub deferred_lifetime: u64,
    /// How often it is asked to come back while an operator decides, seconds.
    pub approval_interval: u64,
}

impl Default for Issuance {
    fn default() -> Self {
        Self {
            access_token_lifetime: 300,
            nonce_lifetime: 300,
            batch_size: 20,
            verify_signatures: false,
            notifications: true,
            deferred_lifetime: 7 * 86_400,
            approval_interval: 300,
        }
    }
}

impl Issuance {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("issuance.access_token_lifetime", self.access_token_lifetime, 10..=300, mistakes);
        range("issuance.nonce_lifetime", self.nonce_lifetime, 10..=3_600, mistakes);
        range("issuance.batch_size", self.batch_size.into(), 1..=100, mistakes);
        range("issuance.deferred_lifetime", self.deferred_lifetime, 300..=31_536_000, mistakes);
        range("issuance.approval_interval", self.approval_interval, 1..=86_400, mistakes);
    }
}
