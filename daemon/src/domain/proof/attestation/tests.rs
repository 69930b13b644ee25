//! Each rule of key attestations by one that breaks it alone, in both carriers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use rcgen::SigningKey as _;
use serde_json::{Value, json};

use super::*;
use crate::domain::proof::tests::support::{ISSUER, NOW, Scene, Wallet, at, set};
use crate::domain::proof::{ProofError, Proven, check_proofs};
use crate::pki::chain::tests::{Made, anchors, authority, params, public_pem, root, under};
use crate::wire::credential::Proofs;

/// An attester with its authority, and a wallet with two keys.
pub(crate) struct Attested {
    pub(crate) attesters: Anchors,
    needed: KeyAttestation,
    attester: Made,
    middle: Made,
    scene: Scene,
    second: Wallet,
}

fn der_to_fixed(signature: &[u8]) -> Vec<u8> {
    // SEQUENCE of two INTEGERs; each is cut or filled to 32 bytes.
    let mut rest = &signature[2..];
    let mut out = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.len().saturating_sub(32)..];
        out.extend(vec![0; 32 - number.len()]);
        out.extend(number);
        rest = &rest[2 + length..];
    }
    out
}

/// Signs with the key of a certificate, ES256.
fn sign(made: &Made, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = der_to_fixed(&made.key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{}", B64.encode(signature))
}

fn jwk(wallet: &Wallet) -> Value {
    serde_json::from_str(&jwk::print(wallet.key())).unwrap()
}

impl Attested {
    pub(crate) fn new() -> Self {
        let top = root(authority("root"));
        let middle = under(&top, authority("middle"));
        let attester = under(&middle, params("attester"));
        let key_storage = vec!["iso_18045_high".to_owned(), "iso_18045_moderate".into()];
        let needed = KeyAttestation { key_storage, user_authentication: vec!["iso_18045_high".into()] };
        let second = Wallet::new(Algorithm::Es256);
        Self { attesters: anchors(&[&top]), needed, attester, middle, scene: Scene::new(), second }
    }

    fn header(&self) -> Value {
        let chain = [&self.attester, &self.middle].map(|made| STANDARD.encode(&made.der));
        json!({ "typ": "key-attestation+jwt", "alg": "ES256", "x5c": chain })
    }

    fn claims(&self) -> Value {
        json!({
            "iat": NOW - 10, "exp": NOW + 3_600, "nonce": self.scene.nonce,
            "attested_keys": [jwk(&self.scene.wallet), jwk(&self.second)],
            "key_storage": ["iso_18045_moderate"],
            "user_authentication": ["iso_18045_basic", "iso_18045_high"],
        })
    }

    fn rules(&self) -> ProofRules<'_> {
        let attestation = AttestationRules { attesters: &self.attesters, needed: &self.needed };
        ProofRules { attestation: Some(attestation), ..self.scene.rules(NOW) }
    }

    /// A proof of the first key with this attestation in its header.
    fn proof(&self, attestation: &str) -> String {
        let header = set(self.scene.wallet.header(), "key_attestation", json!(attestation));
        self.scene.wallet.sign(&header.to_string(), &self.scene.claims().to_string())
    }

    fn jwt(&self, proofs: &[&str]) -> Result<Vec<Proven>, ProofError> {
        check_proofs(&Proofs::Jwt(proofs.iter().map(|proof| (*proof).into()).collect()), &self.rules())
    }

    fn alone(&self, attestation: &str) -> Result<Vec<Proven>, ProofError> {
        check_proofs(&Proofs::Attestation(attestation.into()), &self.rules())
    }

    /// Both carriers refuse this attestation for the same reason.
    #[track_caller]
    fn refused(&self, attestation: &str, error: AttestationError) {
        let error = Err(ProofError::Attestation(error));
        assert_eq!(self.jwt(&[&self.proof(attestation)]).map(|proven| proven.len()), error);
        assert_eq!(self.alone(attestation).map(|proven| proven.len()), error);
    }

    #[track_caller]
    fn header_refused(&self, name: &str, value: Value, error: AttestationError) {
        self.refused(&sign(&self.attester, &set(self.header(), name, value), &self.claims()), error);
    }

    #[track_caller]
    fn claim_refused(&self, name: &str, value: Value, error: AttestationError) {
        self.refused(&sign(&self.attester, &self.header(), &set(self.claims(), name, value)), error);
    }

    fn good(&self) -> String {
        sign(&self.attester, &self.header(), &self.claims())
    }
}

