//! Attestations of wallet providers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::attestation::AttestationError;
use super::super::*;
use super::support::{Key, Scene, WALLET, map, set};
use crate::pki::chain::ChainError;
use crate::pki::chain::tests::{authority, params, root, under};
use crate::signer::Algorithm;
use crate::wire::jwk;

// ABC-4-01, ABC-4-03, ABC-4-05, ABC-4-06, HAIP-7-01, VCI-E-01
#[tokio::test]
async fn an_attested_wallet_needs_no_registration() {
    let scene = Scene::new().await;
    let client = scene.attest(&scene.attestation(), &scene.pop()).await.unwrap();
    assert_eq!((client.id.as_str(), client.method), (WALLET, Method::Attestation));
    let key = jwk::thumbprint_bytes(scene.instance.0.public_key());
    assert_eq!((client.instance_key, client.redirect_uris), (Some(key), None));
    let facts = WalletFacts {
        name: Some("Example Wallet".into()),
        version: None,
        link: Some("https://wallet.example".into()),
        provider: Some("Example Wallets".into()),
        key,
    };
    assert_eq!(client.wallet, Some(facts));
    // Draft 07 has iss in both.
    let claims = set(scene.attestation_claims(), "iss", json!("https://provider.example"));
    let attestation = Key::of(&scene.provider.key).sign(&scene.attestation_header(), &claims);
    let pop = scene.instance.sign(&scene.pop_header(), &set(scene.pop_claims(), "iss", json!(WALLET)));
    let client = scene.attest(&attestation, &pop).await.unwrap();
    assert_eq!(client.wallet.unwrap().provider.as_deref(), Some("https://provider.example"));
}

// ABC-4-02, ABC-4-03, ABC-4-04, ABC-4-06, SEC-KEY-02
#[tokio::test]
async fn each_claim_of_an_attestation_is_checked() {
    let scene = Scene::new().await;
    let now = scene.now();
    let private = set(scene.instance.jwk(), "d", json!("AA"));
    for (claim, value, error) in [
        ("exp", Value::Null, Some(AttestationError::Time("exp"))),
        ("exp", json!(now - 61), Some(AttestationError::Ended)),
        ("exp", json!(now - 30), None),
        ("sub", Value::Null, Some(AttestationError::Subject)),
        ("sub", json!(""), Some(AttestationError::Subject)),
        ("cnf", Value::Null, Some(AttestationError::NoInstanceKey)),
        ("cnf", json!({}), Some(AttestationError::NoInstanceKey)),
        ("cnf", json!({ "jwk": private }), Some(AttestationError::InstanceKey(jwk::JwkError::Private))),
        ("cnf", json!({ "jwk": { "kty": "oct" } }), Some(AttestationError::InstanceKey(jwk::JwkError::Unsupported))),
        ("iss", json!(5), Some(AttestationError::Issuer)),
        ("nbf", json!(now + 61), Some(AttestationError::Future)),
        ("nbf", json!(now + 10), None),
        ("iat", json!(now + 61), Some(AttestationError::Future)),
        ("iat", Value::Null, None),
        ("status", json!({ "status_list": {} }), None),
        ("wallet_name", json!(5), None),
    ] {
        let outcome = scene.attestation_with_claim(claim, value.clone()).await;
        assert_eq!(outcome.err(), error.map(ClientRefusal::Attestation), "{claim}: {value}");
    }
}

// ABC-4-01, ABC-7-02, SEC-ALG-01, HAIP-4.4.1-02, SEC-KEY-01
#[tokio::test]
async fn each_member_of_its_header_is_checked() {
    let scene = Scene::new().await;
    let own = json!([STANDARD.encode(root(params("own")).der)]);
    for (member, value, error) in [
        ("typ", Value::Null, AttestationError::Type),
        ("typ", json!("JWT"), AttestationError::Type),
        ("alg", json!("none"), AttestationError::Algorithm),
        ("alg", json!("HS256"), AttestationError::Algorithm),
        ("alg", json!("ES384"), AttestationError::Algorithm),
        ("x5c", Value::Null, AttestationError::NoKey),
        ("x5c", json!([]), AttestationError::Certificates),
        ("x5c", json!(["-_"]), AttestationError::Certificates),
        ("x5c", own, AttestationError::Chain(ChainError::SelfSigned)),
    ] {
        let outcome = scene.attestation_with_header(member, value.clone()).await;
        assert_eq!(outcome.err(), Some(ClientRefusal::Attestation(error)), "{member}: {value}");
    }
    // A jwk beside the chain is not looked at.
    assert!(scene.attestation_with_header("jwk", scene.instance.jwk()).await.is_ok());
}

