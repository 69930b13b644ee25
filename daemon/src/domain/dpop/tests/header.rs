//! Headers, and the form of the whole.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

use super::super::proof::DpopError;
use super::support::{NOW, Scene};
use crate::domain::proof::tests::support::{Wallet, set};
use crate::signer::Algorithm;
use crate::wire::jwk::{JwkError, print, thumbprint_bytes};
use crate::wire::jws::JwsError;

#[test]
fn a_good_proof_shows_its_key_whatever_the_algorithm() {
    for algorithm in Algorithm::ALL {
        let scene = Scene::with(algorithm);
        let good = scene.check(&scene.header(), &scene.claims()).unwrap();
        assert_eq!(good.thumbprint, thumbprint_bytes(scene.wallet.key()));
        assert_eq!(good.jti, "one");
    }
}

// DPP-4.3-01, DPP-4.3-02
#[test]
fn there_is_exactly_one_proof_and_it_is_a_compact_jws() {
    let scene = Scene::new();
    let good = scene.sign(&scene.header(), &scene.claims());
    for (proofs, error) in [
        (vec![], DpopError::Missing),
        (vec![good.as_str(), &good], DpopError::NotOne),
        (vec![&format!("{good},{good}")], DpopError::NotOne),
        (vec![&format!("{good}, ")], DpopError::NotOne),
        (vec!["abc"], DpopError::Jws(JwsError::NotCompact)),
        (vec![""], DpopError::Jws(JwsError::NotCompact)),
        (vec!["a.b.c.d"], DpopError::Jws(JwsError::NotCompact)),
        (vec![&"A".repeat(40_000)], DpopError::Jws(JwsError::TooLarge)),
    ] {
        assert_eq!(scene.check_text(&proofs, NOW), Err(error), "{proofs:?}");
    }
    assert!(scene.check_text(&[&good], NOW).is_ok());
}

// DPP-4.3-03, DPP-4.3-04, SEC-TOK-02
#[test]
fn typ_is_that_of_a_dpop_proof() {
    let scene = Scene::new();
    for typ in [json!("JWT"), Value::Null, json!("DPOP+JWT"), json!("openid4vci-proof+jwt"), json!(["dpop+jwt"])] {
        assert_eq!(scene.with_header("typ", typ), Err(DpopError::Type));
    }
}

// DPP-4.3-05, SEC-ALG-01
#[test]
fn alg_is_one_of_the_metadata_and_fits_the_key() {
    let scene = Scene::new();
    for alg in ["none", "NONE", "HS256", "RS256", "ES512", "es256", "", "EdDSA ", "ES256K"] {
        assert_eq!(scene.with_header("alg", json!(alg)), Err(DpopError::Algorithm), "{alg}");
    }
    assert_eq!(scene.with_header("alg", Value::Null), Err(DpopError::Jws(JwsError::NoAlgorithm)));
    // DPP-11.6-01
    for alg in ["ES384", "EdDSA"] {
        assert_eq!(scene.with_header("alg", json!(alg)), Err(DpopError::KeyMismatch));
    }
    let p384: Value = serde_json::from_str(&print(Wallet::new(Algorithm::Es384).key())).unwrap();
    assert_eq!(scene.with_header("jwk", p384), Err(DpopError::KeyMismatch));
    assert_eq!(scene.with_header("crit", json!(["exp"])), Err(DpopError::Jws(JwsError::Critical)));
}

// DPP-4.3-07, SEC-KEY-02, SEC-KEY-03
#[test]
fn the_key_is_public_and_a_point_of_its_curve() {
    let scene = Scene::new();
    assert_eq!(scene.with_header("jwk", Value::Null), Err(DpopError::NoKey));
    assert_eq!(scene.with_header("jwk", json!("key")), Err(DpopError::Key(JwkError::NotAnObject)));
    let jwk = || scene.header()["jwk"].clone();
    assert_eq!(scene.with_header("jwk", set(jwk(), "d", json!("AA"))), Err(DpopError::Key(JwkError::Private)));
    let y = B64.encode([1; 32]);
    assert_eq!(scene.with_header("jwk", set(jwk(), "y", json!(y))), Err(DpopError::Key(JwkError::Point)));
    assert_eq!(scene.with_header("jwk", json!({ "kty": "oct", "k": "AA" })), Err(DpopError::Key(JwkError::Private)));
    assert_eq!(
        scene.with_header("jwk", json!({ "kty": "RSA", "n": "AA", "e": "AQAB" })),
        Err(DpopError::Key(JwkError::Unsupported))
    );
    // Key by another way is none.
    let by_kid = set(set(scene.header(), "jwk", Value::Null), "kid", json!("1"));
    assert_eq!(scene.check(&by_kid, &scene.claims()), Err(DpopError::NoKey));
}

// DPP-4.3-06
#[test]
fn the_signature_is_of_that_key() {
    let scene = Scene::new();
    let good = scene.sign(&scene.header(), &scene.claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut raw = B64.decode(signature).unwrap();
    raw[10] ^= 1;
    for signature in [raw, Vec::new(), vec![0; 64]] {
        let changed = format!("{signed}.{}", B64.encode(signature));
        assert_eq!(scene.check_text(&[&changed], NOW), Err(DpopError::Signature));
    }
    let other: Value = serde_json::from_str(&print(Wallet::new(Algorithm::Es256).key())).unwrap();
    assert_eq!(scene.with_header("jwk", other), Err(DpopError::Signature));
}

// SEC-PANIC-01
#[test]
fn mutated_proofs_never_panic_and_never_pass() {
    let scene = Scene::new();
    let good = scene.sign(&scene.header(), &scene.claims());
    crate::wire::fuzz::mutate(&[good.as_bytes()], 20_000, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        if scene.check_text(&[text], NOW).is_ok() {
            assert_eq!(text.trim(), good);
        }
    });
}
