//! Reads the body of a request that creates or replaces a claim source, and shows a source without its secret.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::http::{Authorization, HttpSource, OnFailure, Parameter, RequestMethod, SOURCES, SecretMethod, is_source};
use super::{ClaimSource, Kind, PluginState};
use crate::domain::outbound::{MASK, Reach, read_secret, read_url};
use crate::wire::fields::{Detail, Fields, read_body};

/// Most parameters of a request.
const MOST_PARAMETERS: usize = 100;
/// Longest name of a parameter and longest secret, in characters.
const LONGEST_NAME: usize = 255;
const LONGEST_SECRET: usize = 4_096;

/// What the reader has to know of the rest.
pub(super) struct Surroundings<'a> {
    /// The source that is replaced.
    pub(super) old: Option<&'a ClaimSource>,
    /// Which servers may be reached.
    pub(super) reach: &'a Reach,
    /// Whether a plugin can be asked.
    pub(super) state: &'a dyn Fn(&str) -> PluginState,
}

/// The name and kind that a body asks for.
pub(super) fn read(body: &Map<String, Value>, around: &Surroundings<'_>) -> Result<(String, Kind), Vec<Detail>> {
    read_body(body, |fields| {
        // A source that was read and is sent back carries them; they say nothing new.
        for shown in ["id", "createdAt", "pluginState"] {
            fields.value(shown);
        }
        let name = fields.text("name", 1, 255);
        let name = fields.required("name", name).unwrap_or_default().to_owned();
        let kind = match fields.text("type", 1, 32) {
            Some("plugin") => Kind::Plugin { plugin: plugin(fields, around) },
            // The reference has no other kind, and no member that names it.
            None | Some("http") => Kind::Http(http(fields, around)),
            Some(_) => {
                fields.mistake("type", "must be http or plugin");
                // What else it has to have, nobody knows.
                fields.value("plugin");
                return None;
            }
        };
        Some((name, kind))
    })
}

fn plugin(fields: &mut Fields<'_>, around: &Surroundings<'_>) -> String {
    let plugin = fields.text("plugin", 1, 255);
    let Some(plugin) = fields.required("plugin", plugin) else { return String::new() };
    match (around.state)(plugin) {
        PluginState::Loaded => {}
        PluginState::NoClaimSource => fields.mistake("plugin", "is an auth hook, not a claim source"),
        PluginState::Missing => {
            fields.mistake("plugin", "no plugin of this name is loaded; add [plugin.NAME] to issuer.toml");
        }
    }
    plugin.to_owned()
}

fn http(fields: &mut Fields<'_>, around: &Surroundings<'_>) -> HttpSource {
    let url = read_url(fields, "url", around.reach);
    let old = around.old.and_then(|old| match &old.kind {
        Kind::Http(http) if http.url == url => Some(http),
        _ => None,
    });
    HttpSource {
        request_method: choice::<RequestMethod>(fields, "requestMethod", "GET or POST"),
        request_parameters: parameters(fields),
        authorization: authorization(fields, old, around.reach),
        on_failure: choice::<OnFailure>(fields, "onFailure", "refuse, empty or defer"),
        url,
    }
}

/// One of a few words.
fn choice<T: Default + serde::de::DeserializeOwned>(fields: &mut Fields<'_>, member: &'static str, all: &str) -> T {
    let Some(text) = fields.text(member, 1, 32) else { return T::default() };
    serde_json::from_value(text.into()).unwrap_or_else(|_| {
        fields.mistake(member, format!("must be {all}"));
        T::default()
    })
}

fn parameters(fields: &mut Fields<'_>) -> BTreeMap<String, Parameter> {
    let given = fields.object("requestParameters");
    let Some(given) = fields.required("requestParameters", given) else { return BTreeMap::new() };
    if given.len() > MOST_PARAMETERS {
        fields.mistake("requestParameters", format!("must have at most {MOST_PARAMETERS} members"));
        return BTreeMap::new();
    }
    let mut mistakes = Vec::new();
    let read = given.iter().map(|(name, value)| {
        let path = format!("requestParameters.{name}");
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let problem = format!("must have names of 1 to {LONGEST_NAME} characters without control characters");
            mistakes.push(Detail::body("requestParameters", problem));
        }
        (name.clone(), parameter(value, &path, &mut mistakes))
    });
    let read = read.collect();
    for mistake in mistakes {
        fields.detail(mistake);
    }
    read
}

