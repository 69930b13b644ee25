//! Claims.

use serde_json::{Value, json};

use super::super::proof::DpopError;
use super::support::{NOW, Scene, TOKEN, TOKEN_URI, at};
use crate::domain::proof::tests::support::set;

// DPP-4.3-03, DPP-4.3-08
#[test]
fn htm_is_the_method_in_its_case() {
    let scene = Scene::new();
    for method in [json!("GET"), json!("post"), json!("POST "), json!(""), Value::Null, json!(1)] {
        assert_eq!(scene.with_claim("htm", method), Err(DpopError::Method));
    }
}

// DPP-4.3-03, DPP-4.3-09; `uri` has the table.
#[test]
fn htu_is_the_uri() {
    let scene = Scene::new();
    for uri in [json!("https://issuer.example/acme/v1/openid/credential"), Value::Null, json!(""), json!([TOKEN_URI])] {
        assert_eq!(scene.with_claim("htu", uri), Err(DpopError::Uri));
    }
    assert!(scene.with_claim("htu", json!("HTTPS://issuer.EXAMPLE:443/acme/v1/oauth/token?a=b#c")).is_ok());
}

// DPP-4.3-12, SEC-DPOP-03
#[test]
fn ath_is_the_hash_of_the_token() {
    let mut scene = Scene::new();
    // Without a token it is not looked at.
    assert!(scene.with_claim("ath", json!("nonsense")).is_ok());
    scene.access_token = Some(TOKEN);
    assert!(scene.check(&scene.header(), &scene.claims()).is_ok());
    let other = Scene { access_token: Some("another"), ..Scene::new() }.claims()["ath"].clone();
    for hash in [Value::Null, other, json!(""), json!(TOKEN)] {
        assert_eq!(scene.with_claim("ath", hash), Err(DpopError::TokenHash));
    }
}

// DPP-4.3-03, DPP-4.2-02
#[test]
fn jti_is_there_and_bounded() {
    let scene = Scene::new();
    for jti in [Value::Null, json!(""), json!(1), json!("x".repeat(129))] {
        assert_eq!(scene.with_claim("jti", jti), Err(DpopError::Id));
    }
    assert!(scene.with_claim("jti", json!("x".repeat(128))).is_ok());
}

// DPP-4.3-11, SEC-DPOP-05
#[test]
fn iat_is_near_now_both_ways() {
    let scene = Scene::new();
    for (offset, expected) in [
        (-120, Ok(at(NOW + 1))),
        (-10, Ok(at(NOW + 111))),
        (0, Ok(at(NOW + 121))),
        (10, Ok(at(NOW + 131))),
        (60, Ok(at(NOW + 181))),
        (61, Err(DpopError::TooNew)),
        (3_600, Err(DpopError::TooNew)),
        (3_000, Err(DpopError::TooNew)),
        // The wallet's clock may be slow: a nonce helps.
        (-121, Err(DpopError::NonceNeeded)),
        (-1_800, Err(DpopError::NonceNeeded)),
        (-1_801, Err(DpopError::TooOld)),
        (-3_600, Err(DpopError::TooOld)),
    ] {
        let checked = scene.with_claim("iat", json!(NOW + offset)).map(|good| good.until);
        assert_eq!(checked, expected, "{offset}");
    }
    for wrong in [Value::Null, json!("1795392000"), json!([NOW])] {
        assert_eq!(scene.with_claim("iat", wrong), Err(DpopError::IssuedAtMissing));
    }
    assert!(scene.with_claim("iat", json!(1_795_392_000.75)).is_ok());
    for wrong in [json!(1e300), json!(i64::MAX)] {
        assert_eq!(scene.with_claim("iat", wrong), Err(DpopError::TooNew));
    }
    assert_eq!(scene.with_claim("iat", json!(-1e300)), Err(DpopError::TooOld));
}

// DPP-4.2-01
#[test]
fn other_claims_are_tolerated_and_exp_and_nbf_mean_what_they_say() {
    let scene = Scene::new();
    assert!(scene.with_claim("x_unknown", json!({ "a": [1] })).is_ok());
    assert!(scene.with_claim("exp", json!(NOW + 60)).is_ok());
    assert!(scene.with_claim("nbf", json!(NOW - 60)).is_ok());
    for (name, value) in [("exp", json!(NOW - 3_600)), ("nbf", json!(NOW + 3_600)), ("exp", json!("soon"))] {
        assert_eq!(scene.with_claim(name, value), Err(DpopError::NotValidNow));
    }
}

// DPP-4.3-10, DPP-8.2-01
#[test]
fn a_nonce_is_of_now_or_just_before() {
    let scene = Scene::new();
    let nonce = scene.nonces.issue(at(NOW));
    let proof = scene.sign(&scene.header(), &set(scene.claims(), "nonce", json!(nonce)));
    let end = scene.check_text(&[&proof], NOW).unwrap().until;
    for now in [NOW, NOW + 299, end.as_second() - 1] {
        // Older than any proof without a nonce may be.
        assert_eq!(scene.check_text(&[&proof], now).unwrap().until, end);
    }
    assert_eq!(scene.check_text(&[&proof], end.as_second()), Err(DpopError::NonceUnknown));
    for wrong in [json!("garbage"), json!(""), json!(1), json!("A".repeat(32))] {
        assert_eq!(scene.with_claim("nonce", wrong), Err(DpopError::NonceUnknown));
    }
}

// DPP-11.3-01
#[test]
fn where_a_nonce_is_required_a_proof_without_is_never_accepted() {
    let mut scene = Scene::new();
    scene.rules.require_nonce = true;
    for offset in [-120, 0, 60] {
        assert_eq!(scene.with_claim("iat", json!(NOW + offset)), Err(DpopError::NonceNeeded));
    }
    assert!(scene.with_claim("nonce", json!(scene.nonces.issue(at(NOW)))).is_ok());
}

// A wallet with a slow clock is told to use a nonce, and then succeeds.
#[test]
fn with_a_nonce_a_slow_clock_does_no_harm() {
    let scene = Scene::new();
    let nonce = json!(scene.nonces.issue(at(NOW)));
    for (offset, expected) in [(-1_800, true), (-1_801, false), (60, true), (61, false)] {
        let claims = set(set(scene.claims(), "iat", json!(NOW + offset)), "nonce", nonce.clone());
        assert_eq!(scene.check(&scene.header(), &claims).is_ok(), expected, "{offset}");
    }
}
