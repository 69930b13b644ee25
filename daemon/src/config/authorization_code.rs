//! `[authorization_code]`: credentials after a login.

use serde::{Deserialize, Serialize};

use super::check::range;

/// What can become of signed requests.
const SIGNED: [&str; 3] = ["refused", "allowed", "required"];
/// Kinds of redirect URIs.
const KINDS: [&str; 3] = ["https", "private-scheme", "loopback"];
/// Schemes that a browser or the system keeps for itself.
const TAKEN: [&str; 14] = [
    "about",
    "blob",
    "content",
    "data",
    "file",
    "ftp",
    "http",
    "https",
    "intent",
    "javascript",
    "mailto",
    "sms",
    "tel",
    "vbscript",
];

/// Lower-case, and not taken.
fn is_scheme(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(plain) && !TAKEN.contains(&text)
}

/// `[authorization_code]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizationCode {
    /// Whether there is this flow.
    pub enabled: bool,
    /// Whether authorization requests must be pushed.
    pub require_pushed_authorization_requests: bool,
    /// How long a pushed request can be opened, seconds.
    pub pushed_request_lifetime: u64,
    /// Requests in signed request objects (RFC 9101): `refused`, `allowed` or `required`.
    pub signed_requests: String,
    /// Kinds of redirect URIs for wallets that have registered none: `https`, `private-scheme`, `loopback`.
    pub unregistered_redirect_uris: Vec<String>,
    /// Schemes without a dot that they may use as well.
    pub redirect_schemes: Vec<String>,
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
            require_pushed_authorization_requests: true,
            pushed_request_lifetime: 90,
            signed_requests: "allowed".into(),
            unregistered_redirect_uris: KINDS.map(str::to_owned).to_vec(),
            redirect_schemes: Vec::new(),
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
        range("authorization_code.pushed_request_lifetime", self.pushed_request_lifetime, 5..=599, mistakes);
        if !SIGNED.contains(&self.signed_requests.as_str()) {
            mistakes.push("`authorization_code.signed_requests` must be `refused`, `allowed` or `required`".into());
        }
        for kind in self.unregistered_redirect_uris.iter().filter(|kind| !KINDS.contains(&kind.as_str())) {
            let known = "`https`, `private-scheme` and `loopback`";
            mistakes.push(format!(
                "`authorization_code.unregistered_redirect_uris` has `{kind}`, which is none of {known}"
            ));
        }
        for scheme in self.redirect_schemes.iter().filter(|scheme| !is_scheme(scheme)) {
            mistakes.push(format!(
                "`authorization_code.redirect_schemes` has `{scheme}`, which is no scheme that names a wallet"
            ));
        }
        range("authorization_code.code_lifetime", self.code_lifetime, 10..=600, mistakes);
        range("authorization_code.access_token_lifetime", self.access_token_lifetime, 10..=86_400, mistakes);
        range("authorization_code.refresh_token_lifetime", self.refresh_token_lifetime, 0..=366 * 86_400, mistakes);
        let requests = self.credential_requests_per_authorization.into();
        range("authorization_code.credential_requests_per_authorization", requests, 0..=1_000_000, mistakes);
    }
}
