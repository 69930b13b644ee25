//! Key proofs of type `jwt` (`OpenID4VCI` F.1, F.4): the wallet shows that it holds the keys that credentials are bound to, freshly
//! and for this issuer alone. What identifies the key is read in `key`; what others say of it, in `attestation`.

pub mod attestation;
pub mod key;

use std::time::Duration;

use jiff::Timestamp;

use super::nonce::{Nonce, NonceIssuer};
use crate::base::key::PublicKey;
use crate::signer::{Algorithm, verify};
use crate::wire::credential::Proofs;
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws, JwsError};
use attestation::{AttestationError, AttestationRules, check_alone, check_with_proofs};
use key::{KeyError, proof_key};

/// `typ` of a key proof.
const TYPE: &str = "openid4vci-proof+jwt";
/// How far the wallet's clock may be ahead of ours, seconds.
const AHEAD: i64 = 60;
/// How old a proof may be at least. The nonce tells how fresh a proof is; where nonces live longer than this, so may proofs.
const AGE: Duration = Duration::from_mins(5);

/// What a proof is held against.
pub struct ProofRules<'a> {
    /// The Credential Issuer Identifier; `aud` must be this very string. An array is not accepted (F.1 wants a string).
    pub issuer: &'a str,
    /// The client of the access token; `None` for an anonymous one, which forbids `iss`.
    pub client_id: Option<&'a str>,
    /// Most proofs in a request.
    pub batch_size: usize,
    /// Knows its nonces.
    pub nonces: &'a NonceIssuer,
    /// Attestations, where keys need one; without it they are not looked at.
    pub attestation: Option<AttestationRules<'a>>,
    /// The time.
    pub now: Timestamp,
}

/// What a good proof shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// The key that the wallet holds.
    pub key: PublicKey,
    /// The nonce that makes the proof fresh; not yet taken.
    pub nonce: Nonce,
    /// That of the attestation in the proof.
    pub attestation: Option<Nonce>,
}

/// Why a proof is refused. Display is a fixed description for the wallet, without anything that it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not an acceptable compact JWS.
    #[error("the proof {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of the proof must be {TYPE}")]
    Type,
    /// `alg` is not one of the metadata's `proof_signing_alg_values_supported`.
    #[error("alg of the proof must be ES256, ES384 or EdDSA")]
    Algorithm,
    /// The header names no usable key.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// `alg` is not the algorithm of the key's curve.
    #[error("alg of the proof does not fit its key")]
    KeyMismatch,
    /// `aud` is missing or not this issuer.
    #[error("aud of the proof must be the Credential Issuer Identifier")]
    Audience,
    /// `iat` is missing or not a number.
    #[error("iat of the proof must be a number")]
    IssuedAtMissing,
    /// `iat` is too long ago.
    #[error("the proof is too old")]
    TooOld,
    /// `iat` is in the future.
    #[error("the proof comes from the future")]
    TooNew,
    /// `exp` has passed, `nbf` has not, or one of them is not a number.
    #[error("the proof is not valid at this time")]
    NotValidNow,
    /// `iss` is not the client of the access token.
    #[error("iss of the proof must be the client_id")]
    Issuer,
    /// `iss` was sent although the access token is anonymous.
    #[error("iss of the proof must be absent for an anonymous client")]
    IssuerUnexpected,
    /// `nonce` is missing or not a string.
    #[error("nonce of the proof must be a c_nonce")]
    NonceMissing,
    /// `nonce` is not one of ours, or has ended.
    #[error("the nonce is unknown or has expired; fetch a new one")]
    NonceUnknown,
    /// The signature does not verify with the key.
    #[error("the signature of the proof is wrong")]
    Signature,
    /// Two proofs of the request are for one key.
    #[error("each proof must be for another key")]
    KeyTwice,
    /// More proofs than a batch may have.
    #[error("too many proofs")]
    TooMany,
    /// A key attestation is not good, or is missing.
    #[error("{0}")]
    Attestation(#[from] AttestationError),
}

