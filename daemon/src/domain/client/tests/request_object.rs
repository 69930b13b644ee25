//! Signed authorization requests.

use serde_json::{Value, json};

use super::super::RequestObjectError as E;
use super::super::*;
use super::support::{ISSUER, Key, Scene, WALLET, set};
use crate::signer::Algorithm;

fn header() -> Value {
    json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" })
}

impl Scene {
    fn object_claims(&self, client: &str) -> Value {
        json!({
            "iss": client, "aud": ISSUER, "client_id": client, "exp": self.now() + 60, "nbf": self.now(),
            "response_type": "code", "max_age": 60, "state": "", "nothing": null,
            "authorization_details": [{ "type": "openid_credential" }],
        })
    }

    async fn bank(&self) -> Client {
        self.clients.find("bank").await.unwrap().unwrap()
    }

    async fn object_with(&self, name: &str, value: Value) -> Option<E> {
        let object = self.registered.sign(&header(), &set(self.object_claims("bank"), name, value));
        self.clients.pushed_object(&self.bank().await, &object).await.unwrap().err()
    }
}

// PAR-2.1-08
#[tokio::test]
async fn the_members_of_an_object_are_the_parameters() {
    let scene = Scene::new().await;
    let object = scene.registered.sign(&header(), &scene.object_claims("bank"));
    let parameters = scene.clients.pushed_object(&scene.bank().await, &object).await.unwrap().unwrap();
    let read: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let details = r#"[{"type":"openid_credential"}]"#;
    let expected =
        [("authorization_details", details), ("client_id", "bank"), ("max_age", "60"), ("response_type", "code")];
    assert_eq!(read, expected);
}

#[tokio::test]
async fn each_claim_of_an_object_is_checked() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (claim, value, error) in [
        ("iss", Value::Null, Some(E::Issuer)),
        ("iss", json!("other"), Some(E::Issuer)),
        ("aud", Value::Null, Some(E::Audience)),
        ("aud", json!("https://other.example"), Some(E::Audience)),
        ("aud", json!(format!("{ISSUER}/v1/oauth/par")), Some(E::Audience)),
        ("aud", json!(["https://other.example", ISSUER]), None),
        ("client_id", Value::Null, Some(E::ClientId)),
        ("client_id", json!("other"), Some(E::ClientId)),
        ("client_id", json!(["bank"]), Some(E::ClientId)),
        ("exp", Value::Null, Some(E::Time("exp"))),
        ("exp", json!("soon"), Some(E::Time("exp"))),
        ("exp", json!(now - 61), Some(E::Ended)),
        ("exp", json!(now + 3_600), None),
        ("exp", json!(now + 3_700), Some(E::TooLong)),
        ("nbf", json!(now + 30), None),
        ("nbf", json!(now + 61), Some(E::Future)),
        ("nbf", json!(now - 3_700), Some(E::TooLong)),
        ("nbf", json!(null), None),
        ("iat", json!(now + 61), Some(E::Future)),
        ("jti", json!(""), Some(E::Id)),
        ("jti", json!(5), Some(E::Id)),
        ("jti", json!("x".repeat(257)), Some(E::Id)),
        ("sub", json!("bank"), Some(E::Subject)),
        ("request", json!("e30.e30.e30"), Some(E::Nested)),
        ("request_uri", json!("urn:x"), Some(E::Nested)),
    ] {
        assert_eq!(scene.object_with(claim, value.clone()).await, error, "{claim}: {value}");
    }
    let mut many = scene.object_claims("bank");
    (0..64).for_each(|number| many[format!("p{number}")] = json!("x"));
    let many = scene.registered.sign(&header(), &many);
    assert_eq!(scene.clients.shown_object(&scene.bank().await, &many), Err(E::TooMany));
}

