//! What the claims of a proof must say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::json;

use super::super::*;
use super::support::*;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;

// VCI-F.1-06, SEC-PROOF-05
#[test]
fn the_audience_must_be_this_issuer_to_the_letter() {
    let scene = Scene::new();
    let variants = [
        json!(null),
        json!(""),
        json!("https://issuer.example/acme/"),
        json!("https://ISSUER.example/acme"),
        json!("http://issuer.example/acme"),
        json!("https://issuer.example:443/acme"),
        json!("https://issuer.example/acme/v1/openid/credential"),
        json!("https://issuer.example/other"),
        json!("https://issuer.example"),
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!({"aud": ISSUER}),
        json!(1),
    ];
    for aud in variants {
        assert_eq!(scene.claim("aud", aud.clone()), Err(ProofError::Audience), "{aud}");
    }
}

// VCI-F.1-07, SEC-NUM-01, SEC-CLOCK-01, VCI-13.8-03: a fresh nonce does not excuse a wrong clock.
#[test]
fn the_time_of_issue_lies_in_the_window() {
    let scene = Scene::new();
    for good in [json!(NOW), json!(NOW - 300), json!(NOW + 60), json!(1_795_392_000.9)] {
        assert!(scene.claim("iat", good.clone()).is_ok(), "{good}");
    }
    for (iat, error) in [
        (json!(null), ProofError::IssuedAtMissing),
        (json!(NOW.to_string()), ProofError::IssuedAtMissing),
        (json!([NOW]), ProofError::IssuedAtMissing),
        (json!(true), ProofError::IssuedAtMissing),
        (json!(NOW - 301), ProofError::TooOld),
        (json!(NOW - 86_400), ProofError::TooOld),
        (json!(0), ProofError::TooOld),
        (json!(-1), ProofError::TooOld),
        (json!(i64::MIN), ProofError::TooOld),
        (json!(-1e308), ProofError::TooOld),
        (json!(NOW + 61), ProofError::TooNew),
        (json!(NOW + 3_600), ProofError::TooNew),
        (json!(i64::MAX), ProofError::TooNew),
        (json!(u64::MAX), ProofError::TooNew),
        (json!(1e308), ProofError::TooNew),
        (json!(NOW * 1000), ProofError::TooNew),
    ] {
        assert_eq!(scene.claim("iat", iat.clone()), Err(error), "{iat}");
    }
}

#[test]
fn proofs_may_be_as_old_as_nonces_live() {
    let mut scene = Scene::new();
    scene.nonces = NonceIssuer::new(Secret::new(vec![7; 32]), ISSUER, Duration::from_mins(20));
    scene.nonce = scene.nonces.issue(at(NOW), &SystemRandom::default()).unwrap();
    let proof = scene.wallet.prove(ISSUER, &scene.nonce, at(NOW));
    assert!(check_proof(&proof, &scene.rules(NOW + 1_199)).is_ok());
    assert_eq!(check_proof(&proof, &scene.rules(NOW + 1_200)), Err(ProofError::NonceUnknown));
}

#[test]
fn an_expiry_or_start_that_was_sent_counts() {
    let scene = Scene::new();
    assert!(scene.claim("exp", json!(NOW + 1)).is_ok());
    assert!(scene.claim("nbf", json!(NOW)).is_ok());
    for (name, value) in
        [("exp", json!(NOW - 60)), ("exp", json!("soon")), ("nbf", json!(NOW + 61)), ("nbf", json!({}))]
    {
        assert_eq!(scene.claim(name, value), Err(ProofError::NotValidNow), "{name}");
    }
}

// VCI-F.1-08, VCI-F.1-09, VCI-7.2-04, SEC-PROOF-02, SEC-PROOF-03
#[test]
fn the_nonce_must_be_ours_and_alive() {
    let scene = Scene::new();
    for missing in [json!(null), json!(1), json!([scene.nonce]), json!({}), json!(true)] {
        assert_eq!(scene.claim("nonce", missing.clone()), Err(ProofError::NonceMissing), "{missing}");
    }
    for unknown in [String::new(), "x".into(), B64.encode([0; 40]), format!("{}A", scene.nonce), "A".repeat(4096)] {
        assert_eq!(scene.claim("nonce", json!(unknown)), Err(ProofError::NonceUnknown), "{unknown}");
    }
    let other = NonceIssuer::new(Secret::new(vec![7; 32]), "https://other.example", Duration::from_mins(5));
    let foreign = other.issue(at(NOW), &SystemRandom::default()).unwrap();
    assert_eq!(scene.claim("nonce", json!(foreign)), Err(ProofError::NonceUnknown));
    let proof = scene.wallet.prove(ISSUER, &scene.nonce, at(NOW));
    assert!(check_proof(&proof, &scene.rules(NOW + 299)).is_ok());
    assert_eq!(check_proof(&proof, &scene.rules(NOW + 300)), Err(ProofError::NonceUnknown));
}

// VCI-F.1-10, VCI-F.1-11, SEC-PROOF-01
#[test]
fn the_proof_belongs_to_the_client_of_the_token() {
    let mut scene = Scene::new();
    for value in [json!("wallet"), json!(""), json!(1), json!([])] {
        assert_eq!(scene.claim("iss", value), Err(ProofError::IssuerUnexpected));
    }
    scene.client_id = Some("wallet");
    assert!(scene.claim("iss", json!("wallet")).is_ok());
    assert!(scene.claim("iss", json!(null)).is_ok());
    for value in [json!("other"), json!("Wallet"), json!(""), json!(["wallet"]), json!(1)] {
        assert_eq!(scene.claim("iss", value), Err(ProofError::Issuer));
    }
}
