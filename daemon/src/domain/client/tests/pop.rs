//! Proofs that a wallet holds its attested key.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::pop::PopError;
use super::super::*;
use super::support::{ISSUER, Key, NOW, Scene, WALLET, second, set};
use crate::signer::Algorithm;

async fn with_claim(scene: &Scene, name: &str, value: Value) -> Result<Client, ClientRefusal> {
    let pop = scene.instance.sign(&scene.pop_header(), &set(scene.pop_claims(), name, value));
    scene.attest(&scene.attestation(), &pop).await
}

// ABC-5.1-02, ABC-5.1-03, ABC-5.1-04, ABC-5.1-05, SEC-ATT-02
#[tokio::test]
async fn each_claim_of_a_proof_is_checked() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (claim, value, error) in [
        ("aud", json!([ISSUER, "https://other.example"]), None),
        ("aud", Value::Null, Some(PopError::Audience)),
        ("aud", json!("https://other.example"), Some(PopError::Audience)),
        ("aud", json!(format!("{ISSUER}/v1/oauth/token")), Some(PopError::Audience)),
        ("aud", json!([]), Some(PopError::Audience)),
        ("iss", json!(WALLET), None),
        ("iss", json!("other"), Some(PopError::Issuer)),
        ("iss", json!(5), Some(PopError::Issuer)),
        ("jti", Value::Null, Some(PopError::Id)),
        ("jti", json!("x".repeat(300)), Some(PopError::Id)),
        ("iat", Value::Null, Some(PopError::Time("iat"))),
        ("iat", json!("now"), Some(PopError::Time("iat"))),
        ("iat", json!(now - 300), None),
        ("iat", json!(now - 361), Some(PopError::TooOld)),
        ("iat", json!(now - 3600), Some(PopError::TooOld)),
        ("iat", json!(now + 10), None),
        ("iat", json!(now + 3600), Some(PopError::Future)),
        ("exp", json!(now + 60), None),
        ("exp", json!(now - 61), Some(PopError::Ended)),
        ("nbf", json!(now), None),
        ("nbf", json!(now + 61), Some(PopError::Future)),
        ("unknown", json!({}), None),
    ] {
        let outcome = with_claim(&scene, claim, value.clone()).await;
        assert_eq!(outcome.err(), error.map(ClientRefusal::Pop), "{claim}: {value}");
    }
}

// ABC-5.1-01, SEC-ALG-01, SEC-TOK-02
#[tokio::test]
async fn it_is_signed_with_the_attested_key() {
    let scene = Scene::new().await;
    let other = Key::new(Algorithm::Es256);
    let pop = other.sign(&scene.pop_header(), &scene.pop_claims());
    assert_eq!(scene.attest(&scene.attestation(), &pop).await, Err(PopError::Signature.into()));
    for (member, value, error) in [
        ("typ", Value::Null, PopError::Type),
        ("typ", json!("dpop+jwt"), PopError::Type),
        ("typ", json!("oauth-client-attestation+jwt"), PopError::Type),
        ("alg", json!("none"), PopError::Algorithm),
        ("alg", json!("HS256"), PopError::Algorithm),
        ("alg", json!("ES384"), PopError::Algorithm),
    ] {
        let pop = scene.instance.sign(&set(scene.pop_header(), member, value), &scene.pop_claims());
        assert_eq!(scene.attest(&scene.attestation(), &pop).await, Err(error.into()), "{member}");
    }
    // The attestation in the place of its proof.
    assert!(scene.attest(&scene.attestation(), &scene.attestation()).await.is_err());
}

// ABC-11.1-01, VCI-15.4.4-01
#[tokio::test]
async fn it_is_accepted_once() {
    let scene = Scene::new().await;
    let (attestation, pop) = (scene.attestation(), scene.pop());
    assert!(scene.attest(&attestation, &pop).await.is_ok());
    assert_eq!(scene.attest(&attestation, &pop).await, Err(PopError::Replayed.into()));
    // Until it is too old anyway.
    scene.clock.set(second(NOW + 359));
    assert_eq!(scene.attest(&attestation, &pop).await, Err(PopError::Replayed.into()));
    scene.clock.set(second(NOW + 361));
    assert_eq!(scene.attest(&attestation, &pop).await, Err(PopError::TooOld.into()));
    // The attestation serves again, and another instance of the wallet may use the same jti.
    assert!(scene.attest(&scene.attestation(), &scene.pop()).await.is_ok());
}

// ABC-6.2-01, SEC-PROOF-02
#[tokio::test]
async fn a_challenge_is_known_fresh_and_needed_when_the_operator_says_so() {
    let scene = Scene::with(|parts| parts.policy.require_challenge = true).await;
    let challenge = scene.clients.challenge().unwrap();
    let missing = scene.attest(&scene.attestation(), &scene.pop()).await;
    assert_eq!(missing, Err(PopError::ChallengeNeeded.into()));
    assert_eq!(missing.unwrap_err().remedy(), Remedy::Challenge);
    assert!(with_claim(&scene, "challenge", json!(challenge)).await.is_ok());
    let nonces = NonceIssuer::new(crate::base::secret::Secret::new(vec![7; 32]), ISSUER, Duration::from_mins(5));
    let nonce = nonces.issue(second(NOW), &crate::base::random::SystemRandom::default()).unwrap();
    for unknown in [json!("x"), json!(""), json!(5), json!(nonce)] {
        let outcome = with_claim(&scene, "challenge", unknown.clone()).await;
        assert_eq!(outcome, Err(PopError::ChallengeUnknown.into()), "{unknown}");
    }
    scene.clock.set(second(NOW + 301));
    let stale = with_claim(&scene, "challenge", json!(challenge)).await;
    assert_eq!(stale, Err(PopError::ChallengeUnknown.into()));
    // One that was sent is checked also where none is needed.
    let relaxed = Scene::new().await;
    assert!(with_claim(&relaxed, "challenge", json!("x")).await.is_err());
}
