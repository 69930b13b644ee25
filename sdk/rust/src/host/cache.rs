//! A small store of this plugin alone, lost at restart: the only memory between calls.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::backend;
pub use crate::bindings::common::issuer::plugin::cache::CacheError;
use crate::{Error, Result};

/// The bytes under that key. `None` also when no cache is granted.
#[must_use]
pub fn get(key: &str) -> Option<Vec<u8>> {
    backend::get(key)
}

/// The JSON value under that key. What does not parse counts as absent: it may stem from another version of the plugin.
#[must_use]
pub fn get_json<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_slice(&get(key)?).ok()
}

/// Keeps the bytes for that many seconds, at most.
pub fn set(key: &str, value: &[u8], ttl_seconds: u32) -> Result<(), CacheError> {
    backend::set(key, value, ttl_seconds)
}

/// Keeps a value as JSON.
pub fn set_json(key: &str, value: &impl Serialize, ttl_seconds: u32) -> Result<()> {
    Ok(set(key, &serde_json::to_vec(value)?, ttl_seconds)?)
}

/// Forgets the key.
pub fn delete(key: &str) {
    backend::delete(key);
}

/// Adds to a counter in one step and gives its new value. A new counter starts at 0 and ends after `ttl_seconds`.
pub fn increment(key: &str, delta: i64, ttl_seconds: u32) -> Result<i64, CacheError> {
    backend::increment(key, delta, ttl_seconds)
}

/// A cache that is not granted or too small is [`Error::Misconfigured`]; one that is full now is unavailable.
impl From<CacheError> for Error {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::NotGranted => Self::Misconfigured("no cache is granted".to_owned()),
            CacheError::TooLarge => Self::Misconfigured("the value is larger than the granted cache".to_owned()),
            CacheError::Full => Self::unavailable("the cache is full"),
        }
    }
}
