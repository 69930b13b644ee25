//! Signed authorization requests (JAR, RFC 9101): a request object is believed because a key of the client signed it, and then its
//! members are the request, and nothing else is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::assertion::{LONGEST_ID, LONGEST_JTI};
use super::authenticate::SKEW;
use super::registered::Registered;
use super::times::{Now, TimeError};
use super::{Client, WalletClients};
use crate::base::key::PublicKey;
use crate::domain::Failure;
use crate::signer::{Algorithm, verify};
use crate::store::seen::Space;
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws, JwsError};

/// `typ` of a request object (RFC 9101 10.8); with the prefix `application/` it is the same (RFC 7515 4.1.9).
const TYPE: &str = "oauth-authz-req+jwt";
/// How far ahead `exp` may be, and how old one may be by its `nbf` (FAPI 2.0 Message Signing 5.3.1).
const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// Most members of a request object: parameters of the standards are about twenty, and a provider may know some more.
const MOST_MEMBERS: usize = 64;
/// Claims of the JWT itself, which are no parameters.
const CLAIMS: [&str; 6] = ["iss", "aud", "exp", "iat", "nbf", "jti"];

/// The keys that a client signs its authorization requests with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestKeys {
    /// None is known.
    None,
    /// Those that it has registered.
    Registered(Arc<Registered>),
    /// The one of its attested instance.
    Instance(PublicKey),
}

impl RequestKeys {
    /// The key that a header names, of this algorithm.
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        match self {
            Self::None => None,
            Self::Registered(client) => client.key(kid, algorithm),
            // There is one, whatever the header calls it.
            Self::Instance(key) => Some(key).filter(|key| Algorithm::of(key) == algorithm),
        }
    }
}

/// Why a request object is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestObjectError {
    /// No key of the client is known.
    #[error("request cannot be checked: the client has registered no key")]
    NoKeys,
    /// Not an acceptable compact JWS.
    #[error("request {0}")]
    Jws(#[from] JwsError),
    /// `typ` is something else.
    #[error("typ of request must be {TYPE}")]
    Type,
    /// `alg` is not one of the metadata's `request_object_signing_alg_values_supported`.
    #[error("alg of request must be ES256, ES384 or EdDSA")]
    Algorithm,
    /// A request in the request (RFC 9101 4).
    #[error("request must not have the members request and request_uri")]
    Nested,
    /// It looks like a client assertion (RFC 9101 10.8).
    #[error("request must not have the member sub")]
    Subject,
    /// `client_id` is missing or another client's.
    #[error("client_id of request must be that of the client that sends it")]
    ClientId,
    /// `iss` is missing or another client.
    #[error("iss of request must be the client_id")]
    Issuer,
    /// `aud` is something else.
    #[error("aud of request must be the issuer identifier of this authorization server")]
    Audience,
    /// A time is missing or no number.
    #[error("{0} of request must be a number")]
    Time(&'static str),
    /// It has ended.
    #[error("request has expired")]
    Ended,
    /// It begins in the future.
    #[error("request comes from the future")]
    Future,
    /// It lives too long.
    #[error("exp of request must be within an hour, and nbf at most an hour ago")]
    TooLong,
    /// `jti` is no text, or too long.
    #[error("jti of request must be a string of 1 to {LONGEST_JTI} bytes")]
    Id,
    /// More members than any request has.
    #[error("request has more than {MOST_MEMBERS} members")]
    TooMany,
    /// The signature does not verify with the key that it names.
    #[error("request is not signed by a key of the client")]
    Signature,
    /// It was used before.
    #[error("request was used before")]
    Replayed,
}

impl From<TimeError> for RequestObjectError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Malformed(name) => Self::Time(name),
            TimeError::Ended => Self::Ended,
            TimeError::Future => Self::Future,
        }
    }
}

/// A good request object.
struct Good {
    parameters: BTreeMap<String, String>,
    /// `jti`, and until when it must not come again.
    once: Option<(String, Timestamp)>,
}

impl WalletClients {
    /// The parameters of a request object that a client sends. One with a `jti` is accepted once.
    pub async fn pushed_object(
        &self,
        client: &Client,
        object: &str,
    ) -> Result<Result<BTreeMap<String, String>, RequestObjectError>, Failure> {
        let Good { parameters, once } = match self.check(client, object) {
            Ok(good) => good,
            Err(error) => return Ok(Err(error)),
        };
        let Some((id, until)) = once else { return Ok(Ok(parameters)) };
        let id = [client.id.as_bytes(), &[0], id.as_bytes()].concat();
        let first = self.store.seen_once(Space::RequestObject, &id, until).await?;
        Ok(if first { Ok(parameters) } else { Err(RequestObjectError::Replayed) })
    }

