//! Key attestations (`OpenID4VCI` appendix D).

use issuerd_tests::attester::Attester;
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Answer, Daemon, HolderKey, Proof, Wallet};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// An issuer that trusts one attester, and a configuration that asks for attested keys.
struct House {
    daemon: Daemon,
    wallet: Wallet,
    attester: Attester,
    configuration: String,
    _anchors: NamedTempFile,
}

impl House {
    fn new(asked: &Value) -> Self {
        let attester = Attester::new();
        let anchors = NamedTempFile::new().unwrap();
        std::fs::write(anchors.path(), attester.authority()).unwrap();
        let daemon =
            Daemon::installed(&format!("[key_attestation]\ntrust_anchors = [\"{}\"]\n", anchors.path().display()));
        let body = changed(membership("org.example.club"), "/keyAttestation", asked.clone());
        let configuration = daemon.management().create_configuration(&body);
        Self { wallet: daemon.wallet(), daemon, attester, configuration, _anchors: anchors }
    }

    fn strict() -> Self {
        Self::new(
            &json!({ "keyStorage": ["iso_18045_high", "iso_18045_moderate"], "userAuthentication": ["iso_18045_moderate"] }),
        )
    }

    fn token(&self) -> String {
        self.wallet.redeem(&self.daemon.management().offer_of(&self.configuration, &json!({ "name": "Mika Sommer" })))
    }

    /// A proof that carries an attestation.
    fn proof(&self, key: &HolderKey, attestation: &str, nonce: &str) -> String {
        Proof::new(key, &self.wallet.issuer, nonce).header("key_attestation", attestation).sign(key)
    }

    fn by_proofs(&self, token: &str, proofs: &[String]) -> Answer {
        self.wallet.credential(token, &request_body(&self.configuration, proofs))
    }

    fn alone(&self, token: &str, attestations: &[&str]) -> Answer {
        let body =
            json!({ "credential_configuration_id": self.configuration, "proofs": { "attestation": attestations } });
        self.wallet.credential(token, &body)
    }
}

fn issued(answer: Answer, keys: &[&HolderKey]) {
    let credentials = credentials(&answer.expect(200));
    assert_eq!(credentials.len(), keys.len());
    for key in keys {
        assert_eq!(credentials.iter().filter(|mdoc| mdoc.is_bound_to(key)).count(), 1);
    }
}

// VCI-D.1-09, VCI-D.1-05, VCI-D.1-14
#[test]
fn each_attested_key_gets_a_credential_in_both_carriers() {
    let house = House::strict();
    let keys: Vec<_> = (0..5).map(|_| HolderKey::es256()).collect();
    let all: Vec<_> = keys.iter().collect();
    let sign = |nonce: &str| house.attester.attest(&all, nonce).sign(house.attester.key());
    let nonce = house.wallet.nonce();
    issued(house.by_proofs(&house.token(), &[house.proof(&keys[2], &sign(&nonce), &nonce)]), &all);
    issued(house.alone(&house.token(), &[&sign(&house.wallet.nonce())]), &all);
    let nonce = house.wallet.nonce();
    let attestation = sign(&nonce);
    let proofs: Vec<_> = keys.iter().map(|key| house.proof(key, &attestation, &nonce)).collect();
    issued(house.by_proofs(&house.token(), &proofs), &all);
}

// A full batch: twenty proofs, each with the same attestation of twenty keys.
#[test]
fn the_largest_batch_fits() {
    let house = House::strict();
    let keys: Vec<_> = (0..25).map(|_| HolderKey::es256()).collect();
    let all: Vec<_> = keys.iter().collect();
    let nonce = house.wallet.nonce();
    let attestation = house.attester.attest(&all[..20], &nonce).sign(house.attester.key());
    let proofs: Vec<_> = keys[..20].iter().map(|key| house.proof(key, &attestation, &nonce)).collect();
    issued(house.by_proofs(&house.token(), &proofs), &all[..20]);
    // More keys than a batch has: as many as it has.
    let many = house.attester.attest(&all, &house.wallet.nonce()).sign(house.attester.key());
    issued(house.alone(&house.token(), &[&many]), &all[..20]);
}

