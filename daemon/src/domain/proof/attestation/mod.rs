//! Key attestations (`OpenID4VCI` appendix D): somebody whom the operator trusts says how keys of a wallet are stored and who can use
//! them. They come in the header of a `jwt` proof, or alone as a proof of type `attestation` (F.1, F.3).

mod shown;
#[cfg(test)]
pub(super) mod tests;

use crate::base::key::PublicKey;
use crate::domain::configuration::key_attestation::KeyAttestation;
use crate::domain::nonce::Nonce;
use crate::domain::proof::{AHEAD, ProofRules, is_outside, seconds};
use crate::pki::chain::{Anchors, ChainError};
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jwk::{self, JwkError, thumbprint};
use crate::wire::jws::{Header, Jws, JwsError};
use crate::wire::x5c;
pub(super) use shown::{check_alone, check_with_proofs};

/// `typ` of a key attestation.
const TYPE: &str = "key-attestation+jwt";
/// Most attested keys; a request gets at most a batch of them.
const MOST_KEYS: usize = 100;

/// Who attests, and what it must be.
#[derive(Clone, Copy)]
pub struct AttestationRules<'a> {
    /// Whose word counts.
    pub attesters: &'a Anchors,
    /// What the configuration asks for.
    pub needed: &'a KeyAttestation,
}

/// Where an attestation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// In the header of a proof: the proof shows that the wallet holds a key, so an old attestation needs an end.
    Proof,
    /// Alone: only its nonce says that it is fresh.
    Alone,
}

/// Why a key attestation is refused. Display is a fixed description for the wallet, without anything that it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// The configuration needs one.
    #[error("a key_attestation is required")]
    Missing,
    /// The configuration has no use for one.
    #[error("proofs of type attestation are not offered for this credential")]
    NotOffered,
    /// Not an acceptable compact JWS.
    #[error("the key attestation {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of the key attestation must be {TYPE}")]
    Type,
    /// `alg` is not acceptable.
    #[error("alg of the key attestation must be ES256, ES384 or EdDSA")]
    Algorithm,
    /// None of `x5c` and `kid`, both, or a key without a certificate.
    #[error("the key attestation must have one of x5c and kid, and no jwk or trust_chain")]
    NotOne,
    /// `x5c` gives no trust.
    #[error("x5c of the key attestation {0}")]
    Chain(#[from] ChainError),
    /// `kid` names no trusted key.
    #[error("kid of the key attestation is not that of a trusted key")]
    UnknownKey,
    /// `alg` is not the algorithm of the signer's key.
    #[error("alg of the key attestation does not fit its key")]
    KeyMismatch,
    /// `iat` is missing, not a number, or in the future.
    #[error("iat of the key attestation must be a number that is not in the future")]
    IssuedAt,
    /// `exp` is missing in one that comes with a proof.
    #[error("exp of the key attestation is required")]
    NoEnd,
    /// `exp` has passed, `nbf` has not, or one of them is not a number.
    #[error("the key attestation is not valid at this time")]
    NotValidNow,
    /// `nonce` is missing or not a string.
    #[error("nonce of the key attestation must be a c_nonce")]
    NonceMissing,
    /// `nonce` is not one of ours, or has ended.
    #[error("the nonce of the key attestation is unknown or has expired; fetch a new one")]
    NonceUnknown,
    /// `attested_keys` is missing, empty or too long.
    #[error("attested_keys must be an array of 1 to {MOST_KEYS} keys")]
    Keys,
    /// One of them is not acceptable.
    #[error("attested_keys: {0}")]
    Key(#[from] JwkError),
    /// Keys are not stored as the configuration asks.
    #[error("key_storage of the key attestation has no accepted value")]
    KeyStorage,
    /// Users are not authenticated as the configuration asks.
    #[error("user_authentication of the key attestation has no accepted value")]
    UserAuthentication,
    /// The signature does not verify with the key.
    #[error("the signature of the key attestation is wrong")]
    Signature,
    /// The proof is of a key that is not attested.
    #[error("the key of the proof must be one of attested_keys")]
    NotAttested,
}

/// A good attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attested {
    /// Its keys, each once, with their `kid`.
    keys: Vec<(PublicKey, Option<String>)>,
    /// What makes it fresh; not yet taken.
    nonce: Nonce,
}