fn keys(proven: &[Proven]) -> Vec<PublicKey> {
    proven.iter().map(|proven| proven.key).collect()
}

// VCI-D.1-09, VCI-D.1-05
#[test]
fn each_attested_key_is_shown_once_whatever_the_carrier() {
    let subject = Attested::new();
    let both = vec![*subject.scene.wallet.key(), *subject.second.key()];
    let by_proof = subject.jwt(&[&subject.proof(&subject.good())]).unwrap();
    assert_eq!(keys(&by_proof), both);
    // SEC-ATT-01: the attestation's nonce is taken too.
    let nonce = subject.scene.nonces.check(&subject.scene.nonce, at(NOW));
    assert_eq!((Some(by_proof[0].nonce), by_proof[0].attestation), (nonce, nonce));
    assert_eq!(keys(&subject.alone(&subject.good()).unwrap()), both);
    // VCI-D.1-13, SEC-KEY-05
    let named = set(jwk(&subject.second), "kid", json!("again"));
    let twice = json!([jwk(&subject.second), jwk(&subject.scene.wallet), named]);
    let text = sign(&subject.attester, &subject.header(), &set(subject.claims(), "attested_keys", twice));
    assert_eq!(keys(&subject.alone(&text).unwrap()), [both[1], both[0]]);
    assert_eq!(keys(&subject.jwt(&[&subject.proof(&text)]).unwrap()), both);
}

// VCI-D.1-14, HAIP-4.5.1-01
#[test]
fn proofs_with_one_attestation_or_each_its_own_show_the_union() {
    let subject = Attested::new();
    let prove = |wallet: &Wallet, attestation: &str| {
        let header = json!({ "typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": jwk(wallet), "key_attestation": attestation });
        wallet.sign(&header.to_string(), &subject.scene.claims().to_string())
    };
    let shared = subject.good();
    let (first, second) = (prove(&subject.scene.wallet, &shared), prove(&subject.second, &shared));
    let both = vec![*subject.scene.wallet.key(), *subject.second.key()];
    assert_eq!(keys(&subject.jwt(&[&first, &second]).unwrap()), both);
    assert_eq!(subject.jwt(&[&first, &first]), Err(ProofError::KeyTwice));
    let third = Wallet::new(Algorithm::Es256);
    let own = sign(&subject.attester, &subject.header(), &set(subject.claims(), "attested_keys", json!([jwk(&third)])));
    let proven = subject.jwt(&[&prove(&third, &own), &second]).unwrap();
    assert_eq!(keys(&proven), [*third.key(), both[1], both[0]]);
    // VCI-D.1-15: each attestation reaches the levels by itself.
    let weak = set(set(subject.claims(), "attested_keys", json!([jwk(&third)])), "key_storage", json!(["software"]));
    let weak = prove(&third, &sign(&subject.attester, &subject.header(), &weak));
    assert_eq!(subject.jwt(&[&second, &weak]), Err(AttestationError::KeyStorage.into()));
    // VCI-D.1-08: and each proof has one.
    let bare = subject.scene.wallet.prove(ISSUER, &subject.scene.nonce, at(NOW));
    assert_eq!(subject.jwt(&[&second, &bare]), Err(AttestationError::Missing.into()));
}

#[test]
fn there_are_as_many_keys_as_a_batch_has() {
    let subject = Attested::new();
    let more: Vec<_> = (0..9).map(|_| jwk(&Wallet::new(Algorithm::Es256))).collect();
    let all = [subject.claims()["attested_keys"].as_array().unwrap().clone(), more].concat();
    let text = sign(&subject.attester, &subject.header(), &set(subject.claims(), "attested_keys", json!(all)));
    assert_eq!(subject.alone(&text).unwrap().len(), 5);
    assert_eq!(subject.jwt(&[&subject.proof(&text)]).unwrap().len(), 5);
    let one = ProofRules { batch_size: 1, ..subject.rules() };
    assert_eq!(check_proofs(&Proofs::Attestation(text.into()), &one).unwrap().len(), 1);
}

