//! `private_key_jwt`, public clients, and several methods at once.

use serde_json::{Value, json};

use super::super::assertion::AssertionError;
use super::super::*;
use super::support::{ISSUER, Key, Scene, set};
use crate::signer::Algorithm;

const HEADER: &str = r#"{"alg":"ES256"}"#;

fn header() -> Value {
    serde_json::from_str(HEADER).unwrap()
}

// OAU-2.3-02
#[tokio::test]
async fn an_assertion_of_a_registered_key_names_the_client() {
    let scene = Scene::new().await;
    let client = scene.assert(&scene.registered.sign(&header(), &scene.assertion_claims())).await.unwrap();
    assert_eq!((client.id.as_str(), client.method), ("bank", Method::PrivateKeyJwt));
    assert_eq!(client.redirect_uris, Some(vec!["https://bank.example/cb".to_owned()]));
    assert!(client.is_authenticated() && client.instance_key.is_none());
}

// OAU-2.3-02, F2-5.3.2.1-04
#[tokio::test]
async fn each_claim_of_an_assertion_is_checked() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (claim, value, error) in [
        ("iss", json!("other"), Some(AssertionError::Subject)),
        ("iss", Value::Null, Some(AssertionError::Subject)),
        ("sub", Value::Null, Some(AssertionError::Subject)),
        ("sub", json!(5), Some(AssertionError::Subject)),
        ("aud", Value::Null, Some(AssertionError::Audience)),
        ("aud", json!("https://other.example"), Some(AssertionError::Audience)),
        ("aud", json!(format!("{ISSUER}/")), Some(AssertionError::Audience)),
        ("aud", json!([ISSUER]), Some(AssertionError::Audience)),
        ("aud", json!(format!("{ISSUER}/v1/oauth/token")), Some(AssertionError::Audience)),
        ("exp", Value::Null, Some(AssertionError::Time("exp"))),
        ("exp", json!("soon"), Some(AssertionError::Time("exp"))),
        ("exp", json!(now - 61), Some(AssertionError::Ended)),
        ("exp", json!(now - 30), None),
        ("exp", json!(now + 3600), Some(AssertionError::TooLong)),
        ("exp", json!(1e300), Some(AssertionError::TooLong)),
        ("iat", json!(now + 10), None),
        ("iat", json!(now + 61), Some(AssertionError::Future)),
        ("iat", Value::Null, None),
        ("nbf", json!(now + 10), None),
        ("nbf", json!(now + 61), Some(AssertionError::Future)),
        ("jti", Value::Null, Some(AssertionError::Id)),
        ("jti", json!(""), Some(AssertionError::Id)),
        ("jti", json!("x".repeat(300)), Some(AssertionError::Id)),
    ] {
        let claims = set(scene.assertion_claims(), claim, value.clone());
        let outcome = scene.assert(&scene.registered.sign(&header(), &claims)).await;
        assert_eq!(outcome.err(), error.map(ClientRefusal::Assertion), "{claim}: {value}");
    }
}

// OAU-2.3-04, OAU-2.2-01, SEC-ALG-01, SEC-KEY-01
#[tokio::test]
async fn only_a_registered_key_counts_and_unknown_clients_look_alike() {
    let scene = Scene::new().await;
    let (other, claims) = (Key::new(Algorithm::Es256), scene.assertion_claims());
    let unproven = Err(ClientRefusal::Unproven);
    assert_eq!(scene.assert(&other.sign(&header(), &claims)).await, unproven);
    // A key of its own choosing in the header.
    let own = set(header(), "jwk", other.jwk());
    assert_eq!(scene.assert(&other.sign(&own, &claims)).await, unproven);
    assert_eq!(scene.assert(&other.sign(&set(header(), "kid", json!("x")), &claims)).await, unproven);
    let named = |name: &str| set(set(scene.assertion_claims(), "iss", json!(name)), "sub", json!(name));
    assert_eq!(scene.assert(&scene.registered.sign(&header(), &named("nobody"))).await, unproven);
    for alg in ["none", "HS256", "RS256", "es256"] {
        let outcome = scene.assert(&scene.registered.sign(&json!({ "alg": alg }), &claims)).await;
        assert_eq!(outcome, Err(AssertionError::Algorithm.into()), "{alg}");
    }
    assert_eq!(scene.assert(&scene.registered.sign(&json!({ "alg": "ES384" }), &claims)).await, unproven);
    // None of them used the jti up.
    assert!(scene.assert(&scene.registered.sign(&header(), &claims)).await.is_ok());
}

// OAU-2.3-02
#[tokio::test]
async fn an_assertion_is_accepted_once() {
    let scene = Scene::new().await;
    let assertion = scene.registered.sign(&header(), &scene.assertion_claims());
    assert!(scene.assert(&assertion).await.is_ok());
    assert_eq!(scene.assert(&assertion).await, Err(AssertionError::Replayed.into()));
}