/// Checks an attestation. Signatures come last, since they cost more than all the rest.
fn check_attestation(
    text: &str,
    carrier: Carrier,
    attestation: AttestationRules<'_>,
    rules: &ProofRules<'_>,
) -> Result<Attested, AttestationError> {
    let jws = Jws::decode(text)?;
    let header = jws.header()?;
    let algorithm = check_header(&header)?;
    let claims = jws.claims()?;
    check_times(&claims, carrier, rules)?;
    check_levels(&claims, attestation.needed)?;
    let keys = attested_keys(&claims)?;
    let nonce = claims.get("nonce").and_then(Json::as_str).ok_or(AttestationError::NonceMissing)?;
    let nonce = rules.nonces.check(nonce, rules.now).ok_or(AttestationError::NonceUnknown)?;
    let signer = signer(&header, attestation.attesters, rules)?;
    if Algorithm::of(&signer) != algorithm {
        return Err(AttestationError::KeyMismatch);
    }
    if !verify(&signer, jws.signed(), jws.signature()) {
        return Err(AttestationError::Signature);
    }
    Ok(Attested { keys, nonce })
}

fn check_header(members: &Object<'_>) -> Result<Algorithm, AttestationError> {
    let header = Header::of(members)?;
    if header.typ != Some(TYPE) {
        return Err(AttestationError::Type);
    }
    Algorithm::named(header.algorithm).ok_or(AttestationError::Algorithm)
}

/// The key that the attestation must be signed with, found by what is trusted and never by what is sent alone.
fn signer(header: &Object<'_>, attesters: &Anchors, rules: &ProofRules<'_>) -> Result<PublicKey, AttestationError> {
    if header.get("jwk").is_some() || header.get("trust_chain").is_some() {
        return Err(AttestationError::NotOne);
    }
    match (header.get("x5c"), header.get("kid")) {
        (Some(chain), None) => Ok(attesters.leaf(&x5c::decode(chain).ok_or(ChainError::Length)?, rules.now)?),
        (None, Some(kid)) => {
            let mut keys = attesters.keys().iter();
            let named = kid.as_str().and_then(|kid| keys.find(|key| thumbprint(key) == kid));
            named.copied().ok_or(AttestationError::UnknownKey)
        }
        _ => Err(AttestationError::NotOne),
    }
}

fn check_times(claims: &Object<'_>, carrier: Carrier, rules: &ProofRules<'_>) -> Result<(), AttestationError> {
    let issued_at = claims.get("iat").and_then(seconds).ok_or(AttestationError::IssuedAt)?;
    if issued_at > rules.now.as_second().saturating_add(AHEAD) {
        return Err(AttestationError::IssuedAt);
    }
    if carrier == Carrier::Proof && claims.get("exp").is_none() {
        return Err(AttestationError::NoEnd);
    }
    if is_outside(claims, rules.now) { Err(AttestationError::NotValidNow) } else { Ok(()) }
}

fn check_levels(claims: &Object<'_>, needed: &KeyAttestation) -> Result<(), AttestationError> {
    let reaches = |name: &str, accepted: &[String]| {
        let given = claims.get(name).and_then(Json::as_array).unwrap_or_default();
        accepted.is_empty()
            || given.iter().filter_map(Json::as_str).any(|level| accepted.iter().any(|one| one == level))
    };
    if !reaches("key_storage", &needed.key_storage) {
        return Err(AttestationError::KeyStorage);
    }
    if !reaches("user_authentication", &needed.user_authentication) {
        return Err(AttestationError::UserAuthentication);
    }
    Ok(())
}

fn attested_keys(claims: &Object<'_>) -> Result<Vec<(PublicKey, Option<String>)>, AttestationError> {
    let given = claims.get("attested_keys").and_then(Json::as_array);
    let given = given.filter(|keys| (1..=MOST_KEYS).contains(&keys.len())).ok_or(AttestationError::Keys)?;
    let mut keys: Vec<(PublicKey, Option<String>)> = Vec::with_capacity(given.len());
    for item in given {
        let key = jwk::parse(item)?;
        let kid = item.as_object().and_then(|jwk| jwk.get("kid")).and_then(Json::as_str).map(str::to_owned);
        if !keys.iter().any(|(known, _)| *known == key) {
            keys.push((key, kid));
        }
    }
    Ok(keys)
}
