//! A registered wallet client: a document of the management API, or a `[[client]]` of `issuer.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::{Builder, Uuid};

use super::{Client, Method, RequestKeys};
use crate::base::key::PublicKey;
use crate::base::secret::sha256;
use crate::signer::Algorithm;
use crate::wire::json::Json;
use crate::wire::jwk;

/// Clients by `client_id`.
pub(super) type ByName = BTreeMap<String, Arc<Registered>>;

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// Under what the management API keeps it; made from `client_id`, so that no two clients have one.
    pub id: Uuid,
    /// `client_id`
    pub client_id: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Where its browser comes back to; `None` for any URI that the redirect policy allows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redirect_uris: Option<Vec<String>>,
    /// How it proves who it is.
    pub authentication: Method,
    /// Its public keys, a JWK set (RFC 7517 section 5).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jwks: Option<Map<String, Value>>,
    /// SHA-256 of its certificates, lower-case hexadecimal.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub certificate_sha256: Vec<String>,
    /// Distinguished name of its certificate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate_subject: Option<String>,
    /// DNS name of its certificate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate_dns: Option<String>,
    /// Whether it gets access tokens that are bound to a key only.
    pub require_dpop: bool,
    /// Where it was declared.
    pub source: Source,
    /// When it was registered through the management API.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<Timestamp>,
    /// The keys of `jwks` with their `kid`.
    #[serde(skip)]
    pub keys: Vec<(Option<String>, PublicKey)>,
}

/// Where a client was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// In `issuer.toml`: the management API shows it and cannot change it.
    #[serde(rename = "issuer.toml")]
    Configuration,
    /// Through the management API.
    #[serde(rename = "api")]
    Api,
}

impl Registered {
    /// The id of the client with this `client_id`.
    #[must_use]
    pub fn id_of(client_id: &str) -> Uuid {
        let digest = sha256(&[b"wallet client/", client_id.as_bytes()].concat());
        let mut half = [0; 16];
        half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Builder::from_custom_bytes(half).into_uuid()
    }

    /// The client, known in this way.
    pub(super) fn client(self: &Arc<Self>, method: Method) -> Client {
        Client {
            id: self.client_id.clone(),
            method,
            redirect_uris: self.redirect_uris.clone(),
            instance_key: None,
            wallet: None,
            require_dpop: self.require_dpop,
            request_keys: if self.keys.is_empty() {
                RequestKeys::None
            } else {
                RequestKeys::Registered(Arc::clone(self))
            },
        }
    }

    /// The key that `kid` names, of this algorithm; without a `kid`, the only one there is.
    pub(super) fn key(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        let mut found = self.keys.iter().filter(|(known, _)| kid.is_none() || known.as_deref() == kid);
        let (first, second) = (found.next(), found.next());
        let key = if second.is_some() { None } else { first.map(|(_, key)| key) };
        key.filter(|key| Algorithm::of(key) == algorithm)
    }

    /// The same with its keys read, which are not stored twice.
    pub(super) fn with_keys(mut self) -> Self {
        self.keys = self.jwks.as_ref().and_then(|jwks| read_keys(jwks).ok()).unwrap_or_default();
        self
    }
}

/// Most keys of a client: some in use and some on their way.
const MOST_KEYS: usize = 10;

/// The keys of a JWK set; why not, otherwise.
pub(super) fn read_keys(jwks: &Map<String, Value>) -> Result<Vec<(Option<String>, PublicKey)>, String> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let keys = keys.filter(|keys| (1..=MOST_KEYS).contains(&keys.len()));
    let keys = keys.ok_or_else(|| format!("must be a JWK set: `keys` with 1 to {MOST_KEYS} public keys"))?;
    let mut found: Vec<(Option<String>, PublicKey)> = Vec::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        let text = key.to_string();
        let json = Json::parse(text.as_bytes()).map_err(|error| format!("key {place} {error}"))?;
        let read = jwk::parse(&json).map_err(|error| format!("key {place}: {error}"))?;
        let kid = key.get("kid").and_then(Value::as_str).map(str::to_owned);
        if keys.len() > 1 && kid.is_none() {
            return Err(format!("key {place} must have a kid, since there are several"));
        }
        if found.iter().any(|(other, _)| *other == kid) {
            return Err(format!("key {place} has the kid of another"));
        }
        found.push((kid, read));
    }
    Ok(found)
}
