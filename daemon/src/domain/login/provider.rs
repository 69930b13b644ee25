//! A stored authentication provider.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A stored authentication provider. Holds secrets: sealed in the store, and shown by [`super::catalog`] without them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// What configurations name as `authenticationProviderId`.
    pub id: Uuid,
    /// The issuer identifier, below which its discovery document is.
    pub url: String,
    /// Scopes that are asked for, `openid` among them.
    pub scope: Vec<String>,
    /// This issuer's identifier at the provider.
    pub client_id: String,
    /// How this issuer authenticates at the token endpoint.
    pub token_endpoint_auth_method: AuthMethod,
    /// Its secret, with `client_secret_basic` and `client_secret_post`.
    pub client_secret: Option<String>,
    /// Its private key (PKCS#8), with `private_key_jwt`.
    pub client_key: Option<Vec<u8>>,
    /// Parameters that every request to the provider has.
    pub static_request_parameters: Map<String, Value>,
    /// Parameters of the wallet's request that the provider gets.
    pub forwarded_request_parameters: Vec<String>,
    /// Claims that are kept on the user.
    pub claims_to_persist: Vec<String>,
    /// What pages call it; without one, its host.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it is only for configurations that name it.
    #[serde(default)]
    pub only_when_named: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// How a client authenticates at a token endpoint (OIDC Core 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// Not at all: PKCE alone protects the code.
    None,
}

/// Parameters of requests, by name.
pub type Parameters = BTreeMap<String, String>;
