//! `[authorization_code]`: credentials after a login.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[authorization_code]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizationCode {
    /// Whether there is this flow.
    pub enabled: bool,
    /// Life of an authorization code, seconds.
    pub code_lifetime: u64,
    /// Life of an access token that is bound to a key, seconds; a Bearer token lives at most 300.
    pub access_token_lifetime: u64,
    /// Life of a refresh token, seconds; 0 for none.
    pub refresh_token_lifetime: u64,
    /// Whether each use of a refresh token names a successor.
    pub rotate_refresh_tokens: bool,
    /// Credential requests served for each configuration of an authorization; 0 for any number.
    pub credential_requests_per_authorization: u32,
}

impl Default for AuthorizationCode {
    fn default() -> Self {
        Self {
            enabled: true,
            code_lifetime: 60,
            access_token_lifetime: 300,
            refresh_token_lifetime: 30 * 86_400,
            rotate_refresh_tokens: false,
            credential_requests_per_authorization: 0,
        }
    }
}

impl AuthorizationCode {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("authorization_code.code_lifetime", self.code_lifetime, 10..=600, mistakes);
        range("authorization_code.access_token_lifetime", self.access_token_lifetime, 10..=86_400, mistakes);
        range("authorization_code.refresh_token_lifetime", self.refresh_token_lifetime, 0..=366 * 86_400, mistakes);
        let requests = self.credential_requests_per_authorization.into();
        range("authorization_code.credential_requests_per_authorization", requests, 0..=1_000_000, mistakes);
    }
}
