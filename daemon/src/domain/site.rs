//! What the issuer is and what it allows: settings that flows need, parsed once from the configuration.

use std::time::Duration;

/// The issuer and its limits.
#[derive(Debug, Clone)]
pub struct Site {
    /// The Credential Issuer Identifier, also the authorization server's identifier.
    pub issuer: String,
    /// Name that wallets show.
    pub name: Option<String>,
    /// Country of new IACAs, when the request names none.
    pub country: Option<String>,
    /// Path of the issuer URL: empty, or starting with a slash.
    pub issuer_path: String,
    /// Life of an offer whose request names none.
    pub offer_lifetime: Duration,
    /// Longest life of an offer.
    pub offer_lifetime_max: Duration,
    /// Wrong transaction codes until an offer is locked.
    pub tx_code_attempts: u8,
    /// Credential requests served for each configuration of an offer.
    pub requests_per_offer: u32,
    /// How long an ended offer stays listed.
    pub keep_ended: Duration,
    /// Life of an access token.
    pub token_lifetime: Duration,
    /// Most proofs in a credential request.
    pub batch_size: usize,
}

impl Site {
    /// A public URL below the issuer; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}