// VCI-E-01, HAIP-4.4.1-02, SEC-X5C-01
#[tokio::test]
async fn only_a_chain_to_an_anchor_gives_trust() {
    let scene = Scene::new().await;
    let fake = root(authority("Example CA"));
    let leaf = under(&fake, params("Example Wallets"));
    let signed = |chain: Value| {
        Key::of(&leaf.key).sign(&set(scene.attestation_header(), "x5c", chain), &scene.attestation_claims())
    };
    let untrusted = Err(AttestationError::Chain(ChainError::Untrusted).into());
    let (of_leaf, of_root) = (STANDARD.encode(&leaf.der), STANDARD.encode(&fake.der));
    assert_eq!(scene.attest(&signed(json!([of_leaf])), &scene.pop()).await, untrusted);
    // Its own root beside it gives no trust.
    assert_eq!(scene.attest(&signed(json!([of_leaf, of_root])), &scene.pop()).await, untrusted);
    // The provider's certificate with a key of somebody else.
    let stolen = json!([STANDARD.encode(&scene.provider.der)]);
    assert_eq!(scene.attest(&signed(stolen), &scene.pop()).await, Err(AttestationError::Signature.into()));
    // Without any anchor nobody is trusted.
    let nobody = Scene::with(|parts| parts.attestation.anchors = Anchors::default()).await;
    assert_eq!(nobody.attest(&nobody.attestation(), &nobody.pop()).await, untrusted);
}

// ABC-4-01
#[tokio::test]
async fn a_key_among_the_anchors_is_named_by_its_thumbprint() {
    let provider = rcgen::KeyPair::generate().unwrap();
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", rcgen::PublicKeyData::subject_public_key_info(&provider)));
    let scene = Scene::with(|parts| parts.attestation.anchors.read(&pem).unwrap()).await;
    let key = Key::of(&provider);
    let header = set(scene.attestation_header(), "x5c", Value::Null);
    let signed = |kid: &str| key.sign(&set(header.clone(), "kid", json!(kid)), &scene.attestation_claims());
    let kid = jwk::thumbprint(key.0.public_key());
    assert!(scene.attest(&signed(&kid), &scene.pop()).await.is_ok());
    assert_eq!(scene.attest(&signed("other"), &scene.pop()).await, Err(AttestationError::NoKey.into()));
}

// ABC-4-05, ABC-7.4-01
#[tokio::test]
async fn the_operator_names_providers_and_a_greatest_age() {
    let scene = Scene::with(|parts| {
        parts.attestation.issuers = vec!["https://provider.example".into()];
        parts.attestation.max_age = Some(Duration::from_mins(10));
    })
    .await;
    assert!(scene.attestation_with_claim("iss", json!("https://provider.example")).await.is_ok());
    let other = scene.attestation_with_claim("iss", json!("https://other.example")).await;
    assert_eq!(other, Err(AttestationError::Issuer.into()));
    let old = scene.attestation_with_claim("iat", json!(scene.now() - 661)).await;
    assert_eq!(old, Err(AttestationError::TooOld.into()));
    assert_eq!(old.unwrap_err().remedy(), Remedy::FreshAttestation);
    let unknown = scene.attestation_with_claim("iat", Value::Null).await;
    assert_eq!(unknown, Err(AttestationError::Time("iat").into()));
}

// ABC-7-01, ABC-4-03, SEC-ATT-02
#[tokio::test]
async fn one_of_each_header_and_the_client_that_it_names() {
    let scene = Scene::new().await;
    let (attestation, pop) = (scene.attestation(), scene.pop());
    let (one, both) = (attestation.as_str(), format!("{attestation}, {attestation}"));
    let joined = format!("{pop},{pop}");
    for (attestations, pops) in [
        (vec![one], vec![]),
        (vec![], vec![pop.as_str()]),
        (vec![one, one], vec![pop.as_str()]),
        (vec![one], vec![pop.as_str(), pop.as_str()]),
        (vec![both.as_str()], vec![pop.as_str()]),
        (vec![one], vec![joined.as_str()]),
    ] {
        let presented = Presented { attestations: &attestations, pops: &pops, ..Presented::default() };
        assert_eq!(scene.authenticate(&presented).await, Err(AttestationError::NotOne.into()));
    }
    let presented = Presented { attestations: &[one], pops: &[&pop], ..Presented::default() };
    let other = scene.authenticate(&Presented { client_id: Some("other"), ..presented }).await;
    assert_eq!(other, Err(AttestationError::ClientId.into()));
    assert!(scene.authenticate(&Presented { client_id: Some(WALLET), ..presented }).await.is_ok());
}

#[tokio::test]
async fn a_registration_says_how_its_client_comes() {
    let scene = Scene::new().await;
    let mut body = json!({
        "clientId": WALLET, "authentication": "attestation", "redirectUris": ["https://wallet.example/cb"],
        "requireDpop": true,
    });
    let id = scene.saved(&body).await.id;
    let client = scene.attest(&scene.attestation(), &scene.pop()).await.unwrap();
    assert_eq!((client.require_dpop, client.redirect_uris.unwrap().len()), (true, 1));
    let plain = Presented { client_id: Some(WALLET), ..Presented::default() };
    assert_eq!(scene.authenticate(&plain).await, Err(ClientRefusal::Unproven));
    // One that is registered with a key must use it.
    body["authentication"] = json!("private_key_jwt");
    body["jwks"] = json!({ "keys": [Key::new(Algorithm::Es384).jwk()] });
    scene.clients.replace(id, &map(&body)).await.unwrap();
    assert_eq!(scene.attest(&scene.attestation(), &scene.pop()).await, Err(ClientRefusal::Unproven));
}