// OAU-2.3-03
#[tokio::test]
async fn the_type_and_the_client_id_belong_to_the_assertion() {
    let scene = Scene::new().await;
    let assertion = scene.registered.sign(&header(), &scene.assertion_claims());
    let good = Presented { assertion: Some(&assertion), assertion_type: Some(ASSERTION_TYPE), ..Presented::default() };
    for (presented, refusal) in [
        (Presented { assertion_type: None, ..good }, ClientRefusal::HalfAssertion),
        (Presented { assertion: None, ..good }, ClientRefusal::HalfAssertion),
        (Presented { assertion_type: Some("jwt-bearer"), ..good }, AssertionError::Type.into()),
        (Presented { client_id: Some("other"), ..good }, AssertionError::ClientId.into()),
        // OAU-2.3-01
        (Presented { secret: true, ..good }, ClientRefusal::SeveralMethods),
        (Presented { attestations: &["a"], pops: &["b"], ..good }, ClientRefusal::SeveralMethods),
        // OAU-2.3-06
        (Presented { secret: true, client_id: Some("bank"), ..Presented::default() }, ClientRefusal::Secret),
    ] {
        assert_eq!(scene.authenticate(&presented).await, Err(refusal));
    }
    assert!(scene.authenticate(&Presented { client_id: Some("bank"), ..good }).await.is_ok());
}

// VCI-6.3-05, VCI-6.1-03, F2-5.3.2.1-02
#[tokio::test]
async fn public_and_anonymous_wallets_come_as_the_policy_says() {
    let named = Presented { client_id: Some("anybody"), ..Presented::default() };
    let bank = Presented { client_id: Some("bank"), ..Presented::default() };
    let anonymous = Presented::default();
    let open = Scene::new().await;
    assert_eq!(open.authenticate(&named).await.unwrap().method, Method::Public);
    assert_eq!(open.authenticate(&anonymous).await, Err(ClientRefusal::Missing));
    assert_eq!(open.clients.authenticate_or_anonymous(&anonymous).await.unwrap(), Ok(None));
    // A client that has a method must use it.
    assert_eq!(open.authenticate(&bank).await, Err(ClientRefusal::Unproven));
    assert!(open.clients.find("bank").await.unwrap().is_some());
    assert!(open.clients.find("anybody").await.unwrap().is_some());
    let known = Scene::with(|parts| parts.policy.allow_unregistered = false).await;
    assert_eq!(known.authenticate(&named).await, Err(ClientRefusal::Unproven));
    assert_eq!(known.clients.authenticate_or_anonymous(&anonymous).await.unwrap(), Err(ClientRefusal::Missing));
    assert!(known.clients.find("anybody").await.unwrap().is_none());
    let strict = Scene::with(|parts| parts.policy.attestation_required = true).await;
    for presented in [named, bank, anonymous] {
        let outcome = strict.clients.authenticate_or_anonymous(&presented).await.unwrap();
        assert_eq!(outcome, Err(ClientRefusal::AttestationRequired));
    }
    // Who is registered with a key or a certificate proves as much by it.
    let assertion = strict.registered.sign(&header(), &strict.assertion_claims());
    assert_eq!(strict.assert(&assertion).await.unwrap().method, Method::PrivateKeyJwt);
    assert_eq!(
        strict.assert(&Key::new(Algorithm::Es256).sign(&header(), &strict.assertion_claims())).await,
        Err(ClientRefusal::Unproven)
    );
    let print = crate::pki::certificate::fingerprint(&strict.provider.der);
    strict.saved(&json!({ "clientId": "m", "authentication": "mtls", "certificateSha256": [print] })).await;
    let shown = Presented { client_id: Some("m"), certificate: Some(&strict.provider.der), ..Presented::default() };
    assert_eq!(strict.authenticate(&shown).await.unwrap().method, Method::Mtls);
    let hidden = Presented { certificate: None, ..shown };
    assert_eq!(strict.authenticate(&hidden).await, Err(ClientRefusal::AttestationRequired));
    strict.saved(&json!({ "clientId": "p", "authentication": "none" })).await;
    let public = Presented { client_id: Some("p"), ..shown };
    assert_eq!(strict.authenticate(&public).await, Err(ClientRefusal::AttestationRequired));
}

// SEC-TOK-02
#[tokio::test]
async fn a_jwt_of_another_type_is_no_assertion() {
    let scene = Scene::new().await;
    for (typ, good) in [
        (json!("JWT"), true),
        (json!("client-authentication+jwt"), true),
        (json!("oauth-authz-req+jwt"), false),
        (json!("dpop+jwt"), false),
        (json!(5), false),
    ] {
        let signed = scene.registered.sign(&set(header(), "typ", typ.clone()), &scene.assertion_claims());
        assert_eq!(scene.assert(&signed).await.err(), (!good).then_some(AssertionError::Kind.into()), "{typ}");
    }
}

// RFC 8705 2.1, 2.2
#[tokio::test]
async fn a_certificate_names_its_client() {
    let scene = Scene::new().await;
    let print = crate::pki::certificate::fingerprint(&scene.provider.der);
    for (id, member, value) in [
        ("by-digest", "certificateSha256", json!([print.to_uppercase()])),
        ("by-subject", "certificateSubject", json!("CN=Example Wallets")),
    ] {
        scene.saved(&json!({ "clientId": id, "authentication": "mtls", member: value })).await;
        let good = Presented { client_id: Some(id), certificate: Some(&scene.provider.der), ..Presented::default() };
        assert_eq!(scene.authenticate(&good).await.unwrap().method, Method::Mtls, "{id}");
        for certificate in [None, Some(scene.top.der.as_slice()), Some(b"nonsense".as_slice())] {
            let outcome = scene.authenticate(&Presented { certificate, ..good }).await;
            assert_eq!(outcome, Err(ClientRefusal::Unproven), "{id}");
        }
    }
}
