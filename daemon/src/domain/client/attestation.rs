//! Client attestations (draft-ietf-oauth-attestation-based-client-auth section 4, `OpenID4VCI` appendix E): a wallet provider vouches
//! for a wallet and for a key of this one instance of it. The proof that the instance holds the key is in `pop`.
//!
//! Draft 07 has `iss` in the attestation, later drafts have not; both are read. A `status` in it is not looked up.

use jiff::Timestamp;

use super::assertion::LONGEST_ID;
use super::times::{Now, TimeError};
use super::{AttestationRules, WalletFacts};
use crate::base::key::PublicKey;
use crate::pki::certificate::Facts;
use crate::pki::chain::ChainError;
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jwk::{self, JwkError};
use crate::wire::jws::{Header, Jws, JwsError};
use crate::wire::x5c;

/// `typ` of an attestation.
const TYPE: &str = "oauth-client-attestation+jwt";
/// Longest text that is kept of what an attestation says.
const LONGEST_FACT: usize = 255;

/// Why an attestation is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Not one header with one JWT in it.
    #[error("send one OAuth-Client-Attestation and one OAuth-Client-Attestation-PoP header, each with one JWT")]
    NotOne,
    /// Not an acceptable compact JWS.
    #[error("the client attestation {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of the client attestation must be {TYPE}")]
    Type,
    /// `alg` is not one of the metadata's `client_attestation_signing_alg_values_supported`, or does not fit the key.
    #[error("alg of the client attestation must be ES256, ES384 or EdDSA and fit its key")]
    Algorithm,
    /// Neither a chain of certificates nor a trusted key.
    #[error("the client attestation must have x5c, or the kid of a trusted key, in its header")]
    NoKey,
    /// The chain is no chain.
    #[error("x5c of the client attestation must have 1 to 5 certificates in base64")]
    Certificates,
    /// The chain gives no trust.
    #[error("x5c of the client attestation {0}")]
    Chain(#[from] ChainError),
    /// `iss` is no accepted wallet provider.
    #[error("iss of the client attestation is not an accepted wallet provider")]
    Issuer,
    /// `sub` is missing.
    #[error("sub of the client attestation must be the client_id")]
    Subject,
    /// Another `client_id` was sent beside it.
    #[error("client_id is not sub of the client attestation")]
    ClientId,
    /// `cnf.jwk` is missing.
    #[error("the client attestation must have cnf with a jwk")]
    NoInstanceKey,
    /// `cnf.jwk` is not acceptable.
    #[error("cnf of the client attestation: {0}")]
    InstanceKey(#[from] JwkError),
    /// A time is missing or no number.
    #[error("{0} of the client attestation must be a number")]
    Time(&'static str),
    /// It has ended.
    #[error("the client attestation has expired")]
    Ended,
    /// It begins in the future.
    #[error("the client attestation comes from the future")]
    Future,
    /// It is older than the operator permits.
    #[error("the client attestation is too old; get a new one from the wallet provider")]
    TooOld,
    /// The signature does not verify with the key.
    #[error("the signature of the client attestation is wrong")]
    Signature,
}

impl From<TimeError> for AttestationError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Malformed(name) => Self::Time(name),
            TimeError::Ended => Self::Ended,
            TimeError::Future => Self::Future,
        }
    }
}

/// What a good attestation says.
pub(super) struct Attested {
    /// `sub`
    pub(super) client_id: String,
    /// The key of the instance.
    pub(super) key: PublicKey,
    /// About the wallet.
    pub(super) facts: WalletFacts,
}

/// Checks an attestation. Chain and signature come last, since they cost more than all the rest.
pub(super) fn check(text: &str, rules: &AttestationRules, now: Timestamp) -> Result<Attested, AttestationError> {
    let jws = Jws::decode(text)?;
    let header = jws.header()?;
    let read = Header::of(&header)?;
    if read.typ != Some(TYPE) {
        return Err(AttestationError::Type);
    }
    let algorithm = Algorithm::named(read.algorithm).ok_or(AttestationError::Algorithm)?;
    let claims = jws.claims()?;
    let mut attested = check_claims(&claims, rules)?;
    check_times(&claims, rules, now)?;
    let (signer, name) = signer(&header, rules, now)?;
    if Algorithm::of(&signer) != algorithm {
        return Err(AttestationError::Algorithm);
    }
    if !verify(&signer, jws.signed(), jws.signature()) {
        return Err(AttestationError::Signature);
    }
    attested.facts.provider = attested.facts.provider.or(name);
    Ok(attested)
}

fn check_claims(claims: &Object<'_>, rules: &AttestationRules) -> Result<Attested, AttestationError> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let issuer = match claims.get("iss") {
        None => None,
        Some(issuer) => Some(issuer.as_str().ok_or(AttestationError::Issuer)?),
    };
    if issuer.is_some_and(|issuer| !rules.issuers.is_empty() && !rules.issuers.iter().any(|known| known == issuer)) {
        return Err(AttestationError::Issuer);
    }
    let subject = text("sub").filter(|id| (1..=LONGEST_ID).contains(&id.len())).ok_or(AttestationError::Subject)?;
    let confirmation = claims.get("cnf").and_then(Json::as_object).and_then(|cnf| cnf.get("jwk"));
    let key = jwk::parse(confirmation.ok_or(AttestationError::NoInstanceKey)?)?;
    let fact = |name: &str| text(name).filter(|text| is_fact(text)).map(str::to_owned);
    let facts = WalletFacts {
        name: fact("wallet_name"),
        version: fact("wallet_version"),
        link: fact("wallet_link"),
        provider: issuer.filter(|text| is_fact(text)).map(str::to_owned),
        key: jwk::thumbprint_bytes(&key),
    };
    Ok(Attested { client_id: subject.to_owned(), key, facts })
}

/// Whether a text may be kept and shown to plugins.
fn is_fact(text: &str) -> bool {
    (1..=LONGEST_FACT).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn check_times(claims: &Object<'_>, rules: &AttestationRules, now: Timestamp) -> Result<(), AttestationError> {
    let now = Now::new(now, rules.skew);
    Now::required(claims, "exp")?;
    now.check(claims)?;
    if let Some(max_age) = rules.max_age
        && now.is_older(Now::required(claims, "iat")?, max_age)
    {
        return Err(AttestationError::TooOld);
    }
    Ok(())
}

/// The key that signed it and, with a certificate, whose it is. A key is trusted because the operator listed it or an authority
/// above it, never because it was sent: `jwk`, `jku` and `x5u` are not looked at.
fn signer(
    header: &Object<'_>,
    rules: &AttestationRules,
    now: Timestamp,
) -> Result<(PublicKey, Option<String>), AttestationError> {
    if let Some(chain) = header.get("x5c") {
        let chain = x5c::decode(chain).ok_or(AttestationError::Certificates)?;
        let key = rules.anchors.leaf(&chain, now)?;
        let name = chain.first().and_then(|leaf| Facts::read(leaf).ok()).and_then(|facts| facts.common_name);
        return Ok((key, name.filter(|name| is_fact(name))));
    }
    let kid = header.get("kid").and_then(Json::as_str).ok_or(AttestationError::NoKey)?;
    let named = |key: &&PublicKey| jwk::thumbprint(key) == kid;
    let key = rules.anchors.keys().iter().find(named).ok_or(AttestationError::NoKey)?;
    Ok((*key, None))
}
