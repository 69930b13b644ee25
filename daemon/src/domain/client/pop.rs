//! Proofs of possession of an attested key (draft-ietf-oauth-attestation-based-client-auth section 5).
//!
//! Draft 07 has `iss` in the proof, later drafts have not; both are read.

use std::time::Duration;

use jiff::Timestamp;

use super::AttestationRules;
use super::assertion::LONGEST_JTI;
use super::attestation::Attested;
use super::times::{Now, TimeError};
use crate::domain::nonce::NonceIssuer;
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws, JwsError};

/// `typ` of a proof.
const TYPE: &str = "oauth-client-attestation-pop+jwt";
/// Most entries of an `aud` array that are read.
const MOST_AUDIENCES: usize = 10;

/// Why a proof is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PopError {
    /// Not an acceptable compact JWS.
    #[error("the client attestation PoP {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of the client attestation PoP must be {TYPE}")]
    Type,
    /// `alg` is not acceptable, or does not fit the attested key.
    #[error("alg of the client attestation PoP must be ES256, ES384 or EdDSA and fit the attested key")]
    Algorithm,
    /// `aud` is something else.
    #[error("aud of the client attestation PoP must be the issuer identifier of this authorization server")]
    Audience,
    /// `iss` is another client.
    #[error("iss of the client attestation PoP must be the client_id")]
    Issuer,
    /// `jti` is missing or too long.
    #[error("jti of the client attestation PoP must be a string of 1 to {LONGEST_JTI} bytes")]
    Id,
    /// A time is missing or no number.
    #[error("{0} of the client attestation PoP must be a number")]
    Time(&'static str),
    /// It has ended.
    #[error("the client attestation PoP has expired")]
    Ended,
    /// It begins in the future.
    #[error("the client attestation PoP comes from the future")]
    Future,
    /// It was made too long ago.
    #[error("the client attestation PoP is too old")]
    TooOld,
    /// A challenge is needed.
    #[error("the client attestation PoP must have a challenge of this server")]
    ChallengeNeeded,
    /// `challenge` is not one of ours, or has ended.
    #[error("the challenge of the client attestation PoP is unknown or has expired")]
    ChallengeUnknown,
    /// The signature does not verify with the attested key.
    #[error("the signature of the client attestation PoP is wrong")]
    Signature,
    /// It was used before.
    #[error("the client attestation PoP was used before")]
    Replayed,
}

impl From<TimeError> for PopError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Malformed(name) => Self::Time(name),
            TimeError::Ended => Self::Ended,
            TimeError::Future => Self::Future,
        }
    }
}

/// What a proof is held against besides the attestation.
pub(super) struct PopRules<'a> {
    pub(super) issuer: &'a str,
    pub(super) attestation: &'a AttestationRules,
    pub(super) challenges: &'a NonceIssuer,
    pub(super) require_challenge: bool,
    pub(super) now: Timestamp,
}

/// A proof that is good if it is the first of its kind.
pub(super) struct Good {
    /// `jti`
    pub(super) id: String,
    /// When it is refused for its age.
    pub(super) until: Timestamp,
}

/// Checks a proof. The signature comes last, since it costs more than all the rest.
pub(super) fn check(text: &str, attested: &Attested, rules: &PopRules<'_>) -> Result<Good, PopError> {
    let jws = Jws::decode(text)?;
    let members = jws.header()?;
    let header = Header::of(&members)?;
    if header.typ != Some(TYPE) {
        return Err(PopError::Type);
    }
    if Algorithm::named(header.algorithm) != Some(Algorithm::of(&attested.key)) {
        return Err(PopError::Algorithm);
    }
    let claims = jws.claims()?;
    let id = check_claims(&claims, attested, rules)?;
    let until = check_times(&claims, rules)?;
    check_challenge(&claims, rules)?;
    if verify(&attested.key, jws.signed(), jws.signature()) { Ok(Good { id, until }) } else { Err(PopError::Signature) }
}

fn check_claims(claims: &Object<'_>, attested: &Attested, rules: &PopRules<'_>) -> Result<String, PopError> {
    let ours = |audience: &Json<'_>| audience.as_str() == Some(rules.issuer);
    let good = claims.get("aud").is_some_and(|audience| match audience.as_array() {
        Some(all) => all.len() <= MOST_AUDIENCES && all.iter().any(ours),
        None => ours(audience),
    });
    if !good {
        return Err(PopError::Audience);
    }
    if claims.get("iss").is_some_and(|issuer| issuer.as_str() != Some(&attested.client_id)) {
        return Err(PopError::Issuer);
    }
    let id = claims.get("jti").and_then(Json::as_str);
    id.filter(|id| (1..=LONGEST_JTI).contains(&id.len())).map(str::to_owned).ok_or(PopError::Id)
}

fn check_times(claims: &Object<'_>, rules: &PopRules<'_>) -> Result<Timestamp, PopError> {
    let (now, max_age) = (Now::new(rules.now, rules.attestation.skew), rules.attestation.pop_max_age);
    let issued_at = Now::required(claims, "iat")?;
    now.check(claims)?;
    if now.is_older(issued_at, max_age) {
        return Err(PopError::TooOld);
    }
    Ok(now.until(issued_at, max_age.max(Duration::from_secs(1))))
}

/// One that was sent must be good, also where none is needed.
fn check_challenge(claims: &Object<'_>, rules: &PopRules<'_>) -> Result<(), PopError> {
    match claims.get("challenge") {
        None if rules.require_challenge => Err(PopError::ChallengeNeeded),
        None => Ok(()),
        Some(challenge) => {
            let known = challenge.as_str().and_then(|challenge| rules.challenges.check(challenge, rules.now));
            known.map(drop).ok_or(PopError::ChallengeUnknown)
        }
    }
}
