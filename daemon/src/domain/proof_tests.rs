//! Tests of key proofs: a wallet that makes good ones, and every way to change one.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::*;
use crate::base::random::SystemRandom;
use crate::base::secret::{Secret, hmac};
use crate::signer::{Signer, SoftwareKey};
use crate::wire::did::DidError;
use crate::wire::jwk::{self, JwkError};
use crate::wire::{fuzz, json::JsonError};

const ISSUER: &str = "https://issuer.example/acme";
const NOW: i64 = 1_795_392_000;

/// A holder's key.
pub(crate) struct Wallet(SoftwareKey);

impl Wallet {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        Self::of(algorithm, &SoftwareKey::generate_pkcs8(algorithm).unwrap())
    }

    fn of(algorithm: Algorithm, pkcs8: &Secret) -> Self {
        Self(SoftwareKey::from_pkcs8(algorithm, pkcs8).unwrap())
    }

    pub(crate) fn key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn jwk(&self) -> Value {
        serde_json::from_str(&jwk::print(self.key())).unwrap()
    }

    fn header(&self) -> Value {
        json!({"typ": TYPE, "alg": self.0.algorithm().jose(), "jwk": self.jwk()})
    }

    /// Signs any header and payload.
    fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let signature = self.0.sign_now(signed.as_bytes()).unwrap();
        format!("{signed}.{}", B64.encode(signature))
    }

    /// A good proof.
    pub(crate) fn prove(&self, issuer: &str, nonce: &str, now: Timestamp) -> String {
        let claims = json!({"aud": issuer, "iat": now.as_second(), "nonce": nonce});
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// A wallet, an issuer and a fresh nonce.
struct Scene {
    wallet: Wallet,
    nonces: NonceIssuer,
    nonce: String,
    client_id: Option<&'static str>,
}

impl Scene {
    fn new() -> Self {
        Self::with(Algorithm::Es256)
    }

    fn with(algorithm: Algorithm) -> Self {
        let nonces = NonceIssuer::new(Secret::new(vec![7; 32]), ISSUER, Duration::from_mins(5));
        let nonce = nonces.issue(at(NOW), &SystemRandom::default()).unwrap();
        Self { wallet: Wallet::new(algorithm), nonces, nonce, client_id: None }
    }

    fn rules(&self, now: i64) -> ProofRules<'_> {
        ProofRules { issuer: ISSUER, client_id: self.client_id, batch_size: 5, nonces: &self.nonces, now: at(now) }
    }

    fn claims(&self) -> Value {
        json!({"aud": ISSUER, "iat": NOW, "nonce": self.nonce})
    }

    fn check(&self, header: &Value, claims: &Value) -> Result<Proven, ProofError> {
        self.check_text(&self.wallet.sign(&header.to_string(), &claims.to_string()))
    }

    fn check_text(&self, proof: &str) -> Result<Proven, ProofError> {
        check_proof(proof, &self.rules(NOW))
    }

    /// The good proof with one member of the header set, or removed by `null`.
    fn header(&self, name: &str, value: Value) -> Result<Proven, ProofError> {
        self.check(&set(self.wallet.header(), name, value), &self.claims())
    }

    /// The good proof with one claim set, or removed by `null`.
    fn claim(&self, name: &str, value: Value) -> Result<Proven, ProofError> {
        self.check(&self.wallet.header(), &set(self.claims(), name, value))
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn set(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.into(), value);
    }
    object
}

// VCI-F.1-04, VCI-F.1-06, HAIP-7-02
#[test]
fn a_good_proof_of_each_kind_shows_its_key_and_nonce() {
    for algorithm in Algorithm::ALL {
        let scene = Scene::with(algorithm);
        let proven = scene.check(&scene.wallet.header(), &scene.claims()).unwrap();
        assert_eq!(proven.key, *scene.wallet.key());
        assert_eq!(Some(proven.nonce), scene.nonces.check(&scene.nonce, at(NOW)));
    }
}

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