/// Checks all proofs of a request; one bad proof refuses them all. The order of the keys is that of the proofs. Proofs may share a
/// nonce.
pub fn check_proofs(proofs: &Proofs<'_>, rules: &ProofRules<'_>) -> Result<Vec<Proven>, ProofError> {
    let proofs = match (proofs, rules.attestation) {
        (Proofs::Jwt(proofs), _) if proofs.len() > rules.batch_size.max(1) => return Err(ProofError::TooMany),
        (Proofs::Jwt(proofs), Some(attestation)) => return check_with_proofs(proofs, attestation, rules),
        (Proofs::Attestation(text), Some(attestation)) => return check_alone(text, attestation, rules),
        (Proofs::Attestation(_), None) => return Err(AttestationError::NotOffered.into()),
        (Proofs::Jwt(proofs), None) => proofs,
    };
    let mut proven: Vec<Proven> = Vec::with_capacity(proofs.len());
    for proof in proofs {
        let next = check_proof(proof, rules)?;
        if proven.iter().any(|earlier| earlier.key == next.key) {
            return Err(ProofError::KeyTwice);
        }
        proven.push(next);
    }
    Ok(proven)
}

/// Checks one proof. The signature comes last, since it costs more than all the rest.
pub fn check_proof(proof: &str, rules: &ProofRules<'_>) -> Result<Proven, ProofError> {
    let jws = Jws::decode(proof)?;
    let key = check_header(&jws.header()?)?;
    let nonce = check_claims(&jws.claims()?, rules)?;
    let good = verify(&key, jws.signed(), jws.signature());
    if good { Ok(Proven { key, nonce, attestation: None }) } else { Err(ProofError::Signature) }
}

fn check_header(members: &Object<'_>) -> Result<PublicKey, ProofError> {
    let algorithm = read_header(members)?;
    let key = proof_key(members)?;
    if Algorithm::of(&key) == algorithm { Ok(key) } else { Err(ProofError::KeyMismatch) }
}

fn read_header(members: &Object<'_>) -> Result<Algorithm, ProofError> {
    let header = Header::of(members)?;
    if header.typ != Some(TYPE) {
        return Err(ProofError::Type);
    }
    Algorithm::named(header.algorithm).ok_or(ProofError::Algorithm)
}

fn check_claims(claims: &Object<'_>, rules: &ProofRules<'_>) -> Result<Nonce, ProofError> {
    if claims.get("aud").and_then(Json::as_str) != Some(rules.issuer) {
        return Err(ProofError::Audience);
    }
    check_issuer(claims.get("iss"), rules.client_id)?;
    check_times(claims, rules)?;
    let nonce = claims.get("nonce").and_then(Json::as_str).ok_or(ProofError::NonceMissing)?;
    rules.nonces.check(nonce, rules.now).ok_or(ProofError::NonceUnknown)
}

fn check_issuer(issuer: Option<&Json<'_>>, client_id: Option<&str>) -> Result<(), ProofError> {
    match (issuer, client_id) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(ProofError::IssuerUnexpected),
        (Some(issuer), Some(client_id)) if issuer.as_str() == Some(client_id) => Ok(()),
        (Some(_), Some(_)) => Err(ProofError::Issuer),
    }
}

fn check_times(claims: &Object<'_>, rules: &ProofRules<'_>) -> Result<(), ProofError> {
    let now = rules.now.as_second();
    let age = AGE.max(rules.nonces.lifetime());
    let oldest = now.saturating_sub(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    let issued_at = claims.get("iat").and_then(seconds).ok_or(ProofError::IssuedAtMissing)?;
    if issued_at > now.saturating_add(AHEAD) {
        return Err(ProofError::TooNew);
    }
    if issued_at < oldest {
        return Err(ProofError::TooOld);
    }
    if is_outside(claims, rules.now) { Err(ProofError::NotValidNow) } else { Ok(()) }
}

/// Whether `exp` has passed or `nbf` has not, by a clock that may be a minute off; also when one of them is not a number.
pub(super) fn is_outside(claims: &Object<'_>, now: Timestamp) -> bool {
    let now = now.as_second();
    let expired =
        claims.get("exp").is_some_and(|value| seconds(value).is_none_or(|end| end.saturating_add(AHEAD) <= now));
    let early =
        claims.get("nbf").is_some_and(|value| seconds(value).is_none_or(|start| start > now.saturating_add(AHEAD)));
    expired || early
}

/// A `NumericDate` in whole seconds (RFC 7519 2); what no calendar reaches saturates.
pub(super) fn seconds(value: &Json<'_>) -> Option<i64> {
    let Json::Number(number) = value else { return None };
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and every use compares with a window around now")]
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))
}

#[cfg(test)]
pub(crate) mod tests;
