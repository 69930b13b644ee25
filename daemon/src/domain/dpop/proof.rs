//! What makes a `DPoP` proof good for a request (RFC 9449 4.2, 4.3), but for its being the first of its kind.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;

use super::Thumbprint;
use super::nonce::Nonces;
use super::uri::is_same;
use crate::base::clock::after;
use crate::base::key::PublicKey;
use crate::base::secret::sha256;
use crate::domain::proof::{is_outside, seconds};
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jwk::{self, JwkError};
use crate::wire::jws::{Header, Jws, JwsError};

/// `typ` of a proof.
const TYPE: &str = "dpop+jwt";
/// How far the wallet's clock may be ahead of ours, seconds.
const AHEAD: i64 = 60;
/// How far it may be behind when a nonce tells how fresh a proof is, seconds.
const BEHIND: i64 = 30 * 60;
/// Longest `jti` in bytes; a UUID has 36, 256 random bits in base64url 43.
const LONGEST_JTI: usize = 128;

/// A request as its proof must describe it.
#[derive(Debug, Clone, Copy)]
pub struct ProofOf<'a> {
    /// The values of its `DPoP` headers; empty for one that is not text.
    pub proofs: &'a [&'a str],
    /// Its method, in upper case.
    pub method: &'a str,
    /// Its URI, as the issuer publishes it: never made from what the request says of its host.
    pub uri: &'a str,
    /// The access token that was sent with it.
    pub access_token: Option<&'a str>,
}

/// What a proof is held against besides its request.
pub(super) struct Rules<'a> {
    pub(super) nonces: &'a Nonces,
    pub(super) require_nonce: bool,
    pub(super) max_age: Duration,
    pub(super) now: Timestamp,
}

/// A proof that is good if it is the first of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Good {
    pub(super) thumbprint: Thumbprint,
    pub(super) jti: String,
    /// When it becomes too old.
    pub(super) until: Timestamp,
}

/// Why a proof is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// No proof, where one is needed.
    #[error("a DPoP proof is required")]
    Missing,
    /// More than one header, or more than one proof in it.
    #[error("send one DPoP header with one proof")]
    NotOne,
    /// Not an acceptable compact JWS.
    #[error("the DPoP proof {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of the DPoP proof must be {TYPE}")]
    Type,
    /// `alg` is not one of the metadata's `dpop_signing_alg_values_supported`.
    #[error("alg of the DPoP proof must be ES256, ES384 or EdDSA")]
    Algorithm,
    /// The header has no `jwk`.
    #[error("the DPoP proof must have a jwk in its header")]
    NoKey,
    /// `jwk` is not acceptable.
    #[error("jwk of the DPoP proof: {0}")]
    Key(#[from] JwkError),
    /// `alg` is not the algorithm of the key's curve.
    #[error("alg of the DPoP proof does not fit its key")]
    KeyMismatch,
    /// `jti` is missing, empty or longer than 128 bytes.
    #[error("jti of the DPoP proof must be a string of 1 to {LONGEST_JTI} bytes")]
    Id,
    /// `htm` is missing or another method.
    #[error("htm of the DPoP proof must be the method of the request")]
    Method,
    /// `htu` is missing or another URI.
    #[error("htu of the DPoP proof must be the URI of the endpoint in the metadata")]
    Uri,
    /// `ath` is missing or the hash of another token.
    #[error("ath of the DPoP proof must be the hash of the access token")]
    TokenHash,
    /// `iat` is missing or not a number.
    #[error("iat of the DPoP proof must be a number")]
    IssuedAtMissing,
    /// `iat` is too long ago.
    #[error("the DPoP proof is too old")]
    TooOld,
    /// `iat` is in the future.
    #[error("the DPoP proof comes from the future")]
    TooNew,
    /// `exp` has passed, `nbf` has not, or one of them is not a number.
    #[error("the DPoP proof is not valid at this time")]
    NotValidNow,
    /// A nonce is needed: always, or because the wallet's clock is behind.
    #[error("the DPoP proof must have the nonce of the DPoP-Nonce header")]
    NonceNeeded,
    /// `nonce` is not one of ours, or has ended.
    #[error("the nonce of the DPoP proof is unknown or has expired")]
    NonceUnknown,
    /// The signature does not verify with the key.
    #[error("the signature of the DPoP proof is wrong")]
    Signature,
    /// The proof was used before.
    #[error("the DPoP proof was used before")]
    Replayed,
    /// The proof is of another key than it must be.
    #[error("the DPoP proof is of another key")]
    OtherKey,
}

