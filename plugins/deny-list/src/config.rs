//! The config table and the list.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The config table; see the README.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is denied always.
    #[serde(default)]
    pub(crate) deny: List,
    /// Where more of the list is.
    pub(crate) url: Option<String>,
    /// Secret that lets the plugin in there.
    pub(crate) secret: Option<String>,
    /// How long a fetched list is used before it is fetched again.
    #[serde(default = "five_minutes")]
    pub(crate) refresh_seconds: u32,
    /// How long a fetched list is used when it cannot be fetched again.
    #[serde(default = "one_day")]
    pub(crate) stale_seconds: u32,
    /// What the person is told.
    #[serde(default = "refused")]
    pub(crate) message: String,
}

/// What is denied.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// Subjects of logins, and users of offers.
    #[serde(default)]
    pub(crate) subjects: BTreeSet<String>,
    /// Client ids of wallets.
    #[serde(default)]
    pub(crate) clients: BTreeSet<String>,
    /// JWK thumbprints of holder keys.
    #[serde(default)]
    pub(crate) keys: BTreeSet<String>,
}

const fn five_minutes() -> u32 {
    300
}

const fn one_day() -> u32 {
    86_400
}

fn refused() -> String {
    "This is not possible. Please contact the issuer.".to_owned()
}
