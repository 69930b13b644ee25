//! The config table.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The config table; see the README.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address, with `{offer.NAME}`, `{claim.NAME}` or `{subject}` where values stand.
    pub(crate) url: String,
    /// JSON pointer to the record in the answer; absent: the whole answer.
    pub(crate) record: Option<String>,
    /// Claim to JSON pointer in the record.
    pub(crate) claims: BTreeMap<String, String>,
    /// Claims without which the person counts as not found.
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// JSON pointer to the key of the record.
    pub(crate) record_ref: Option<String>,
    /// Secret that lets the plugin in.
    pub(crate) secret: Option<String>,
    /// Header for the secret.
    #[serde(default = "authorization")]
    pub(crate) secret_header: String,
    /// What stands before the secret.
    #[serde(default = "bearer")]
    pub(crate) secret_prefix: String,
    /// Further headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// How long a request may take.
    pub(crate) timeout_ms: Option<u32>,
    /// How long an answer is kept; 0: not at all.
    #[serde(default)]
    pub(crate) cache_seconds: u32,
}

fn authorization() -> String {
    "authorization".to_owned()
}

fn bearer() -> String {
    "Bearer ".to_owned()
}
