//! `private_key_jwt`: a client signs a JWT with a registered key (RFC 7521 4.2, RFC 7523 sections 2.2 and 3).

use std::time::Duration;

use jiff::Timestamp;

use super::registered::Registered;
use super::times::{Now, TimeError};
use crate::base::key::PublicKey;
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws, JwsError};

/// The one `client_assertion_type` (RFC 7523 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What `typ` may say, when it is there; a JWT of another type is not taken for an assertion.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];
/// How far ahead `exp` may be: an assertion is made for one request.
const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// Longest `jti` in bytes.
pub(super) const LONGEST_JTI: usize = 256;
/// Longest `client_id` in bytes.
pub(super) const LONGEST_ID: usize = 512;

/// Why an assertion is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// `client_assertion_type` is something else.
    #[error("client_assertion_type must be {ASSERTION_TYPE}")]
    Type,
    /// Not an acceptable compact JWS.
    #[error("client_assertion {0}")]
    Jws(#[from] JwsError),
    /// `typ` says that it is something else (RFC 8725 3.11).
    #[error("typ of client_assertion must be JWT or client-authentication+jwt, or left out")]
    Kind,
    /// `alg` is not one of the metadata's `token_endpoint_auth_signing_alg_values_supported`.
    #[error("alg of client_assertion must be ES256, ES384 or EdDSA")]
    Algorithm,
    /// `iss` or `sub` is missing, or they differ.
    #[error("iss and sub of client_assertion must both be the client_id")]
    Subject,
    /// Another `client_id` was sent beside it.
    #[error("client_id is not that of client_assertion")]
    ClientId,
    /// `aud` is something else.
    #[error("aud of client_assertion must be the issuer identifier of this authorization server, as one string")]
    Audience,
    /// `jti` is missing or too long.
    #[error("jti of client_assertion must be a string of 1 to {LONGEST_JTI} bytes")]
    Id,
    /// A time is missing or no number.
    #[error("{0} of client_assertion must be a number")]
    Time(&'static str),
    /// It has ended.
    #[error("client_assertion has expired")]
    Ended,
    /// It begins in the future.
    #[error("client_assertion comes from the future")]
    Future,
    /// It lives too long.
    #[error("exp of client_assertion must be within 10 minutes")]
    TooLong,
    /// It was used before.
    #[error("client_assertion was used before")]
    Replayed,
}

impl From<TimeError> for AssertionError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Malformed(name) => Self::Time(name),
            TimeError::Ended => Self::Ended,
            TimeError::Future => Self::Future,
        }
    }
}

/// An assertion that says the right things; who signed it is not known yet.
pub(super) struct Assertion<'a> {
    jws: Jws<'a>,
    algorithm: Algorithm,
    kid: Option<String>,
    /// The client that it names.
    pub(super) client_id: String,
    /// `jti`
    pub(super) id: String,
    /// When it is refused for its age.
    pub(super) until: Timestamp,
}

impl<'a> Assertion<'a> {
    /// Reads one and checks what does not depend on the client, so that nothing about clients can be learnt from it.
    pub(super) fn read(text: &'a str, issuer: &str, now: Now) -> Result<Self, AssertionError> {
        let jws = Jws::decode(text)?;
        let (algorithm, kid) = read_header(&jws.header()?)?;
        let (client_id, id, until) = read_claims(&jws.claims()?, issuer, now)?;
        Ok(Self { jws, algorithm, kid, client_id, id, until })
    }

    /// Whether a registered key of this client made it. An unknown client costs a check as well.
    pub(super) fn is_by(&self, client: Option<&Registered>) -> bool {
        // Keys in the header are not looked at.
        let key = client.and_then(|client| client.key(self.kid.as_deref(), self.algorithm));
        let good = verify(key.unwrap_or(&NOBODY), self.jws.signed(), self.jws.signature());
        good && key.is_some()
    }
}

/// The generator of P-256: a key that costs a check, and whose private half everybody knows. It is never believed.
const NOBODY: PublicKey = PublicKey::P256 {
    x: [
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
        0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ],
    y: [
        0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
        0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ],
};

fn read_header(members: &Object<'_>) -> Result<(Algorithm, Option<String>), AssertionError> {
    let header = Header::of(members)?;
    if members.get("typ").is_some()
        && !header.typ.is_some_and(|typ| TYPES.iter().any(|one| typ.eq_ignore_ascii_case(one)))
    {
        return Err(AssertionError::Kind);
    }
    let algorithm = Algorithm::named(header.algorithm).ok_or(AssertionError::Algorithm)?;
    Ok((algorithm, members.get("kid").and_then(Json::as_str).map(str::to_owned)))
}

fn read_claims(claims: &Object<'_>, issuer: &str, now: Now) -> Result<(String, String, Timestamp), AssertionError> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let subject = text("sub").filter(|id| (1..=LONGEST_ID).contains(&id.len())).ok_or(AssertionError::Subject)?;
    if text("iss") != Some(subject) {
        return Err(AssertionError::Subject);
    }
    if text("aud") != Some(issuer) {
        return Err(AssertionError::Audience);
    }
    let end = Now::required(claims, "exp")?;
    now.check(claims)?;
    if now.is_beyond(end, LONGEST_LIFE) {
        return Err(AssertionError::TooLong);
    }
    let id = text("jti").filter(|id| (1..=LONGEST_JTI).contains(&id.len())).ok_or(AssertionError::Id)?;
    Ok((subject.to_owned(), id.to_owned(), now.until(end, Duration::ZERO)))
}