#[test]
fn a_proof_may_name_an_attested_key_by_kid_or_place() {
    let subject = Attested::new();
    let claims = set(
        subject.claims(),
        "attested_keys",
        json!([jwk(&subject.second), set(jwk(&subject.scene.wallet), "kid", json!("mine"))]),
    );
    let text = sign(&subject.attester, &subject.header(), &claims);
    let by = |kid: &str| {
        let header = json!({ "typ": "openid4vci-proof+jwt", "alg": "ES256", "kid": kid, "key_attestation": text });
        subject.jwt(&[&subject.scene.wallet.sign(&header.to_string(), &subject.scene.claims().to_string())])
    };
    for kid in ["mine", "1"] {
        assert_eq!(keys(&by(kid).unwrap())[0], *subject.scene.wallet.key(), "{kid}");
    }
    assert_eq!(by("0"), Err(ProofError::Signature));
    for kid in ["2", "other", "-1", ""] {
        assert!(matches!(by(kid), Err(ProofError::Key(_))), "{kid}");
    }
}

// VCI-D.1-01, SEC-TOK-02, SEC-ALG-01
#[test]
fn typ_and_alg_are_those_of_an_attestation() {
    let subject = Attested::new();
    for typ in [json!("JWT"), Value::Null, json!("openid4vci-proof+jwt"), json!("keyattestation+jwt")] {
        subject.header_refused("typ", typ, AttestationError::Type);
    }
    for alg in ["none", "HS256", "RS256", "es256"] {
        subject.header_refused("alg", json!(alg), AttestationError::Algorithm);
    }
    subject.header_refused("alg", json!("ES384"), AttestationError::KeyMismatch);
    subject.header_refused("crit", json!(["exp"]), AttestationError::Jws(JwsError::Critical));
    for text in ["", "a.b", "abc"] {
        subject.refused(text, AttestationError::Jws(JwsError::NotCompact));
    }
}

// VCI-D.1-02, SEC-KEY-01, SEC-X5C-01
#[test]
fn the_signer_is_one_that_is_trusted() {
    let subject = Attested::new();
    let elsewhere = root(authority("elsewhere"));
    let foreign = under(&elsewhere, params("attester"));
    let own = root(params("attester"));
    let by = |made: &Made| set(subject.header(), "x5c", json!([STANDARD.encode(&made.der)]));
    for (made, error) in [(&foreign, ChainError::Untrusted), (&own, ChainError::SelfSigned)] {
        subject.refused(&sign(made, &by(made), &subject.claims()), AttestationError::Chain(error));
    }
    subject.refused(&sign(&foreign, &subject.header(), &subject.claims()), AttestationError::Signature);
    let (signed, _) = subject.good().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    subject.refused(&format!("{signed}.{}", B64.encode([7; 64])), AttestationError::Signature);
    subject.header_refused("x5c", Value::Null, AttestationError::NotOne);
    subject.header_refused("x5c", json!([]), AttestationError::Chain(ChainError::Length));
    subject.header_refused("kid", json!("1"), AttestationError::NotOne);
    subject.header_refused("jwk", jwk(&subject.second), AttestationError::NotOne);
    subject.header_refused("trust_chain", json!(["a"]), AttestationError::NotOne);
    let unknown = set(set(subject.header(), "x5c", Value::Null), "kid", json!("nobody"));
    subject.refused(&sign(&subject.attester, &unknown, &subject.claims()), AttestationError::UnknownKey);
}

#[test]
fn a_signer_may_be_trusted_by_its_key() {
    let mut subject = Attested::new();
    subject.attesters.read(&public_pem(&subject.attester)).unwrap();
    let kid = thumbprint(&subject.attesters.keys()[0]);
    let header = set(set(subject.header(), "x5c", Value::Null), "kid", json!(kid));
    assert_eq!(subject.alone(&sign(&subject.attester, &header, &subject.claims())).unwrap().len(), 2);
    subject.refused(&sign(&subject.middle, &header, &subject.claims()), AttestationError::Signature);
}

