//! Reads the body of a request that creates or replaces a provider, and shows a provider without its secrets.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::begin::OWN;
use super::exchange::client_key;
use super::provider::{AuthMethod, Provider};
use crate::domain::Failure;
use crate::domain::outbound::{MASK, Reach, printed, read_secret, read_url};
use crate::domain::site::Site;
use crate::wire::fields::{Detail, Fields, read_body};
use crate::wire::jwk;

/// Where a provider sends browsers back to: a place of its own, so that an answer cannot be taken for that of another provider
/// (RFC 9700 4.4.2).
pub(super) fn callback(site: &Site, provider: Uuid) -> String {
    site.url(&format!("/v1/oauth/login/callback/{provider}"))
}

/// Longest secret, in characters.
const LONGEST_SECRET: usize = 1_024;
/// Most static parameters, and most characters of each.
const MOST_PARAMETERS: usize = 1_000;
const LONGEST_PARAMETER: usize = 1_000;
/// Most scopes, claims or names of parameters.
const MOST_NAMES: usize = 100;

/// What a request says of a provider.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) scope: Vec<String>,
    pub(super) client_id: String,
    pub(super) method: AuthMethod,
    /// `None` for the one that there is.
    pub(super) secret: Option<String>,
    pub(super) fixed: Map<String, Value>,
    pub(super) forwarded: Vec<String>,
    pub(super) persisted: Vec<String>,
    pub(super) name: Option<String>,
    pub(super) only_when_named: bool,
}

/// Reads and checks a body. `old` is the provider that it replaces.
pub(super) fn read(body: &Map<String, Value>, old: Option<&Provider>, reach: &Reach) -> Result<Asked, Vec<Detail>> {
    read_body(body, |fields| {
        // A provider that was read and is sent back carries them; they say nothing new.
        for shown in ["id", "redirectUrl", "clientJwk"] {
            fields.value(shown);
        }
        let url = read_url(fields, "url", reach);
        let scope = scope(fields);
        let client_id = fields.text("clientId", 1, 1_024);
        let client_id = fields.required("clientId", client_id).unwrap_or_default().to_owned();
        let method = method(fields);
        let secret = secret(fields, method, old.filter(|old| old.url == url));
        let fixed = fixed(fields);
        let forwarded = names(fields, "forwardedRequestParameters").unwrap_or_default();
        if let Some(own) = forwarded.iter().find(|name| OWN.contains(&name.as_str())) {
            fields.mistake("forwardedRequestParameters", format!("must not have {own}: this issuer sets it"));
        }
        let persisted = names(fields, "claimsToPersist").unwrap_or_default();
        let name = name(fields);
        let only_when_named = fields.boolean("onlyWhenNamed").unwrap_or(false);
        Some(Asked { url, scope, client_id, method, secret, fixed, forwarded, persisted, name, only_when_named })
    })
}

fn scope(fields: &mut Fields<'_>) -> Vec<String> {
    let Some(scope) = names(fields, "scope") else { return ["openid", "profile", "email"].map(str::to_owned).into() };
    if !scope.iter().any(|one| one == "openid") {
        fields.mistake("scope", "must have openid");
    }
    if scope.iter().any(|one| one.contains(' ')) {
        fields.mistake("scope", "must have one scope an item");
    }
    scope
}

fn method(fields: &mut Fields<'_>) -> AuthMethod {
    let Some(name) = fields.text("tokenEndpointAuthMethod", 1, 64) else { return AuthMethod::ClientSecretBasic };
    serde_json::from_value(name.into()).unwrap_or_else(|_| {
        let all = "client_secret_basic, client_secret_post, private_key_jwt or none";
        fields.mistake("tokenEndpointAuthMethod", format!("must be {all}"));
        AuthMethod::None
    })
}

fn secret(fields: &mut Fields<'_>, method: AuthMethod, old: Option<&Provider>) -> Option<String> {
    let needed = matches!(method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost);
    if !needed {
        // One that is sent all the same says nothing.
        fields.text("clientSecret", 1, LONGEST_SECRET);
        return None;
    }
    let kept = old.and_then(|old| old.client_secret.as_deref());
    Some(read_secret(fields, "clientSecret", LONGEST_SECRET, kept))
}

fn fixed(fields: &mut Fields<'_>) -> Map<String, Value> {
    let Some(fixed) = fields.object("staticRequestParameters") else { return Map::new() };
    if fixed.len() > MOST_PARAMETERS {
        fields.mistake("staticRequestParameters", format!("must have at most {MOST_PARAMETERS} members"));
        return Map::new();
    }
    for (name, value) in fixed {
        let path = format!("staticRequestParameters.{name}");
        if name.is_empty() || name.chars().any(char::is_control) {
            fields.mistake("staticRequestParameters", "must have names without control characters");
        } else if OWN.contains(&name.as_str()) {
            fields.detail(Detail::body(path, "is set by this issuer"));
        } else if printed(value).chars().count() >= LONGEST_PARAMETER {
            fields.detail(Detail::body(path, format!("must have fewer than {LONGEST_PARAMETER} characters")));
        } else if name == "max_age" && printed(value).parse::<u32>().is_err() {
            fields.detail(Detail::body(path, "must be a whole number of seconds"));
        }
    }
    fixed.clone()
}

fn name(fields: &mut Fields<'_>) -> Option<String> {
    let name = fields.text("name", 1, 100)?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        fields.mistake("name", "must be readable: no control characters, not only spaces");
    }
    Some(name.trim().to_owned())
}

fn names(fields: &mut Fields<'_>, member: &'static str) -> Option<Vec<String>> {
    let names = fields.strings(member)?;
    if names.len() > MOST_NAMES || names.iter().any(|name| name.len() > 255 || name.chars().any(char::is_control)) {
        fields.mistake(member, format!("must have at most {MOST_NAMES} items of at most 255 characters"));
    }
    Some(names.into_iter().map(str::to_owned).collect())
}

/// The public half of the client's key, as a provider registers it.
fn client_jwk(provider: &Provider) -> Result<Value, Failure> {
    let key = client_key(provider)?;
    let mut shown: Value = serde_json::from_str(&jwk::print(key.public_key())).unwrap_or_default();
    if let Some(object) = shown.as_object_mut() {
        object.insert("kid".into(), jwk::thumbprint(key.public_key()).into());
        object.insert("alg".into(), "ES256".into());
        object.insert("use".into(), "sig".into());
    }
    Ok(shown)
}

/// A provider as the management API shows it.
pub(super) fn shown(provider: &Provider, site: &Site) -> Result<Value, Failure> {
    let mut shown = json!({
        "id": provider.id,
        "url": provider.url,
        "scope": provider.scope,
        "clientId": provider.client_id,
        "tokenEndpointAuthMethod": provider.token_endpoint_auth_method,
        "staticRequestParameters": provider.static_request_parameters,
        "forwardedRequestParameters": provider.forwarded_request_parameters,
        "claimsToPersist": provider.claims_to_persist,
        "onlyWhenNamed": provider.only_when_named,
        "redirectUrl": callback(site, provider.id),
    });
    if let Some(object) = shown.as_object_mut() {
        if let Some(name) = &provider.name {
            object.insert("name".into(), name.as_str().into());
        }
        if provider.client_secret.is_some() {
            object.insert("clientSecret".into(), MASK.into());
        }
        if provider.client_key.is_some() {
            object.insert("clientJwk".into(), client_jwk(provider)?);
        }
    }
    Ok(shown)
}
