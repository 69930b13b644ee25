//! What an ID token must say to be believed (OIDC Core 3.1.3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::PendingLogin;
use super::keys::TokenAlgorithm;
use crate::base::secret::same;
use crate::wire::json::{Json, Object};
use crate::wire::jws::{Header, Jws};

/// How far the clocks of a provider and of this issuer may be apart, in seconds.
const SKEW: i64 = 60;
/// Greatest age of a token, in seconds: it was made for this login.
const MOST_AGE: i64 = 600;
/// Longest subject (OIDC Core 2), in characters.
const MOST_SUBJECT: usize = 255;
/// Greatest time in a token: the integers that a double holds.
const MOST_TIME: f64 = 9_007_199_254_740_992.0;

/// What is said of the login and the token, not of the holder.
const OF_THE_LOGIN: [&str; 17] = [
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "azp",
    "auth_time",
    "acr",
    "amr",
    "sid",
    "jti",
    "typ",
    "sub_jwk",
];

/// A token that was split and read, not yet believed.
pub(super) struct Unverified<'a> {
    /// The whole.
    pub(super) jws: Jws<'a>,
    /// Its algorithm, one that is accepted.
    pub(super) algorithm: TokenAlgorithm,
    /// The key that it names.
    pub(super) kid: Option<String>,
}

impl<'a> Unverified<'a> {
    /// Splits a token.
    pub(super) fn read(token: &'a str) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("its ID token {error}");
        let jws = Jws::decode(token).map_err(|error| told(&error))?;
        let members = jws.header().map_err(|error| told(&error))?;
        let header = Header::of(&members).map_err(|error| told(&error))?;
        let algorithm = TokenAlgorithm::named(header.algorithm);
        let algorithm = algorithm.ok_or("its ID token is signed with an algorithm that is not accepted")?;
        if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
            return Err("its ID token has another typ than JWT".into());
        }
        let kid = members.get("kid").map(|kid| kid.as_str().map(str::to_owned).ok_or("its ID token has no valid kid"));
        let kid = kid.transpose()?;
        drop(members);
        Ok(Self { jws, algorithm, kid })
    }
}

/// What a token is held against.
pub(super) struct Expected<'a> {
    /// The provider's issuer identifier.
    pub(super) issuer: &'a str,
    /// This issuer's identifier there.
    pub(super) client_id: &'a str,
    /// The login that it ends.
    pub(super) pending: &'a PendingLogin,
    /// The access token that came with it.
    pub(super) access_token: Option<&'a str>,
    /// Its algorithm.
    pub(super) algorithm: TokenAlgorithm,
    /// Now.
    pub(super) now: Timestamp,
}

/// What a token says.
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
    pub(super) authenticated_at: Option<Timestamp>,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
}

/// Reads the claims of a token whose signature is good.
pub(super) fn check(token: &Unverified<'_>, expected: &Expected<'_>) -> Result<Said, String> {
    let claims = token.jws.claims().map_err(|error| format!("its ID token {error}"))?;
    let wrong = |what: &str| Err(format!("its ID token {what}"));
    if text(&claims, "iss") != Some(expected.issuer) {
        return wrong("is from another issuer");
    }
    audience(&claims, expected.client_id)?;
    times(&claims, expected.now)?;
    let nonce = text(&claims, "nonce").unwrap_or_default();
    if !same(nonce.as_bytes(), expected.pending.nonce.as_bytes()) {
        return wrong("has another nonce");
    }
    if claims.get("at_hash").is_some() && !names_access_token(&claims, expected) {
        return wrong("belongs to another access token");
    }
    let subject = text(&claims, "sub").filter(|sub| !sub.is_empty() && sub.chars().count() <= MOST_SUBJECT);
    let subject = subject.ok_or("its ID token has no valid sub")?.to_owned();
    let authenticated_at = authenticated(&claims, expected)?;
    let acr = text(&claims, "acr").map(str::to_owned);
    let wanted = &expected.pending.acr_values;
    if !wanted.is_empty() && !acr.as_ref().is_some_and(|acr| wanted.contains(acr)) {
        return wrong("says of no authentication context that was asked for");
    }
    let amr = claims.get("amr").and_then(Json::as_array).unwrap_or_default();
    let amr = amr.iter().filter_map(Json::as_str).map(str::to_owned).collect();
    Ok(Said { subject, claims: of_the_holder(claims), authenticated_at, acr, amr })
}