/// Checks a proof. The signature comes last, since it costs more than all the rest.
pub(super) fn check_proof(request: &ProofOf<'_>, rules: &Rules<'_>) -> Result<Good, DpopError> {
    let proof = match request.proofs {
        [] => return Err(DpopError::Missing),
        [proof] if !proof.contains(',') => proof.trim(),
        _ => return Err(DpopError::NotOne),
    };
    let jws = Jws::decode(proof)?;
    let key = check_header(&jws.header()?)?;
    let claims = jws.claims()?;
    check_request(&claims, request)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let jti = text("jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len())).ok_or(DpopError::Id)?.to_owned();
    let until = check_times(&claims, rules)?;
    if !verify(&key, jws.signed(), jws.signature()) {
        return Err(DpopError::Signature);
    }
    Ok(Good { thumbprint: jwk::thumbprint_bytes(&key), jti, until })
}

fn check_header(members: &Object<'_>) -> Result<PublicKey, DpopError> {
    let header = Header::of(members)?;
    if header.typ != Some(TYPE) {
        return Err(DpopError::Type);
    }
    let algorithm = Algorithm::named(header.algorithm).ok_or(DpopError::Algorithm)?;
    let key = jwk::parse(members.get("jwk").ok_or(DpopError::NoKey)?)?;
    if Algorithm::of(&key) == algorithm { Ok(key) } else { Err(DpopError::KeyMismatch) }
}

fn check_request(claims: &Object<'_>, request: &ProofOf<'_>) -> Result<(), DpopError> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    if text("htm") != Some(request.method) {
        return Err(DpopError::Method);
    }
    if !text("htu").is_some_and(|uri| is_same(uri, request.uri)) {
        return Err(DpopError::Uri);
    }
    let hash = request.access_token.map(|token| B64.encode(sha256(token.as_bytes())));
    if hash.is_some() && text("ath") != hash.as_deref() {
        return Err(DpopError::TokenHash);
    }
    Ok(())
}

/// Says until when the proof is accepted. With a nonce, that is as long as the nonce, whatever the wallet's clock shows within
/// reason; without one it is by `iat`.
fn check_times(claims: &Object<'_>, rules: &Rules<'_>) -> Result<Timestamp, DpopError> {
    let now = rules.now.as_second();
    let issued_at = claims.get("iat").and_then(seconds).ok_or(DpopError::IssuedAtMissing)?;
    if issued_at > now.saturating_add(AHEAD) {
        return Err(DpopError::TooNew);
    }
    if issued_at < now.saturating_sub(BEHIND) {
        return Err(DpopError::TooOld);
    }
    if is_outside(claims, rules.now) {
        return Err(DpopError::NotValidNow);
    }
    let Some(nonce) = claims.get("nonce") else {
        let end = issued_at.saturating_add(i64::try_from(rules.max_age.as_secs()).unwrap_or(i64::MAX));
        if rules.require_nonce || end < now {
            return Err(DpopError::NonceNeeded);
        }
        // `iat` has whole seconds, and the last of them counts.
        return Ok(after(Timestamp::from_second(end).unwrap_or(Timestamp::MAX), Duration::from_secs(1)));
    };
    nonce.as_str().and_then(|nonce| rules.nonces.check(nonce, rules.now)).ok_or(DpopError::NonceUnknown)
}
