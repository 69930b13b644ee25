//! The config table as it stands in `issuer.toml`. The traits parse it already; this is for what they do not fit.

use super::backend;

/// The whole table as one JSON object.
#[must_use]
pub fn all() -> String {
    backend::config_all()
}

/// One value: a string as it is, anything else as JSON.
#[must_use]
pub fn get(key: &str) -> Option<String> {
    backend::config_get(key)
}