// VCI-D.1-01 to VCI-D.1-08, VCI-D.1-12, VCI-F.3-01, SEC-ATT-01, SEC-KEY-02
#[test]
fn each_defect_is_refused_and_uses_nothing_up() {
    let house = House::strict();
    let (token, key, other) = (house.token(), HolderKey::es256(), HolderKey::es256());
    let nonce = house.wallet.nonce();
    let good = || house.attester.attest(&[&key], &nonce);
    let by = house.attester.key();
    let mut private = key.jwk();
    private["d"] = "AA".into();
    let long: Vec<_> = (0..150).map(|_| key.jwk()).collect();
    let stranger = Attester::new();
    for (defect, attestation, error) in [
        ("VCI-D.1-01", good().header("typ", "JWT").sign(by), "invalid_proof"),
        ("VCI-D.1-01 alg", good().header("alg", "none").sign(by), "invalid_proof"),
        ("VCI-D.1-02 signature", good().with_signature(&[7; 64]), "invalid_proof"),
        ("VCI-D.1-02 key", good().sign(&other), "invalid_proof"),
        ("VCI-D.1-02 root", stranger.attest(&[&key], &nonce).sign(stranger.key()), "invalid_proof"),
        ("VCI-D.1-02 self-signed", good().x5c(&[key.certificate()]).sign(&key), "invalid_proof"),
        ("SEC-KEY-01", good().header("x5c", Value::Null).header("jwk", by.jwk()).sign(by), "invalid_proof"),
        ("VCI-D.1-03 iat", good().claim("iat", Value::Null).sign(by), "invalid_proof"),
        ("VCI-D.1-03 exp", good().claim("exp", 1_000).sign(by), "invalid_proof"),
        ("VCI-D.1-04 missing", good().claim("attested_keys", Value::Null).sign(by), "invalid_proof"),
        ("VCI-D.1-04 empty", good().claim("attested_keys", json!([])).sign(by), "invalid_proof"),
        ("VCI-D.1-04 private", good().claim("attested_keys", json!([private])).sign(by), "invalid_proof"),
        ("VCI-D.1-06 missing", good().claim("nonce", Value::Null).sign(by), "invalid_proof"),
        ("VCI-D.1-06 wrong", good().claim("nonce", "garbage").sign(by), "invalid_nonce"),
        ("VCI-D.1-07", good().claim("key_storage", json!(["iso_18045_basic"])).sign(by), "invalid_proof"),
        ("VCI-D.1-07 users", good().claim("user_authentication", Value::Null).sign(by), "invalid_proof"),
        ("VCI-D.1-12", good().claim("attested_keys", json!(long)).sign(by), "invalid_proof"),
        ("SEC-TOK-02", house.wallet.proof(&key).sign(&key), "invalid_proof"),
    ] {
        for answer in
            [house.by_proofs(&token, &[house.proof(&key, &attestation, &nonce)]), house.alone(&token, &[&attestation])]
        {
            assert_eq!(answer.json()["error"], error, "{defect}: {}", answer.text());
            answer.expect_error(400, error);
        }
    }
    let signed = good().sign(by);
    // VCI-D.1-08, VCI-D.1-05, VCI-F.3-01
    house.by_proofs(&token, &[house.wallet.proof(&key).sign(&key)]).expect_error(400, "invalid_proof");
    house.by_proofs(&token, &[house.proof(&other, &signed, &nonce)]).expect_error(400, "invalid_proof");
    house.alone(&token, &[&signed, &signed]).expect_error(400, "invalid_proof");
    issued(house.alone(&token, &[&signed]), &[&key]);
    // SEC-ATT-01: with a fresh proof the attestation is still one that was used.
    let fresh = house.wallet.nonce();
    let again = house.proof(&key, &signed, &fresh);
    house.by_proofs(&house.token(), &[again]).expect_error(400, "invalid_nonce");
}