// SEC-SIZE-01
#[test]
fn a_huge_proof_is_refused_before_it_is_read() {
    let scene = Scene::new();
    let padding = "x".repeat(crate::wire::jws::MOST_BYTES);
    assert_eq!(scene.header("padding", json!(padding)), Err(ProofError::Jws(JwsError::TooLarge)));
}

// VCI-F.1-19, VCI-8.3-05, SEC-PROOF-04
#[test]
fn a_batch_may_share_a_nonce_and_keeps_its_order() {
    let scene = Scene::new();
    let wallets: Vec<_> = (0..5).map(|place| Wallet::new(Algorithm::ALL[place % 3])).collect();
    let proofs: Vec<_> = wallets.iter().map(|wallet| wallet.prove(ISSUER, &scene.nonce, at(NOW)).into()).collect();
    let proven = check_proofs(&proofs, &scene.rules(NOW)).unwrap();
    assert!(proven.iter().map(|proven| proven.key).eq(wallets.iter().map(|wallet| *wallet.key())));
    assert_eq!(proven.iter().map(|proven| proven.nonce).collect::<HashSet<_>>().len(), 1);
}

// VCI-8.2-12, VCI-8.2-13, VCI-8.2-14, SEC-KEY-05
#[test]
fn one_bad_proof_refuses_the_batch() {
    let scene = Scene::new();
    let good = |wallet: &Wallet| wallet.prove(ISSUER, &scene.nonce, at(NOW));
    let proofs: Vec<_> = (0..5).map(|_| good(&Wallet::new(Algorithm::Es256)).into()).collect();
    let check = |proofs: &[Cow<'_, str>]| check_proofs(proofs, &scene.rules(NOW)).map(|proven| proven.len());
    assert_eq!(check(&proofs), Ok(5));

    let six = [proofs.as_slice(), &[good(&scene.wallet).into()]].concat();
    assert_eq!(check(&six), Err(ProofError::TooMany));
    for place in 0..5 {
        let mut spoiled = proofs.clone();
        spoiled[place] = Wallet::new(Algorithm::Es256).prove("https://other.example", &scene.nonce, at(NOW)).into();
        assert_eq!(check(&spoiled), Err(ProofError::Audience), "{place}");
    }
    let header = set(scene.wallet.header(), "jwk", set(scene.wallet.jwk(), "kid", json!("another name")));
    let again = scene.wallet.sign(&header.to_string(), &scene.claims().to_string());
    let twice = [good(&scene.wallet).into(), proofs[0].clone(), again.into()];
    assert_eq!(check(&twice), Err(ProofError::KeyTwice));
    let alone = ProofRules { batch_size: 1, ..scene.rules(NOW) };
    assert_eq!(check_proofs(&proofs[..1], &alone).map(|proven| proven.len()), Ok(1));
    assert_eq!(check_proofs(&proofs[..2], &alone), Err(ProofError::TooMany));
}

// HTP-ERR-01, VCI-8.3.1.2-04
#[test]
fn descriptions_are_printable_and_fixed() {
    let scene = Scene::new();
    for marker in ["MARKER", "\u{1b}[31m\"\\", "é"] {
        for result in
            [scene.header("typ", json!(marker)), scene.claim("aud", json!(marker)), scene.claim("nonce", json!(marker))]
        {
            let text = result.unwrap_err().to_string();
            assert!(!text.contains(marker), "{text}");
            assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'), "{text}");
        }
    }
}

// SEC-PANIC-01
#[test]
fn mutated_proofs_never_panic_and_only_the_good_one_passes() {
    let scene = Scene::new();
    let good = scene.wallet.prove(ISSUER, &scene.nonce, at(NOW));
    fuzz::mutate(&[good.as_bytes()], 3_000, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        assert_eq!(scene.check_text(text).is_ok(), text == good, "{text}");
    });
}
