//! Secrets that the operator granted, by the name that the plugin uses.
//!
//! Prefer [`Request::bearer_secret`](super::http::Request::bearer_secret), where the plugin never holds the value.

use super::backend;
pub use crate::bindings::common::issuer::plugin::secrets::SecretError;
use crate::{Error, Result};

/// The value itself; granted with `use = ["reveal"]`.
pub fn reveal(name: &str) -> Result<String, SecretError> {
    backend::reveal(name)
}

/// HMAC-SHA-256 of the data, made by the host with the secret as key; granted with `use = ["hmac"]`.
pub fn hmac_sha256(name: &str, data: &[u8]) -> Result<Vec<u8>, SecretError> {
    backend::hmac_sha256(name, data)
}

/// A secret that is not granted is [`Error::Misconfigured`].
impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::NotGranted => Self::Misconfigured("a secret is not granted".to_owned()),
            SecretError::NotRevealable => Self::Misconfigured("a secret is not granted with this use".to_owned()),
            SecretError::Unavailable => Self::unavailable("a secret cannot be read at the moment"),
        }
    }
}
