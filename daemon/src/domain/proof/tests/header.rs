//! What the header of a proof must say, and how the proof must be spelled and signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::json;

use super::super::*;
use super::support::*;
use crate::base::secret::hmac;
use crate::wire::json::JsonError;

// VCI-F.1-01
#[test]
fn the_type_must_be_that_of_a_key_proof() {
    let scene = Scene::new();
    for typ in [json!(null), json!("JWT"), json!("OPENID4VCI-PROOF+JWT"), json!("dpop+jwt"), json!(1), json!([TYPE])] {
        assert_eq!(scene.header("typ", typ.clone()), Err(ProofError::Type), "{typ}");
    }
}

// VCI-F.1-02, SEC-ALG-01
#[test]
fn only_the_algorithm_of_the_key_is_accepted() {
    let scene = Scene::new();
    for name in ["none", "None", "NONE", "HS256", "HS512", "RS256", "PS256", "ES512", "ES256K", "es256", "Ed25519", ""]
    {
        assert_eq!(scene.header("alg", json!(name)), Err(ProofError::Algorithm), "{name}");
    }
    for name in ["ES384", "EdDSA"] {
        assert_eq!(scene.header("alg", json!(name)), Err(ProofError::KeyMismatch), "{name}");
    }
    assert_eq!(scene.header("alg", json!(null)), Err(ProofError::Jws(JwsError::NoAlgorithm)));
    assert_eq!(scene.header("alg", json!(["ES256"])), Err(ProofError::Jws(JwsError::NoAlgorithm)));

    let none = format!(
        "{}.{}.",
        B64.encode(set(scene.wallet.header(), "alg", json!("none")).to_string()),
        B64.encode(scene.claims().to_string())
    );
    assert_eq!(scene.check_text(&none), Err(ProofError::Algorithm));
    let header = set(scene.wallet.header(), "alg", json!("HS256")).to_string();
    let signed = format!("{}.{}", B64.encode(header), B64.encode(scene.claims().to_string()));
    let mac = hmac(&scene.wallet.key().bytes(), &[signed.as_bytes()]);
    assert_eq!(scene.check_text(&format!("{signed}.{}", B64.encode(mac))), Err(ProofError::Algorithm));
}

// VCI-F.1-04
#[test]
fn the_signature_must_be_that_of_the_named_key() {
    for algorithm in Algorithm::ALL {
        let scene = Scene::with(algorithm);
        let other = Wallet::new(algorithm);
        let header = scene.wallet.header().to_string();
        let foreign = other.sign(&header, &scene.claims().to_string());
        assert_eq!(scene.check_text(&foreign), Err(ProofError::Signature));

        let good = scene.wallet.sign(&header, &scene.claims().to_string());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let signature = B64.decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{signed}.{}", B64.encode(flipped));
            assert_eq!(scene.check_text(&text), Err(ProofError::Signature), "{algorithm:?} bit {bit}");
        }
        for bad in [&[], &signature[1..], &[signature.as_slice(), &[0]].concat(), &vec![0; signature.len()]] {
            let text = format!("{signed}.{}", B64.encode(bad));
            assert_eq!(scene.check_text(&text), Err(ProofError::Signature));
        }
    }
}

// VCI-F.1-15, SEC-SSRF-01
#[test]
fn extensions_are_refused_and_urls_are_not_followed() {
    let scene = Scene::new();
    let critical = Err(ProofError::Jws(JwsError::Critical));
    assert_eq!(scene.header("crit", json!(["exp"])), critical);
    assert_eq!(scene.header("b64", json!(false)), critical);
    assert!(scene.header("jku", json!("https://canary.example/jwks")).is_ok());
    assert!(scene.header("x5u", json!("https://canary.example/x5u")).is_ok());
}

// HTP-JSON-02, SEC-DUP-01, SEC-DEPTH-01
#[test]
fn ambiguous_and_deep_json_is_refused() {
    let scene = Scene::new();
    let (header, claims) = (scene.wallet.header().to_string(), scene.claims().to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    let check = |header: &str, claims: &str| scene.check_text(&scene.wallet.sign(header, claims));
    assert!(check(&header, &claims).is_ok());
    let duplicate = JsonError::Duplicate;
    assert_eq!(check(&twice(&header, r#""alg":"ES256""#), &claims), Err(ProofError::Jws(JwsError::Header(duplicate))));
    assert_eq!(check(&header, &twice(&claims, r#""nonce":"x""#)), Err(ProofError::Jws(JwsError::Payload(duplicate))));
    let deep = twice(&claims, &format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000)));
    assert_eq!(check(&header, &deep), Err(ProofError::Jws(JwsError::Payload(JsonError::TooDeep))));
    assert_eq!(check(&header, "[]"), Err(ProofError::Jws(JwsError::Payload(JsonError::NotAnObject))));
}

// SEC-SIZE-01
#[test]
fn a_huge_proof_is_refused_before_it_is_read() {
    let scene = Scene::new();
    let padding = "x".repeat(crate::wire::jws::MOST_BYTES);
    assert_eq!(scene.header("padding", json!(padding)), Err(ProofError::Jws(JwsError::TooLarge)));
}