// VCI-D.1-11, VCI-12.2.4-30, VCI-12.2.4-31
#[test]
fn the_metadata_says_what_is_asked() {
    let house = House::strict();
    let types = |house: &House, id: &str| {
        house.wallet.metadata()["credential_configurations_supported"][id]["proof_types_supported"].clone()
    };
    let algorithms = json!(["ES256", "ES384", "EdDSA"]);
    let strict = json!({ "proof_signing_alg_values_supported": algorithms, "key_attestations_required":
        { "key_storage": ["iso_18045_high", "iso_18045_moderate"], "user_authentication": ["iso_18045_moderate"] } });
    assert_eq!(types(&house, &house.configuration), json!({ "jwt": strict, "attestation": strict }));
    let management = house.daemon.management();
    let any = management.create_configuration(&changed(membership("org.example.any"), "/keyAttestation", json!({})));
    let lenient = json!({ "proof_signing_alg_values_supported": algorithms, "key_attestations_required": {} });
    assert_eq!(types(&house, &any), json!({ "jwt": lenient, "attestation": lenient }));
    let plain = management.create_configuration(&membership("org.example.plain"));
    assert_eq!(types(&house, &plain), json!({ "jwt": { "proof_signing_alg_values_supported": algorithms } }));
    // What was stored comes back.
    let view =
        management.get(&format!("/v2/credentials/mobile/configurations/{}", house.configuration)).expect(200).json();
    assert_eq!(view["keyAttestation"]["keyStorage"], json!(["iso_18045_high", "iso_18045_moderate"]));
    // Attestations that nobody asked for are not looked at; alone they are no proof.
    let key = HolderKey::es256();
    let token = house.wallet.redeem(&management.offer_of(&plain, &json!({ "name": "Mika Sommer" })));
    let attestation = house.attester.attest(&[&key], &house.wallet.nonce()).sign(house.attester.key());
    let body = json!({ "credential_configuration_id": plain, "proofs": { "attestation": [attestation] } });
    house.wallet.credential(&token, &body).expect_error(400, "invalid_proof");
    let proof = house.wallet.proof(&key).header("key_attestation", "nonsense").sign(&key);
    issued(house.wallet.credential(&token, &request_body(&plain, &[proof])), &[&key]);
}

#[test]
fn a_configuration_with_mistakes_or_without_attesters_is_refused() {
    let house = House::new(&json!({}));
    for (asked, param) in [
        (json!({ "keyStorage": [] }), "keyAttestation.keyStorage"),
        (json!({ "keyStorage": [""] }), "keyAttestation.keyStorage"),
        (json!({ "userAuthentication": ["a b"] }), "keyAttestation.userAuthentication"),
        (json!({ "userAuthentication": "high" }), "keyAttestation.userAuthentication"),
        (json!({ "other": [] }), "keyAttestation.other"),
        (json!([]), "keyAttestation"),
    ] {
        let body = changed(membership("org.example.other"), "/keyAttestation", asked.clone());
        let details = house.daemon.management().refused_configuration(&body);
        assert!(details.iter().any(|(name, _)| name == param), "{asked}: {details:?}");
    }
    let daemon = Daemon::start();
    let body = changed(membership("org.example.club"), "/keyAttestation", json!({}));
    let details = daemon.management().refused_configuration(&body);
    assert_eq!(details.len(), 1);
    assert!(details[0].0 == "keyAttestation" && details[0].1.contains("[key_attestation]"), "{details:?}");
}

#[test]
fn anchors_that_cannot_be_read_are_named() {
    let empty = NamedTempFile::new().unwrap();
    for (file, problem) in
        [("/nowhere/anchors.pem", "cannot be read"), (empty.path().to_str().unwrap(), "no PEM block")]
    {
        let said = Daemon::refused(&format!("[key_attestation]\ntrust_anchors = [{file:?}]\n"));
        assert!(
            said.contains("key_attestation.trust_anchors") && said.contains(file) && said.contains(problem),
            "{said}"
        );
    }
}