// VCI-D.1-03
#[test]
fn times_are_there_and_now() {
    let subject = Attested::new();
    for issued_at in [Value::Null, json!("now"), json!(NOW + 61)] {
        subject.claim_refused("iat", issued_at, AttestationError::IssuedAt);
    }
    for end in [json!(NOW - 61), json!("later"), json!(0)] {
        subject.claim_refused("exp", end, AttestationError::NotValidNow);
    }
    subject.claim_refused("nbf", json!(NOW + 3_600), AttestationError::NotValidNow);
    // An end is needed where the attestation may be older than the proof.
    let endless = sign(&subject.attester, &subject.header(), &set(subject.claims(), "exp", Value::Null));
    assert_eq!(subject.jwt(&[&subject.proof(&endless)]), Err(AttestationError::NoEnd.into()));
    assert_eq!(subject.alone(&endless).unwrap().len(), 2);
}

// VCI-D.1-04, VCI-D.1-12, SEC-KEY-02
#[test]
fn attested_keys_are_public_keys_and_bounded() {
    let subject = Attested::new();
    for keys in [Value::Null, json!([]), json!({}), json!(vec![jwk(&subject.second); 101])] {
        subject.claim_refused("attested_keys", keys, AttestationError::Keys);
    }
    let private = json!([jwk(&subject.scene.wallet), set(jwk(&subject.second), "d", json!("AA"))]);
    subject.claim_refused("attested_keys", private, AttestationError::Key(JwkError::Private));
    let unknown = json!([jwk(&subject.scene.wallet), { "kty": "RSA", "n": "AA", "e": "AQAB" }]);
    subject.claim_refused("attested_keys", unknown, AttestationError::Key(JwkError::Unsupported));
    subject.claim_refused("attested_keys", json!(["key"]), AttestationError::Key(JwkError::NotAnObject));
}

// VCI-D.1-05
#[test]
fn the_key_of_the_proof_is_attested() {
    let subject = Attested::new();
    let others = set(subject.claims(), "attested_keys", json!([jwk(&subject.second)]));
    let text = sign(&subject.attester, &subject.header(), &others);
    assert_eq!(subject.jwt(&[&subject.proof(&text)]), Err(AttestationError::NotAttested.into()));
}

// VCI-D.1-06, SEC-ATT-01
#[test]
fn the_nonce_is_one_of_ours() {
    let subject = Attested::new();
    for nonce in [Value::Null, json!(1)] {
        subject.claim_refused("nonce", nonce, AttestationError::NonceMissing);
    }
    for nonce in ["garbage", ""] {
        subject.claim_refused("nonce", json!(nonce), AttestationError::NonceUnknown);
    }
}

// VCI-D.1-07
#[test]
fn levels_reach_what_the_configuration_asks() {
    let mut subject = Attested::new();
    for levels in
        [Value::Null, json!([]), json!(["iso_18045_basic"]), json!("iso_18045_high"), json!([["iso_18045_high"]])]
    {
        subject.claim_refused("key_storage", levels.clone(), AttestationError::KeyStorage);
        subject.claim_refused("user_authentication", levels, AttestationError::UserAuthentication);
    }
    subject.needed = KeyAttestation::default();
    let claims = set(set(subject.claims(), "key_storage", Value::Null), "user_authentication", Value::Null);
    assert_eq!(subject.alone(&sign(&subject.attester, &subject.header(), &claims)).unwrap().len(), 2);
}

// VCI-D.1-08
#[test]
fn where_attestations_are_not_asked_for_they_give_nothing() {
    let subject = Attested::new();
    let plain = subject.scene.rules(NOW);
    let proof = subject.proof("nonsense");
    assert_eq!(check_proofs(&Proofs::Jwt(vec![proof.into()]), &plain).unwrap().len(), 1);
    let alone = Proofs::Attestation(subject.good().into());
    assert_eq!(check_proofs(&alone, &plain), Err(AttestationError::NotOffered.into()));
}

// SEC-PANIC-01, HTP-ERR-01
#[test]
fn mutated_attestations_never_panic_and_never_pass() {
    let subject = Attested::new();
    let good = subject.good();
    crate::wire::fuzz::mutate(&[good.as_bytes()], 2_000, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        match subject.alone(text) {
            Ok(_) => assert_eq!(text, good),
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'),
                    "{text}"
                );
            }
        }
    });
}
