//! Wallet clients: which wallet sends a request, and how it proves it (RFC 6749 section 2).
//!
//! A client is registered (`registered`, `catalog`), or known by what it shows: an attestation of a wallet provider that the operator
//! trusts (`attestation`), or just a name of its own. `authenticate` decides; each method has a file.

mod assertion;
mod attestation;
mod authenticate;
pub mod catalog;
mod certificate;
mod pop;
mod read;
mod redirect;
mod refusal;
pub mod registered;
mod request_object;
#[cfg(test)]
mod tests;
mod times;

use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use super::mirror::Mirror;
use super::nonce::NonceIssuer;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::pki::chain::Anchors;
use crate::store::Store;
pub use crate::store::token::WalletFacts;
pub use assertion::ASSERTION_TYPE;
pub use authenticate::Presented;
pub use refusal::{ClientRefusal, Remedy};
use registered::{ByName, Registered};
pub use request_object::{RequestKeys, RequestObjectError};

/// How a client proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Method {
    /// Not at all.
    #[serde(rename = "none")]
    Public,
    /// By a JWT that it signs with a registered key (RFC 7523).
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
    /// By the attestation of its wallet provider, and a proof that it holds the attested key.
    #[serde(rename = "attestation")]
    Attestation,
    /// By the certificate of its connection (RFC 8705 section 2).
    #[serde(rename = "mtls")]
    Mtls,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Public, Self::PrivateKeyJwt, Self::Attestation, Self::Mtls];

    /// Its name in `issuer.toml` and in the management API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "none",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::Attestation => "attestation",
            Self::Mtls => "mtls",
        }
    }

    /// The method with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A client that may send requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`
    pub id: String,
    /// How it proved who it is.
    pub method: Method,
    /// Its redirect URIs; `None` for any that the redirect policy allows.
    pub redirect_uris: Option<Vec<String>>,
    /// Thumbprint of the attested key of the wallet instance.
    pub instance_key: Option<[u8; 32]>,
    /// What the attestation says of the wallet.
    pub wallet: Option<WalletFacts>,
    /// Whether it gets access tokens that are bound to a key only.
    pub require_dpop: bool,
    /// What it signs its authorization requests with.
    pub request_keys: RequestKeys,
}

impl Client {
    /// Whether it has proven who it is.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.method != Method::Public
    }
}

/// Which wallets may come, and what is published of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct ClientPolicy {
    /// Wallets that are neither registered nor attested, also without a name for the pre-authorized grant.
    pub allow_unregistered: bool,
    /// Wallets must be attested, or be registered with a key or a certificate of their own and prove that they have it.
    pub attestation_required: bool,
    /// There are trusted wallet providers.
    pub attestation: bool,
    /// Each proof of an attested wallet must have a challenge of ours.
    pub require_challenge: bool,
    /// The listener asks clients for certificates.
    pub certificates: bool,
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            allow_unregistered: true,
            attestation_required: false,
            attestation: false,
            require_challenge: false,
            certificates: false,
        }
    }
}

impl ClientPolicy {
    /// Whether a pre-authorized code is redeemed for somebody without a name (`OpenID4VCI` 12.3).
    #[must_use]
    pub fn anonymous(&self) -> bool {
        self.allow_unregistered && !self.attestation_required
    }

    /// `token_endpoint_auth_methods_supported` (RFC 8414 section 2, RFC 8705 section 2, attestation-based client authentication 8).
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        let mut methods = Vec::new();
        if !self.attestation_required {
            methods.push("none");
        }
        methods.push("private_key_jwt");
        if self.certificates {
            methods.extend(["tls_client_auth", "self_signed_tls_client_auth"]);
        }
        if self.attestation {
            methods.push("attest_jwt_client_auth");
        }
        methods
    }
}

/// Whose attestations count, and how old they may be.
pub struct AttestationRules {
    /// Trusted wallet providers.
    pub anchors: Anchors,
    /// Accepted values of `iss`; empty for any, since the signature says who it is.
    pub issuers: Vec<String>,
    /// Oldest attestation by its `iat`; `None` for no limit besides its `exp`.
    pub max_age: Option<Duration>,
    /// Oldest proof of possession by its `iat`.
    pub pop_max_age: Duration,
    /// How far clocks may be apart.
    pub skew: Duration,
}

/// What wallet clients are found and checked with.
pub struct ClientParts {
    /// Where registered ones are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Challenges.
    pub random: Arc<dyn Random>,
    /// The identifier of the issuer, which is the authorization server's.
    pub issuer: String,
    /// Which wallets may come.
    pub policy: ClientPolicy,
    /// Gives out challenges; of a key of its own.
    pub challenges: NonceIssuer,
    /// Attestations.
    pub attestation: AttestationRules,
    /// Clients of `issuer.toml`.
    pub declared: Vec<Registered>,
}

/// Knows wallet clients and finds out which one sends a request.
pub struct WalletClients {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    issuer: String,
    policy: ClientPolicy,
    challenges: NonceIssuer,
    attestation: AttestationRules,
    declared: ByName,
    registered: Mirror<ByName>,
}

impl WalletClients {
    /// Loads the registered ones. One of `issuer.toml` hides a stored one of its name.
    pub async fn load(parts: ClientParts) -> Result<Self, Failure> {
        let ClientParts { store, clock, random, issuer, policy, challenges, attestation, declared } = parts;
        let declared = declared.into_iter().map(|one| (one.client_id.clone(), Arc::new(one))).collect();
        let registered = Mirror::default();
        let loaded = Self { store, clock, random, issuer, policy, challenges, attestation, declared, registered };
        loaded.refresh().await?;
        Ok(loaded)
    }

    /// Which wallets may come.
    #[must_use]
    pub fn policy(&self) -> &ClientPolicy {
        &self.policy
    }

    /// A fresh challenge for proofs of attested wallets (attestation-based client authentication 6.1): nothing is stored.
    pub fn challenge(&self) -> Result<String, Failure> {
        Ok(self.challenges.issue(self.clock.now(), self.random.as_ref())?)
    }

    /// The client of this name, not authenticated: for an authorization request. `None` for one that may not come.
    #[expect(clippy::unused_async, reason = "a store of another kind may have to be asked")]
    pub async fn find(&self, id: &str) -> Result<Option<Client>, Failure> {
        Ok(match self.named(id) {
            Some(one) => Some(one.client(one.authentication)),
            None => self.policy.anonymous().then(|| unregistered(id)),
        })
    }

    fn named(&self, client_id: &str) -> Option<Arc<Registered>> {
        self.declared.get(client_id).cloned().or_else(|| self.registered.get().get(client_id).cloned())
    }
}

/// A public client that nobody registered.
fn unregistered(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        method: Method::Public,
        redirect_uris: None,
        instance_key: None,
        wallet: None,
        require_dpop: false,
        request_keys: RequestKeys::None,
    }
}
