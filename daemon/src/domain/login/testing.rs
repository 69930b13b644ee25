//! A provider without a network, that can be told to misbehave.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::catalog::{ProviderParts, Saved};
use super::{Begun, LoginRequest, Providers};
use crate::base::clock::{Clock as _, ManualClock};
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::outbound::Reach;
use crate::domain::outbound::testing::Network;
use crate::domain::site::{CodeFlow, Site};
use crate::signer::{Algorithm, SoftwareKey};
use crate::store::Store;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;
use crate::wire::jwk;

pub(crate) const URL: &str = "https://login.example/realm";
pub(crate) const START: i64 = 1_800_000_000;

/// An issuer and a provider.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<SystemRandom>,
    pub(crate) network: Arc<Network>,
    pub(crate) configurations: Arc<Configurations>,
    pub(crate) providers: Arc<Providers>,
    pub(crate) key: SoftwareKey,
}

pub(crate) fn key(algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::from_pkcs8(algorithm, &SoftwareKey::generate_pkcs8(algorithm).unwrap()).unwrap()
}

pub(crate) fn key_set(keys: &[(&str, &SoftwareKey)]) -> Value {
    let one = |(kid, key): &(&str, &SoftwareKey)| {
        let mut jwk: Value = serde_json::from_str(&jwk::print(key.public_key())).unwrap();
        jwk["kid"] = json!(kid);
        jwk
    };
    json!({ "keys": keys.iter().map(one).collect::<Vec<_>>() })
}

/// An issuer with the limits of the defaults.
pub(crate) fn site(issuer: &str) -> Site {
    Site { name: None, code_flow: CodeFlow::default(), ..Site::of(issuer, "") }
}

/// A signed token.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", B64.encode(signature))
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(START).unwrap()));
        let random = Arc::new(SystemRandom::default());
        let engine = Arc::new(MemoryEngine::new(clock.clone()));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine, sealer, random.clone(), clock.clone());
        let configurations = Configurations::load(store.clone(), clock.clone(), random.clone()).await.unwrap();
        let (configurations, network) = (Arc::new(configurations), Arc::new(Network::default()));
        let parts = ProviderParts {
            store: store.clone(),
            site: Arc::new(site("https://issuer.example")),
            clock: clock.clone(),
            random: random.clone(),
            configurations: configurations.clone(),
            outbound: network.clone(),
            reach: Reach::default(),
            test_users: Vec::new(),
        };
        let providers = Arc::new(Providers::load(parts).await.unwrap());
        let bench = Self { store, clock, random, network, configurations, providers, key: key(Algorithm::Es256) };
        bench.serve();
        bench
    }

    /// Answers as a provider should.
    fn serve(&self) {
        self.discover(&json!({}));
        self.network.answer("https://login.example/keys", 200, &key_set(&[("one", &self.key)]));
        self.network.answer("https://login.example/me", 200, &json!({ "sub": "mika", "email": "mika@example.org" }));
    }

    pub(crate) fn discover(&self, changes: &Value) {
        let mut document = json!({
            "issuer": URL,
            "authorization_endpoint": "https://login.example/authorize",
            "token_endpoint": "https://login.example/token",
            "jwks_uri": "https://login.example/keys",
            "userinfo_endpoint": "https://login.example/me",
        });
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.network.answer(&format!("{URL}/.well-known/openid-configuration"), 200, &document);
    }

    pub(crate) fn body(changes: &Value) -> Map<String, Value> {
        let mut body = json!({ "url": URL, "clientId": "issuerd", "clientSecret": "a secret:%" });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        body.as_object().unwrap().clone()
    }

    /// Creates a provider; its id.
    pub(crate) async fn provider(&self, changes: &Value) -> uuid::Uuid {
        match self.providers.create(&Self::body(changes)).await.unwrap() {
            Saved::Saved(shown) => shown["id"].as_str().unwrap().parse().unwrap(),
            Saved::Invalid(details) => panic!("{details:?}"),
            Saved::Unknown => panic!("unknown"),
        }
    }

    pub(crate) async fn begin(&self, provider: uuid::Uuid) -> Begun {
        let parameters = [("login_hint", "wallet"), ("evil", "1"), ("state", "wallet's")];
        let parameters = parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let request = LoginRequest {
            state: "the-state",
            login_hint: None,
            prompt: Some("login"),
            locales: &["de".into(), "en".into()],
            parameters: &parameters,
        };
        match self.providers.begin(provider, &request).await.unwrap() {
            Ok(begun) => begun,
            Err(error) => panic!("{error}"),
        }
    }

    /// Claims of a good ID token.
    pub(crate) fn claims(&self, nonce: &str) -> Value {
        let now = self.clock.now().as_second();
        json!({
            "iss": URL, "sub": "mika", "aud": "issuerd", "iat": now, "exp": now + 300, "nonce": nonce,
            "auth_time": now - 5, "amr": ["pwd"], "acr": "gold", "given_name": "Mika",
        })
    }

    /// The token endpoint answers with this ID token.
    pub(crate) fn hand_out(&self, id_token: &str) {
        let body = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        self.network.answer("https://login.example/token", 200, &body);
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        token(&json!({ "alg": "ES256", "kid": "one" }), claims, |bytes| self.key.sign_now(bytes).unwrap())
    }
}