fn parameter(value: &Value, path: &str, mistakes: &mut Vec<Detail>) -> Parameter {
    let Some(object) = value.as_object() else {
        mistakes.push(Detail::body(path, "must be an object with mapFrom or defaultValue"));
        return Parameter::default();
    };
    let mut fields = Fields::new(object, path, mistakes);
    let map_from = fields.text("mapFrom", 1, 1_024).map(str::to_owned);
    let default_value = fields.value("defaultValue").cloned();
    if map_from.as_deref().is_some_and(|path| !is_source(path)) {
        fields.mistake("mapFrom", format!("must be claims.<name>, {}", SOURCES.join(", ")));
    }
    fields.finish();
    if !["mapFrom", "defaultValue"].iter().any(|member| object.contains_key(*member)) {
        mistakes.push(Detail::body(path, "must have mapFrom or defaultValue"));
    }
    Parameter { map_from, default_value }
}

/// `old` is the source before, if it was at the same URL.
fn authorization(fields: &mut Fields<'_>, old: Option<&HttpSource>, reach: &Reach) -> Authorization {
    let read = fields.nested("authorization", |inner| {
        let kind = inner.text("type", 1, 64);
        match inner.required("type", kind)? {
            "api-key" => Some(api_key(inner, old)),
            "oauth-client-credentials" => Some(client_credentials(inner, old, reach)),
            _ => {
                inner.mistake("type", "must be api-key or oauth-client-credentials");
                None
            }
        }
    });
    fields.required("authorization", read).flatten().unwrap_or(Authorization::ApiKey { value: String::new() })
}

fn api_key(fields: &mut Fields<'_>, old: Option<&HttpSource>) -> Authorization {
    let kept = old.and_then(|old| match &old.authorization {
        Authorization::ApiKey { value } => Some(value.as_str()),
        Authorization::OauthClientCredentials { .. } => None,
    });
    let value = read_secret(fields, "value", LONGEST_SECRET, kept);
    if !value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        fields.mistake("value", "must have visible ASCII characters: it is sent in a header");
    }
    Authorization::ApiKey { value }
}

fn client_credentials(fields: &mut Fields<'_>, old: Option<&HttpSource>, reach: &Reach) -> Authorization {
    let endpoint = read_url(fields, "tokenEndpoint", reach);
    let kept = old.and_then(|old| match &old.authorization {
        Authorization::OauthClientCredentials { token_endpoint, client_secret, .. } if *token_endpoint == endpoint => {
            Some(client_secret.as_str())
        }
        _ => None,
    });
    let client_id = fields.text("clientId", 1, 1_024);
    Authorization::OauthClientCredentials {
        client_id: fields.required("clientId", client_id).unwrap_or_default().to_owned(),
        client_secret: read_secret(fields, "clientSecret", LONGEST_SECRET, kept),
        token_endpoint_auth_method: choice::<SecretMethod>(
            fields,
            "tokenEndpointAuthMethod",
            "client_secret_basic or client_secret_post",
        ),
        audience: fields.text("audience", 1, 2_000).map(str::to_owned),
        scope: fields.text("scope", 1, 2_000).map(str::to_owned),
        token_endpoint: endpoint,
    }
}

/// A source as the management API shows it; `state` is that of its plugin.
pub(super) fn shown(source: &ClaimSource, state: impl Fn(&str) -> PluginState) -> Value {
    match &source.kind {
        Kind::Plugin { plugin } => {
            let mut shown = json!(source);
            if let Some(members) = shown.as_object_mut() {
                members.insert("pluginState".into(), json!(state(plugin)));
            }
            shown
        }
        Kind::Http(http) => {
            let mut masked = http.clone();
            MASK.clone_into(masked.authorization.secret());
            json!(ClaimSource { kind: Kind::Http(masked), ..source.clone() })
        }
    }
}
