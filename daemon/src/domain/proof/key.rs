//! Which key a proof is for: exactly one of `jwk`, `kid` and `x5c` (`OpenID4VCI` F.1).
//!
//! An `x5c` is the carrier of a key and nothing more: its chain is not held against any trust anchor, since this issuer does not
//! decide by who certified a wallet's key. A `key_attestation` is ignored where the configuration asks for none, and no level of
//! protection is concluded from it. `trust_chain` is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::key::PublicKey;
use crate::pki::certificate::{parse, public_key};
use crate::wire::did::{DidError, resolve};
use crate::wire::json::{Json, Object};
use crate::wire::jwk::{JwkError, parse as parse_jwk};
use crate::wire::point;

/// Most certificates in an `x5c`. Their bytes are bounded by the largest JWS that is read.
const MOST_CERTIFICATES: usize = 5;

/// Why a header names no usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// None of `jwk`, `kid`, `x5c`, or more than one.
    #[error("the proof must have exactly one of jwk, kid and x5c")]
    NotOne,
    /// A `trust_chain` was sent.
    #[error("trust_chain is not supported")]
    TrustChain,
    /// `jwk` is not acceptable.
    #[error("{0}")]
    Jwk(#[from] JwkError),
    /// `kid` is not a string.
    #[error("kid must be a string")]
    Kid,
    /// `kid` is no DID URL of a key.
    #[error("{0}")]
    Did(#[from] DidError),
    /// `x5c` is not an array of one to five base64 certificates.
    #[error("x5c must have 1 to {MOST_CERTIFICATES} certificates in base64")]
    Chain,
    /// The first certificate's key is of another kind.
    #[error("the key of the certificate must be P-256, P-384 or Ed25519")]
    CertificateKey,
}

/// The key that the header of a proof names.
pub fn proof_key(header: &Object<'_>) -> Result<PublicKey, KeyError> {
    if header.get("trust_chain").is_some() {
        return Err(KeyError::TrustChain);
    }
    match (header.get("jwk"), header.get("kid"), header.get("x5c")) {
        (Some(jwk), None, None) => Ok(parse_jwk(jwk)?),
        (None, Some(kid), None) => Ok(resolve(kid.as_str().ok_or(KeyError::Kid)?)?),
        (None, None, Some(chain)) => certified(chain),
        _ => Err(KeyError::NotOne),
    }
}

/// The key of the first certificate; the others must be certificates too.
fn certified(chain: &Json<'_>) -> Result<PublicKey, KeyError> {
    let chain =
        chain.as_array().filter(|chain| (1..=MOST_CERTIFICATES).contains(&chain.len())).ok_or(KeyError::Chain)?;
    let mut first = None;
    for item in chain {
        let text = item.as_str().ok_or(KeyError::Chain)?;
        let der = STANDARD.decode(text).map_err(|_| KeyError::Chain)?;
        let certificate = parse(&der).map_err(|_| KeyError::Chain)?;
        if first.is_none() {
            first = Some(public_key(certificate.public_key()));
        }
    }
    match first.flatten() {
        Some(PublicKey::Ed25519 { x }) => point::ed25519(x).ok_or(KeyError::CertificateKey),
        Some(key) => Ok(key),
        None => Err(KeyError::CertificateKey),
    }
}
