//! An authorization server with a trusted wallet provider, and what wallets send it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use jiff::Timestamp;
use rcgen::KeyPair;
use serde_json::{Map, Value, json};

use super::super::catalog::{Saved, declared};
use super::super::registered::Registered;
use super::super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::pki::chain::tests::{Made, anchors, at, authority, params, root, under};
use crate::signer::{Algorithm, Signer, SoftwareKey};
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;
use crate::wire::jwk;

pub(super) use crate::pki::chain::tests::NOW;

pub(super) const ISSUER: &str = "https://issuer.example/acme";
pub(super) const WALLET: &str = "https://wallet.example/app";

/// A key that signs JWTs.
pub(super) struct Key(pub(super) SoftwareKey);

impl Key {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self(SoftwareKey::from_pkcs8(algorithm, &SoftwareKey::generate_pkcs8(algorithm).unwrap()).unwrap())
    }

    /// The key of a certificate.
    pub(super) fn of(pair: &KeyPair) -> Self {
        Self(SoftwareKey::from_pkcs8(Algorithm::Es256, &Secret::new(pair.serialize_der())).unwrap())
    }

    pub(super) fn alg(&self) -> &'static str {
        self.0.algorithm().jose()
    }

    pub(super) fn jwk(&self) -> Value {
        serde_json::from_str(&jwk::print(self.0.public_key())).unwrap()
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
        format!("{signed}.{}", B64.encode(self.0.sign_now(signed.as_bytes()).unwrap()))
    }
}

/// Sets a member, or removes it with `null`.
pub(super) fn set(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.into(), value);
    }
    object
}

pub(super) fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The server, the provider and one wallet of it.
pub(super) struct Scene {
    pub(super) clients: WalletClients,
    pub(super) clock: Arc<ManualClock>,
    pub(super) top: Made,
    pub(super) provider: Made,
    pub(super) instance: Key,
    pub(super) registered: Key,
}

/// The parts of a server.
pub(super) fn parts(clock: &Arc<ManualClock>, anchors: Anchors, declared: Vec<Registered>) -> ClientParts {
    let random = Arc::new(SystemRandom::default());
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
    let engine = Arc::new(MemoryEngine::new(clock.clone()));
    ClientParts {
        store: Store::new(engine, sealer, random.clone(), clock.clone()),
        clock: clock.clone(),
        random,
        issuer: ISSUER.into(),
        policy: ClientPolicy { attestation: !anchors.is_empty(), ..ClientPolicy::default() },
        challenges: NonceIssuer::new(Secret::new(vec![8; 32]), ISSUER, Duration::from_mins(5)),
        attestation: AttestationRules {
            anchors,
            issuers: Vec::new(),
            max_age: None,
            pop_max_age: Duration::from_mins(5),
            skew: Duration::from_mins(1),
        },
        declared,
    }
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// One whose parts differ.
    pub(super) async fn with(change: impl FnOnce(&mut ClientParts)) -> Self {
        let clock = Arc::new(ManualClock::new(at(NOW)));
        let top = root(authority("Example CA"));
        let provider = under(&top, params("Example Wallets"));
        let registered = Key::new(Algorithm::Es256);
        let client = json!({
            "clientId": "bank", "authentication": "private_key_jwt", "redirectUris": ["https://bank.example/cb"],
            "jwks": { "keys": [registered.jwk()] },
        });
        let mut parts = parts(&clock, anchors(&[&top]), vec![declared(&map(&client)).unwrap()]);
        change(&mut parts);
        let clients = WalletClients::load(parts).await.unwrap();
        Self { clients, clock, top, provider, instance: Key::new(Algorithm::Es256), registered }
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    pub(super) async fn authenticate(&self, presented: &Presented<'_>) -> Result<Client, ClientRefusal> {
        self.clients.authenticate(presented).await.unwrap()
    }

    // Assertions.

    pub(super) fn assertion_claims(&self) -> Value {
        let id = B64.encode(crate::base::random::bytes::<16>(&SystemRandom::default()).unwrap());
        json!({ "iss": "bank", "sub": "bank", "aud": ISSUER, "jti": id, "iat": self.now(), "exp": self.now() + 60 })
    }

    pub(super) async fn assert(&self, assertion: &str) -> Result<Client, ClientRefusal> {
        let presented =
            Presented { assertion: Some(assertion), assertion_type: Some(ASSERTION_TYPE), ..Presented::default() };
        self.authenticate(&presented).await
    }

    // Attestations.

    pub(super) fn attestation_header(&self) -> Value {
        json!({ "typ": "oauth-client-attestation+jwt", "alg": "ES256", "x5c": [STANDARD.encode(&self.provider.der)] })
    }

    pub(super) fn attestation_claims(&self) -> Value {
        json!({
            "sub": WALLET, "iat": self.now(), "exp": self.now() + 3600, "cnf": { "jwk": self.instance.jwk() },
            "wallet_name": "Example Wallet", "wallet_link": "https://wallet.example", "eu_only": true,
        })
    }

    pub(super) fn attestation(&self) -> String {
        Key::of(&self.provider.key).sign(&self.attestation_header(), &self.attestation_claims())
    }

    pub(super) fn pop_header(&self) -> Value {
        json!({ "typ": "oauth-client-attestation-pop+jwt", "alg": self.instance.alg() })
    }

    pub(super) fn pop_claims(&self) -> Value {
        let id = B64.encode(crate::base::random::bytes::<16>(&SystemRandom::default()).unwrap());
        json!({ "aud": ISSUER, "jti": id, "iat": self.now() })
    }

    pub(super) fn pop(&self) -> String {
        self.instance.sign(&self.pop_header(), &self.pop_claims())
    }

    pub(super) async fn attest(&self, attestation: &str, pop: &str) -> Result<Client, ClientRefusal> {
        let presented = Presented { attestations: &[attestation], pops: &[pop], ..Presented::default() };
        self.authenticate(&presented).await
    }

    /// The good attestation with one member of its header set, or removed by `null`; with a good proof.
    pub(super) async fn attestation_with_header(&self, name: &str, value: Value) -> Result<Client, ClientRefusal> {
        let header = set(self.attestation_header(), name, value);
        let attestation = Key::of(&self.provider.key).sign(&header, &self.attestation_claims());
        self.attest(&attestation, &self.pop()).await
    }

    /// The same with one claim.
    pub(super) async fn attestation_with_claim(&self, name: &str, value: Value) -> Result<Client, ClientRefusal> {
        let claims = set(self.attestation_claims(), name, value);
        let attestation = Key::of(&self.provider.key).sign(&self.attestation_header(), &claims);
        self.attest(&attestation, &self.pop()).await
    }

    pub(super) async fn saved(&self, body: &Value) -> Arc<Registered> {
        match self.clients.create(&map(body)).await.unwrap() {
            Saved::Saved(client) => client,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn second(second: i64) -> Timestamp {
    at(second)
}
