//! What the issuer is and what it allows: settings that flows need, parsed once from the configuration.

use std::time::Duration;

use super::dpop::DpopPolicy;
use crate::store::token::Origin;

/// Bytes of a credential request besides its proofs.
const REQUEST: usize = 32 * 1024;
/// Bytes of one proof: a JWT with an attestation of twenty keys and its certificate chain has 10 KiB.
const PROOF: usize = 12 * 1024;

/// Longest credential request with so many proofs, in bytes, before it is encrypted.
#[must_use]
pub fn most_request(batch_size: usize) -> usize {
    REQUEST.saturating_add(batch_size.saturating_mul(PROOF))
}

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
    /// Who gets access tokens that are bound to a key.
    pub dpop: DpopPolicy,
    /// The authorization code flow.
    pub code_flow: CodeFlow,
    /// Whether wallets are asked to say what became of credentials.
    pub notifications: bool,
    /// Credentials that are to be had later.
    pub deferral: DeferralRules,
}

/// Limits of deferred credentials.
#[derive(Debug, Clone, Copy)]
pub struct DeferralRules {
    /// How long a wallet may come back.
    pub lifetime: Duration,
    /// How often it is asked to while an operator decides.
    pub interval: Duration,
}

impl Default for DeferralRules {
    fn default() -> Self {
        Self { lifetime: Duration::from_hours(7 * 24), interval: Duration::from_mins(5) }
    }
}

/// Limits of the authorization code flow.
#[derive(Debug, Clone)]
pub struct CodeFlow {
    /// Whether there is one.
    pub enabled: bool,
    /// Life of an authorization code.
    pub code_lifetime: Duration,
    /// Life of an access token that is bound to a key.
    pub token_lifetime: Duration,
    /// Life of a refresh token and all that replace it; zero for no refresh tokens.
    pub refresh_lifetime: Duration,
    /// Whether authorization requests must be pushed (RFC 9126 5).
    pub require_pushed: bool,
    /// Signed authorization requests.
    pub signed_requests: SignedRequests,
    /// Whether each use of a refresh token names a successor.
    pub rotate: bool,
    /// Credential requests served for each configuration of an authorization; `u32::MAX` for any number.
    pub requests: u32,
}

impl Default for CodeFlow {
    fn default() -> Self {
        Self {
            enabled: true,
            code_lifetime: Duration::from_mins(1),
            token_lifetime: Duration::from_mins(5),
            refresh_lifetime: Duration::from_hours(30 * 24),
            require_pushed: true,
            signed_requests: SignedRequests::Allowed,
            rotate: false,
            requests: u32::MAX,
        }
    }
}

/// What becomes of authorization requests in signed request objects (RFC 9101).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedRequests {
    /// They are refused.
    Refused,
    /// A client may sign its request, if it has a key that is known.
    Allowed,
    /// Every request must be signed.
    Required,
}

/// Longest life of a Bearer token (`OpenID4VCI` 13.10).
const LONGEST_BEARER: Duration = Duration::from_mins(5);

impl CodeFlow {
    /// Life of an access token.
    #[must_use]
    pub fn token_life(&self, bound: bool) -> Duration {
        if bound { self.token_lifetime } else { self.token_lifetime.min(LONGEST_BEARER) }
    }
}

impl Site {
    /// A public URL below the issuer; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Credential requests served for each configuration of a grant; `u32::MAX` for any number.
    #[must_use]
    pub fn requests_allowed(&self, origin: Origin) -> u32 {
        match origin {
            Origin::PreAuthorized => self.requests_per_offer,
            Origin::AuthorizationCode => self.code_flow.requests,
        }
    }
}

#[cfg(test)]
impl Site {
    /// A small issuer without the authorization code grant; `path` is the one of its URL.
    pub(crate) fn of(issuer: &str, path: &str) -> Self {
        let minute = Duration::from_mins(1);
        Self {
            issuer: issuer.into(),
            name: Some("Example Authority".into()),
            country: None,
            issuer_path: path.into(),
            offer_lifetime: minute,
            offer_lifetime_max: minute,
            tx_code_attempts: 3,
            requests_per_offer: 1,
            keep_ended: minute,
            token_lifetime: minute,
            batch_size: 1,
            dpop: DpopPolicy::default(),
            code_flow: CodeFlow { enabled: false, ..CodeFlow::default() },
            notifications: true,
            deferral: DeferralRules::default(),
        }
    }
}
