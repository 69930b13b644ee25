//! The session tokens: JWT with HS256 (RFC 7519, RFC 7518 3.2) under the hook's secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Map, Value, json};

use super::HookError;
use crate::base::secret::{hmac, same};
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws};

/// How far the clocks of the hook and of this issuer may be apart, in seconds.
const SKEW: i64 = 60;

/// Signs a token.
pub(super) fn sign(secret: &[u8], payload: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload.to_string()));
    let signature = hmac(secret, &[signed.as_bytes()]);
    format!("{signed}.{}", B64.encode(signature))
}

/// What a hook's token says, once it is believed.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) state: String,
    pub(super) claims: Map<String, Value>,
    pub(super) persist: Vec<String>,
}

/// Checks a token that the hook at `hook` made for `issuer`.
pub(super) fn verify(token: &str, secret: &[u8], hook: &str, issuer: &str, now: i64) -> Result<Said, HookError> {
    let wrong = HookError::Invalid;
    let jws = Jws::decode(token).map_err(|_| wrong("is not a compact JWS"))?;
    let members = jws.header().map_err(|_| wrong("has no valid header"))?;
    let header = Header::of(&members).map_err(|_| wrong("has no valid header"))?;
    if header.algorithm != "HS256" {
        return Err(wrong("is not signed with HS256"));
    }
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
        return Err(wrong("has another typ than JWT"));
    }
    if !same(jws.signature(), &hmac(secret, &[jws.signed()])) {
        return Err(wrong("has a wrong signature"));
    }
    let claims = jws.claims().map_err(|_| wrong("has no valid payload"))?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    if text("iss") != Some(hook) {
        return Err(wrong("is not from the hook's url"));
    }
    if !for_issuer(&claims, issuer) {
        return Err(wrong("is for another issuer"));
    }
    times(&claims, now)?;
    let state = text("state").ok_or(wrong("has no state"))?.to_owned();
    Ok(Said { state, claims: added(&claims)?, persist: persisted(&claims)? })
}

fn for_issuer(claims: &Object<'_>, issuer: &str) -> bool {
    match claims.get("aud") {
        Some(Json::Text(one)) => one == issuer,
        Some(Json::Array(all)) => matches!(all.as_slice(), [one] if one.as_str() == Some(issuer)),
        _ => false,
    }
}

fn seconds(claims: &Object<'_>, name: &str) -> Option<i64> {
    match claims.get(name) {
        Some(Json::Number(number)) => number.as_i64().filter(|time| (0..=1 << 53).contains(time)),
        _ => None,
    }
}

fn times(claims: &Object<'_>, now: i64) -> Result<(), HookError> {
    let made = seconds(claims, "iat").ok_or(HookError::Invalid("has no valid iat"))?;
    let end = seconds(claims, "exp").ok_or(HookError::Invalid("has no valid exp"))?;
    if made > now + SKEW || end <= made {
        return Err(HookError::Invalid("was made in the future, or ends before it was made"));
    }
    if end + SKEW <= now { Err(HookError::Invalid("has expired")) } else { Ok(()) }
}

fn added(claims: &Object<'_>) -> Result<Map<String, Value>, HookError> {
    match claims.get("claims").cloned().map(Json::into_value) {
        None => Ok(Map::new()),
        Some(Value::Object(claims)) => Ok(claims),
        Some(_) => Err(HookError::Invalid("has claims that are no object")),
    }
}

fn persisted(claims: &Object<'_>) -> Result<Vec<String>, HookError> {
    let wrong = HookError::Invalid("has claimsToPersist that are no list of names");
    match claims.get("claimsToPersist") {
        None => Ok(Vec::new()),
        Some(Json::Array(names)) => names.iter().map(|name| name.as_str().map(str::to_owned).ok_or(wrong)).collect(),
        Some(_) => Err(wrong),
    }
}
