//! Key proofs: how the key is named, and which keys are refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Answer, Daemon, HolderKey, Proof, Wallet};
use serde_json::{Value, json};

fn token(daemon: &Daemon) -> String {
    let management = daemon.management();
    daemon.wallet().redeem(&management.offer_of(daemon.configuration(MDL), &mdl(&management.country())))
}

fn ask(daemon: &Daemon, wallet: &Wallet, token: &str, proof: String) -> Answer {
    wallet.credential(token, &request_body(daemon.configuration(MDL), &[proof]))
}

// VCI-F.1-03
#[test]
fn vci_f_1_03_each_way_to_name_a_key_binds_that_key() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for key in [HolderKey::es256(), HolderKey::es384(), HolderKey::eddsa()] {
        let ways: [fn(Proof, &HolderKey) -> Proof; 4] = [
            |proof, _| proof,
            |proof, key| proof.kid(&key.did_jwk()),
            |proof, key| proof.kid(&key.did_key()),
            // VCI-F.1-12
            |proof, key| proof.x5c(&[key.certificate()]),
        ];
        for (place, way) in ways.into_iter().enumerate() {
            let proof = way(wallet.proof(&key), &key).sign(&key);
            let answer = ask(&daemon, &wallet, &token(&daemon), proof);
            assert_eq!(answer.status, 200, "{} way {place}: {}", key.alg(), answer.text());
            assert!(credentials(&answer)[0].is_bound_to(&key), "{} way {place}", key.alg());
        }
    }
}

// SEC-KEY-01
#[test]
fn sec_key_01_a_key_is_named_in_one_way() {
    let daemon = Daemon::start();
    let (wallet, token, key, other) = (daemon.wallet(), token(&daemon), HolderKey::es256(), HolderKey::es256());
    let good = || wallet.proof(&key);
    for proof in [
        good().header("jwk", Value::Null),
        good().header("kid", key.did_jwk()),
        good().header("kid", "0"),
        good().header("x5c", json!([B64.encode(key.certificate())])),
        good().kid("0"),
        good().kid("key-1"),
        good().kid("../../etc/passwd"),
        good().kid("' OR 1=1 --"),
        // VCI-F.1-13, SEC-SSRF-01
        good().kid("did:web:127.0.0.1%3A9#0"),
        good().kid("did:key:z6Mk"),
        good().kid("did:jwk:e30#0"),
        good().kid(&other.did_jwk()),
        good().x5c(&[other.certificate()]),
        good().x5c(&[]),
        good().x5c(&[b"nonsense".to_vec()]),
        // SEC-X5C-02
        good().x5c(&[[key.certificate(), vec![0]].concat()]),
        good().x5c(&vec![key.certificate(); 50]),
        good().header("jwk", Value::Null).header("x5c", "nonsense"),
        good().header("jwk", Value::Null).header("jku", "http://127.0.0.1:9/keys"),
        good().header("jwk", Value::Null).header("x5u", "http://127.0.0.1:9/chain"),
        good().header("jwk", "nonsense"),
        good().header("jwk", json!([key.jwk()])),
    ] {
        let header = proof.header.to_string();
        let answer = ask(&daemon, &wallet, &token, proof.sign(&key));
        assert_eq!(answer.status, 400, "{header}: {}", answer.text());
        answer.expect_error(400, "invalid_proof");
    }
    ask(&daemon, &wallet, &token, good().sign(&key)).expect(200);
}

// VCI-F.1-05
#[test]
fn vci_f_1_05_private_and_unfit_keys_are_refused() {
    let daemon = Daemon::start();
    let (wallet, token, key) = (daemon.wallet(), token(&daemon), HolderKey::es256());
    let jwk = |name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let x = key.x().to_vec();
    let mut off_curve = key.y().to_vec();
    off_curve[31] ^= 1;
    for jwk in [
        // SEC-KEY-02
        jwk("d", json!("AAAA")),
        jwk("k", json!("AAAA")),
        // VCI-F.1-17
        jwk("use", json!("enc")),
        jwk("key_ops", json!(["sign"])),
        jwk("key_ops", json!([])),
        jwk("alg", json!("ES384")),
        jwk("alg", json!("ECDH-ES")),
        // VCI-F.1-18, SEC-KEY-03
        jwk("y", json!(B64.encode(&off_curve))),
        jwk("x", json!(B64.encode(&x[1..]))),
        jwk("x", json!(B64.encode([&[0], x.as_slice()].concat()))),
        jwk("x", json!(B64.encode([0; 32]))),
        jwk("x", json!(format!("{}=", B64.encode(&x)))),
        jwk("x", json!(7)),
        jwk("crv", json!("P-384")),
        jwk("crv", json!("secp256k1")),
        jwk("kty", json!("OKP")),
        jwk("kty", json!("RSA")),
        // VCI-F.1-16
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({}),
    ] {
        let shown = jwk.to_string();
        let answer = ask(&daemon, &wallet, &token, wallet.proof(&key).header("jwk", jwk).sign(&key));
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
        answer.expect_error(400, "invalid_proof");
    }
    ask(&daemon, &wallet, &token, wallet.proof(&key).header("jwk", jwk("alg", json!("ES256"))).sign(&key)).expect(200);
}

// SEC-ALG-01
#[test]
fn sec_alg_01_the_algorithm_must_fit_the_key() {
    let daemon = Daemon::start();
    let (wallet, token) = (daemon.wallet(), token(&daemon));
    let algorithms = ["ES256", "ES384", "EdDSA", "ES256K", "PS256"];
    for key in [HolderKey::es256(), HolderKey::es384(), HolderKey::eddsa()] {
        for alg in algorithms.into_iter().filter(|alg| *alg != key.alg()) {
            let proof = wallet.proof(&key).header("alg", alg).sign(&key);
            let answer = ask(&daemon, &wallet, &token, proof);
            assert_eq!(answer.status, 400, "{alg} with a key for {}: {}", key.alg(), answer.text());
            answer.expect_error(400, "invalid_proof");
        }
    }
}

// SEC-KEY-04
#[test]
fn sec_key_04_example_keys_of_the_standards_are_not_special_but_small_order_points_are_refused() {
    let daemon = Daemon::start();
    let (wallet, token, key) = (daemon.wallet(), token(&daemon), HolderKey::eddsa());
    let mut identity = [0_u8; 32];
    identity[0] = 1;
    for point in [[0; 32], identity, [0xff; 32]] {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": B64.encode(point) });
        // With the identity as key, a signature of the identity and zero verifies any message under a lax check.
        let forged = [identity.as_slice(), &[0; 32]].concat();
        let answer = ask(&daemon, &wallet, &token, wallet.proof(&key).header("jwk", jwk).with_signature(&forged));
        answer.expect_error(400, "invalid_proof");
    }
}

#[test]
fn a_key_attestation_that_nobody_asked_for_gives_no_trust() {
    let daemon = Daemon::start();
    let (wallet, token, key) = (daemon.wallet(), token(&daemon), HolderKey::es256());
    // VCI-12.2.4-30: none is demanded, so a proof without one is accepted.
    let metadata = wallet.metadata();
    let configuration = &metadata["credential_configurations_supported"][daemon.configuration(MDL)];
    assert!(configuration["proof_types_supported"]["jwt"].get("key_attestations_required").is_none());
    ask(&daemon, &wallet, &token, wallet.proof(&key).sign(&key)).expect(200);
}