fn text<'a>(claims: &'a Object<'_>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Json::as_str)
}

fn audience(claims: &Object<'_>, client_id: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("its ID token {what}"));
    let several = match claims.get("aud") {
        Some(Json::Text(one)) if one == client_id => false,
        Some(Json::Array(all)) if all.iter().any(|one| one.as_str() == Some(client_id)) => all.len() > 1,
        _ => return wrong("is for another client"),
    };
    match claims.get("azp") {
        None if several => wrong("is for several clients and does not say for which"),
        Some(party) if party.as_str() != Some(client_id) => wrong("was made for another client"),
        _ => Ok(()),
    }
}

/// A time in whole seconds; `None` for what is none.
fn seconds(claims: &Object<'_>, name: &str) -> Option<i64> {
    let Some(Json::Number(number)) = claims.get(name) else { return None };
    let fits = number.as_f64().is_some_and(|time| (0.0..=MOST_TIME).contains(&time));
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and fractions do not matter")]
    fits.then(|| number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or_default() as i64))
}

fn times(claims: &Object<'_>, now: Timestamp) -> Result<(), String> {
    let (now, wrong) = (now.as_second(), |what: &str| Err(format!("its ID token {what}")));
    match seconds(claims, "exp") {
        None => return wrong("has no valid exp"),
        Some(end) if end + SKEW <= now => return wrong("has expired"),
        Some(_) => {}
    }
    match seconds(claims, "iat") {
        None => return wrong("has no valid iat"),
        Some(made) if made > now + SKEW => return wrong("was made in the future"),
        Some(made) if made < now - MOST_AGE => return wrong("was made long ago"),
        Some(_) => {}
    }
    match claims.get("nbf") {
        Some(_) if seconds(claims, "nbf").is_none_or(|start| start > now + SKEW) => wrong("is not valid yet"),
        _ => Ok(()),
    }
}

fn names_access_token(claims: &Object<'_>, expected: &Expected<'_>) -> bool {
    let Some(token) = expected.access_token else { return false };
    let digest = ring::digest::digest(expected.algorithm.hash(), token.as_bytes());
    let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    text(claims, "at_hash").is_some_and(|given| same(given.as_bytes(), B64.encode(left).as_bytes()))
}

/// When the holder authenticated; held against the greatest age that was asked for.
fn authenticated(claims: &Object<'_>, expected: &Expected<'_>) -> Result<Option<Timestamp>, String> {
    let at = seconds(claims, "auth_time");
    if claims.get("auth_time").is_some() && at.is_none() {
        return Err("its ID token has no valid auth_time".into());
    }
    if let Some(most) = expected.pending.max_age {
        let most = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(SKEW);
        let at = at.ok_or("its ID token does not say when the holder authenticated")?;
        // From the login on: it may take a while.
        if at < expected.pending.begun_at.saturating_sub(most) {
            return Err("its ID token is from an authentication longer ago than asked for".into());
        }
    }
    Ok(at.and_then(|at| Timestamp::from_second(at).ok()))
}

fn of_the_holder(claims: Object<'_>) -> Map<String, Value> {
    let mut claims = match Json::Object(claims).into_value() {
        Value::Object(claims) => claims,
        _ => Map::new(),
    };
    claims.retain(|name, _| !OF_THE_LOGIN.contains(&name.as_str()));
    claims
}

/// What userinfo says of the holder, when it is of the same holder (OIDC Core 5.3.4). What the ID token says goes before.
pub(super) fn with_userinfo(said: &mut Said, mut userinfo: Map<String, Value>) -> Result<(), String> {
    if userinfo.get("sub").and_then(Value::as_str) != Some(said.subject.as_str()) {
        return Err("its userinfo is of another subject".into());
    }
    userinfo.retain(|name, _| !OF_THE_LOGIN.contains(&name.as_str()));
    userinfo.append(&mut said.claims);
    said.claims = userinfo;
    Ok(())
}