// SEC-ALG-01, SEC-KEY-01, SEC-TOK-02
#[tokio::test]
async fn only_a_key_of_the_client_signs_for_it() {
    let scene = Scene::new().await;
    let (bank, claims, other) = (scene.bank().await, scene.object_claims("bank"), Key::new(Algorithm::Es256));
    let check = |key: &Key, header: &Value| scene.clients.shown_object(&bank, &key.sign(header, &claims)).err();
    for (header, error) in [
        (header(), None),
        (set(header(), "typ", Value::Null), None),
        (set(header(), "typ", json!("JWT")), None),
        (set(header(), "typ", json!("application/oauth-authz-req+jwt")), None),
        (set(header(), "typ", json!("dpop+jwt")), Some(E::Type)),
        (set(header(), "typ", json!(1)), Some(E::Type)),
        (set(header(), "alg", json!("none")), Some(E::Algorithm)),
        (set(header(), "alg", json!("HS256")), Some(E::Algorithm)),
        (set(header(), "alg", json!("ES384")), Some(E::Signature)),
        (set(header(), "kid", json!("unknown")), Some(E::Signature)),
        (set(header(), "crit", json!(["exp"])), Some(E::Jws(crate::wire::jws::JwsError::Critical))),
    ] {
        assert_eq!(check(&scene.registered, &header), error, "{header}");
    }
    assert_eq!(check(&other, &header()), Some(E::Signature));
    assert_eq!(check(&other, &set(header(), "jwk", other.jwk())), Some(E::Signature));
    for text in ["", "e30.e30.e30", "a.b.c.d.e", &"x".repeat(40_000)] {
        assert!(matches!(scene.clients.shown_object(&bank, text), Err(E::Jws(_))), "{}", text.len());
    }
    // A client assertion is none.
    let assertion = scene.registered.sign(&json!({ "alg": "ES256" }), &scene.assertion_claims());
    assert_eq!(scene.clients.shown_object(&bank, &assertion), Err(E::Subject));
    let public = scene.clients.find("anybody").await.unwrap().unwrap();
    let object = other.sign(&header(), &scene.object_claims("anybody"));
    assert_eq!(scene.clients.shown_object(&public, &object), Err(E::NoKeys));
}

#[tokio::test]
async fn an_attested_wallet_signs_with_the_key_of_its_instance() {
    let scene = Scene::new().await;
    let wallet = scene.attest(&scene.attestation(), &scene.pop()).await.unwrap();
    let claims = scene.object_claims(WALLET);
    let header = set(header(), "kid", json!("0"));
    assert!(scene.clients.shown_object(&wallet, &scene.instance.sign(&header, &claims)).is_ok());
    for other in [Key::new(Algorithm::Es256), Key::of(&scene.provider.key)] {
        let refused = scene.clients.shown_object(&wallet, &other.sign(&header, &claims));
        assert_eq!(refused, Err(E::Signature));
    }
    // By its name alone no key of it is known.
    let named = scene.clients.find(WALLET).await.unwrap().unwrap();
    let object = scene.instance.sign(&header, &claims);
    assert_eq!(scene.clients.shown_object(&named, &object), Err(E::NoKeys));
}

// RFC 9101 10.2
#[tokio::test]
async fn an_object_with_an_id_is_pushed_once() {
    let scene = Scene::new().await;
    let bank = scene.bank().await;
    let object = scene.registered.sign(&header(), &set(scene.object_claims("bank"), "jti", json!("1")));
    assert!(scene.clients.shown_object(&bank, &object).is_ok());
    assert!(scene.clients.pushed_object(&bank, &object).await.unwrap().is_ok());
    let again = scene.clients.pushed_object(&bank, &object).await.unwrap();
    assert_eq!(again, Err(E::Replayed));
    assert_eq!(scene.object_with("jti", json!("2")).await, None);
    // Without one it is good as long as it lives.
    let plain = scene.registered.sign(&header(), &scene.object_claims("bank"));
    for _ in 0..2 {
        assert!(scene.clients.pushed_object(&bank, &plain).await.unwrap().is_ok());
    }
}