    /// The same for one that comes through a browser, where a page may be loaded again: it is good as long as it lives.
    pub fn shown_object(&self, client: &Client, object: &str) -> Result<BTreeMap<String, String>, RequestObjectError> {
        self.check(client, object).map(|good| good.parameters)
    }

    fn check(&self, client: &Client, text: &str) -> Result<Good, RequestObjectError> {
        if client.request_keys == RequestKeys::None {
            return Err(RequestObjectError::NoKeys);
        }
        let jws = Jws::decode(text)?;
        let header = jws.header()?;
        let algorithm = read_header(&header)?;
        let claims = jws.claims()?;
        check_parties(&claims, &client.id, &self.issuer)?;
        let once = check_times(&claims, Now::new(self.clock.now(), SKEW))?;
        let kid = header.get("kid").and_then(Json::as_str);
        let key = client.request_keys.find(kid, algorithm).ok_or(RequestObjectError::Signature)?;
        if !verify(key, jws.signed(), jws.signature()) {
            return Err(RequestObjectError::Signature);
        }
        Ok(Good { parameters: parameters(claims)?, once })
    }
}

/// Keys in the header are not looked at, nor are URLs of keys.
fn read_header(members: &Object<'_>) -> Result<Algorithm, RequestObjectError> {
    let header = Header::of(members)?;
    let named = header.typ.map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    if members.get("typ").is_some() && !named.is_some_and(|typ| typ == TYPE || typ.eq_ignore_ascii_case("jwt")) {
        return Err(RequestObjectError::Type);
    }
    Algorithm::named(header.algorithm).ok_or(RequestObjectError::Algorithm)
}

fn check_parties(claims: &Object<'_>, client: &str, issuer: &str) -> Result<(), RequestObjectError> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    if claims.get("request").is_some() || claims.get("request_uri").is_some() {
        return Err(RequestObjectError::Nested);
    }
    if claims.get("sub").is_some() {
        return Err(RequestObjectError::Subject);
    }
    if text("client_id").is_none_or(|id| id != client || id.len() > LONGEST_ID) {
        return Err(RequestObjectError::ClientId);
    }
    if text("iss") != Some(client) {
        return Err(RequestObjectError::Issuer);
    }
    let ours = |audience: &Json<'_>| audience.as_str() == Some(issuer);
    let good = claims.get("aud").is_some_and(|audience| match audience.as_array() {
        Some(all) => all.iter().any(ours),
        None => ours(audience),
    });
    if good { Ok(()) } else { Err(RequestObjectError::Audience) }
}

fn check_times(claims: &Object<'_>, now: Now) -> Result<Option<(String, Timestamp)>, RequestObjectError> {
    let end = Now::required(claims, "exp")?;
    now.check(claims)?;
    let old = Now::read(claims, "nbf")?.is_some_and(|start| now.is_older(start, LONGEST_LIFE));
    if old || now.is_beyond(end, LONGEST_LIFE) {
        return Err(RequestObjectError::TooLong);
    }
    let Some(id) = claims.get("jti") else { return Ok(None) };
    let id = id.as_str().filter(|id| (1..=LONGEST_JTI).contains(&id.len())).ok_or(RequestObjectError::Id)?;
    Ok(Some((id.to_owned(), now.until(end, Duration::ZERO))))
}

/// The members as they would stand in a form: `authorization_details` as JSON (RFC 9396 section 3), numbers as they are written.
fn parameters(claims: Object<'_>) -> Result<BTreeMap<String, String>, RequestObjectError> {
    if claims.len() > MOST_MEMBERS {
        return Err(RequestObjectError::TooMany);
    }
    let parameter = |(name, value): (Cow<'_, str>, Json<'_>)| match value {
        Json::Null => None,
        Json::Text(text) => (!text.is_empty()).then(|| (name.into_owned(), text.into_owned())),
        value => Some((name.into_owned(), value.into_value().to_string())),
    };
    let members = claims.into_members().filter(|(name, _)| !CLAIMS.contains(&name.as_ref()));
    Ok(members.filter_map(parameter).collect())
}
