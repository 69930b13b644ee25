//! Which key a proof is for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::super::*;
use super::support::*;
use crate::base::secret::Secret;
use crate::signer::Signer;
use crate::wire::did::DidError;
use crate::wire::jwk::{self, JwkError};

/// A self-signed certificate and the wallet that holds its key.
fn certificate(algorithm: &'static rcgen::SignatureAlgorithm, ours: Algorithm) -> (Wallet, Vec<u8>) {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let certificate = rcgen::CertificateParams::new(["wallet.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    (Wallet::of(ours, &Secret::new(key.serialize_der())), certificate.der().to_vec())
}

fn certified(scene: &Scene, wallet: &Wallet, chain: &Value) -> Result<Proven, ProofError> {
    let header = json!({"typ": TYPE, "alg": wallet.0.algorithm().jose(), "x5c": chain});
    scene.check_text(&wallet.sign(&header.to_string(), &scene.claims().to_string()))
}

// VCI-F.1-03, VCI-F.1-13, VCI-F.1-14, SEC-KEY-01, SEC-SSRF-01
#[test]
fn exactly_one_key_is_named() {
    let scene = Scene::new();
    let did = format!("did:jwk:{}#0", B64.encode(jwk::print(scene.wallet.key())));
    let without = set(scene.wallet.header(), "jwk", json!(null));
    let check = |name: &str, value: Value| scene.check(&set(without.clone(), name, value), &scene.claims());

    assert_eq!(check("kid", json!(did)).unwrap().key, *scene.wallet.key());
    let not_one = Err(ProofError::Key(KeyError::NotOne));
    assert_eq!(check("x", json!(1)), not_one);
    assert_eq!(scene.header("kid", json!(did)), not_one);
    assert_eq!(scene.header("x5c", json!(["AA"])), not_one);
    let two = set(without.clone(), "kid", json!(did));
    assert_eq!(scene.check(&set(two, "x5c", json!(["AA"])), &scene.claims()), not_one);
    assert_eq!(check("kid", json!("did:web:canary.example#0")), Err(ProofError::Key(KeyError::Did(DidError::Method))));
    assert_eq!(check("kid", json!("0")), Err(ProofError::Key(KeyError::Did(DidError::Fragment))));
    assert_eq!(check("kid", json!(0)), Err(ProofError::Key(KeyError::Kid)));
    assert_eq!(check("jwk", json!("jwk")), Err(ProofError::Key(KeyError::Jwk(JwkError::NotAnObject))));
    assert_eq!(scene.header("trust_chain", json!(["e.e.e"])), Err(ProofError::Key(KeyError::TrustChain)));
}

// VCI-F.1-03: ignored, so it neither adds nor replaces a key.
#[test]
fn a_key_attestation_is_not_believed() {
    let scene = Scene::new();
    let proven = scene.header("key_attestation", json!("e.e.e")).unwrap();
    assert_eq!(proven.key, *scene.wallet.key());
    let header = set(set(scene.wallet.header(), "jwk", json!(null)), "key_attestation", json!("e.e.e"));
    assert_eq!(scene.check(&header, &scene.claims()), Err(ProofError::Key(KeyError::NotOne)));
}

// VCI-F.1-05, VCI-F.1-17, VCI-F.1-18, SEC-KEY-02
#[test]
fn a_bad_jwk_is_refused() {
    let scene = Scene::new();
    let with = |name: &str, value: Value| scene.header("jwk", set(scene.wallet.jwk(), name, value));
    let refused = |error| Err(ProofError::Key(KeyError::Jwk(error)));
    assert_eq!(with("d", json!("AA")), refused(JwkError::Private));
    assert_eq!(with("use", json!("enc")), refused(JwkError::Purpose));
    assert_eq!(with("key_ops", json!(["sign"])), refused(JwkError::Purpose));
    assert_eq!(with("alg", json!("ES384")), refused(JwkError::Algorithm));
    assert_eq!(with("kty", json!("RSA")), refused(JwkError::Unsupported));
    assert_eq!(with("x", json!(B64.encode([0; 32]))), refused(JwkError::Point));
    assert_eq!(with("y", json!(B64.encode([0; 31]))), refused(JwkError::Coordinate));
    assert_eq!(with("y", json!(null)), refused(JwkError::Coordinate));
}

// VCI-F.1-12, SEC-X5C-02
#[test]
fn the_key_of_the_first_certificate_is_bound() {
    let scene = Scene::new();
    for (algorithm, ours) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::Es384),
        (&rcgen::PKCS_ED25519, Algorithm::EdDsa),
    ] {
        let (wallet, leaf) = certificate(algorithm, ours);
        let leaf = STANDARD.encode(leaf);
        let (other, parent) = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256);
        let parent = STANDARD.encode(parent);
        assert_eq!(certified(&scene, &wallet, &json!([leaf])).unwrap().key, *wallet.key());
        assert_eq!(certified(&scene, &wallet, &json!([leaf, parent])).unwrap().key, *wallet.key());
        assert!(certified(&scene, &wallet, &json!([parent, leaf])).is_err());
        assert_eq!(certified(&scene, &other, &json!([parent, leaf])).unwrap().key, *other.key());
    }
}

// SEC-X5C-02
#[test]
fn malformed_chains_are_refused() {
    let scene = Scene::new();
    let (wallet, der) = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256);
    let leaf = STANDARD.encode(&der);
    let bad = [
        json!([]),
        json!(leaf),
        json!(null),
        json!([1]),
        json!([""]),
        json!([leaf, "AA=="]),
        json!([format!("{leaf}\n")]),
        json!([STANDARD.encode([der.as_slice(), &[0]].concat())]),
        json!([STANDARD.encode(&der[..der.len() - 1])]),
        json!(vec!["AA=="; 1000]),
    ];
    for chain in bad {
        assert_eq!(certified(&scene, &wallet, &chain), Err(ProofError::Key(KeyError::Chain)), "{chain}");
    }
    let url_safe = base64::engine::general_purpose::URL_SAFE.encode([0xfb, 0xff]);
    assert_eq!(certified(&scene, &wallet, &json!([leaf, url_safe])), Err(ProofError::Key(KeyError::Chain)));
    let six = json!(vec![leaf.clone(); 6]);
    assert_eq!(certified(&scene, &wallet, &six), Err(ProofError::Key(KeyError::Chain)));
    assert!(certified(&scene, &wallet, &json!(vec![leaf; 5])).is_ok());
}
