//! The credential endpoint: what a request may not be. Each circumstance has its code: VCI-8.3.1.2-01, VCI-8.3.1.2-04, VCI-8.2-01.

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::prometheus::{event, samples};
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey, Proof, Request};
use serde_json::{Value, json};

struct Ready {
    daemon: Daemon,
    token: String,
    configuration: String,
}

impl Ready {
    fn new() -> Self {
        let daemon = Daemon::start();
        let management = daemon.management();
        let configuration = daemon.configuration(MDL).to_owned();
        let token = daemon.wallet().redeem(&management.offer_of(&configuration, &mdl(&management.country())));
        Self { daemon, token, configuration }
    }

    fn proof(&self) -> String {
        let key = HolderKey::es256();
        self.daemon.wallet().proof(&key).sign(&key)
    }

    #[track_caller]
    fn refused(&self, body: &Value, error: &str) {
        self.daemon.wallet().credential(&self.token, body).expect_error(400, error);
    }

    /// The token still issues: nothing was spent.
    #[track_caller]
    fn still_issues(&self) {
        let answer = self.daemon.wallet().ask(&self.token, &self.configuration, &[HolderKey::es256()]).expect(200);
        assert_eq!(credentials(&answer).len(), 1);
    }
}

// VCI-8.2-02
#[test]
fn vci_8_2_02_the_credential_is_named_once_and_in_one_way() {
    let ready = Ready::new();
    let proofs = json!({ "jwt": [ready.proof()] });
    let id = &ready.configuration;
    ready.refused(&json!({ "proofs": proofs }), "invalid_credential_request");
    let both = json!({ "credential_configuration_id": id, "credential_identifier": id, "proofs": proofs });
    ready.refused(&both, "invalid_credential_request");
    for wrong in [json!(null), json!(7), json!(""), json!([id]), json!({})] {
        let answer = ready
            .daemon
            .wallet()
            .credential(&ready.token, &json!({ "credential_configuration_id": wrong, "proofs": proofs }));
        let error = answer.expect(400).json()["error"].clone();
        assert!(
            error == "invalid_credential_request" || error == "unknown_credential_configuration",
            "{wrong}: {error}"
        );
    }
    // VCI-8.2-05
    let unknown = request_body("no-such-configuration", &[ready.proof()]);
    ready.refused(&unknown, "unknown_credential_configuration");
    // VCI-8.2-04
    let answer =
        ready.daemon.wallet().credential(&ready.token, &json!({ "credential_identifier": id, "proofs": proofs }));
    let error = answer.expect(400).json()["error"].clone();
    assert!(error == "invalid_credential_request" || error == "unknown_credential_identifier", "{error}");
    ready.still_issues();
}

// VCI-8.2-08
#[test]
fn vci_8_2_08_proofs_are_one_kind_of_at_least_one() {
    let ready = Ready::new();
    let id = &ready.configuration;
    let proof = ready.proof();
    // VCI-8.2-09, VCI-8.2-11: missing, or in the form of older drafts.
    ready.refused(&json!({ "credential_configuration_id": id }), "invalid_proof");
    let old = json!({ "credential_configuration_id": id, "format": "mso_mdoc", "proof": { "proof_type": "jwt", "jwt": proof } });
    ready.refused(&old, "invalid_proof");
    for proofs in [
        json!({}),
        json!({ "jwt": [] }),
        json!({ "jwt": proof }),
        json!({ "jwt": [7] }),
        json!({ "jwt": [""] }),
        json!({ "jwt": ["a.b.c"] }),
        json!({ "jwt": ["a.b"] }),
        json!({ "jwt": [format!("{proof}.x")] }),
        json!({ "jwt": [proof], "attestation": ["x"] }),
        // VCI-F.2-01
        json!({ "di_vp": [{}] }),
        json!({ "attestation": ["x"] }),
        json!([proof]),
        json!("jwt"),
        json!(null),
    ] {
        let answer = ready
            .daemon
            .wallet()
            .credential(&ready.token, &json!({ "credential_configuration_id": id, "proofs": proofs }));
        let error = answer.expect(400).json()["error"].clone();
        assert!(error == "invalid_proof" || error == "invalid_credential_request", "{proofs}: {error}");
    }
    ready.still_issues();
}

// VCI-8.3.1.2-03
#[test]
fn vci_8_3_1_2_03_what_is_no_json_object_is_an_invalid_credential_request() {
    let ready = Ready::new();
    let wallet = ready.daemon.wallet();
    for body in ["{", "[]", "", "null", "7", "\"x\"", "{\"a\":1,}", "\u{feff}{}", "{\"a\":1}{}"] {
        let request =
            Request::new("POST", &wallet.credential_path()).bearer(&ready.token).content("application/json", body);
        wallet.send(&request).expect_error(400, "invalid_credential_request");
    }
    let not_utf8 = Request::new("POST", &wallet.credential_path()).bearer(&ready.token);
    wallet
        .send(&not_utf8.content("application/json", *b"{\"a\":\"\xff\"}"))
        .expect_error(400, "invalid_credential_request");
    ready.still_issues();
}

// HTP-JSON-03
#[test]
fn htp_json_03_unknown_members_are_ignored() {
    let ready = Ready::new();
    let mut body = request_body(&ready.configuration, &[ready.proof()]);
    body["x_unknown"] = json!({ "a": [1] });
    ready.daemon.wallet().credential(&ready.token, &body).expect(200);
}

// VCI-8.2-15
#[test]
fn vci_8_2_15_an_encrypted_response_is_not_asked_for_in_plain() {
    let ready = Ready::new();
    let mut body = request_body(&ready.configuration, &[ready.proof()]);
    body["credential_response_encryption"] = json!({ "jwk": HolderKey::es256().jwk(), "enc": "A128GCM" });
    ready.refused(&body, "invalid_encryption_parameters");
    ready.still_issues();
}

// VCI-8.2-07
#[test]
fn vci_8_2_07_a_configuration_that_was_not_offered_is_not_issued() {
    let ready = Ready::new();
    let club = ready.daemon.management().create_configuration(&membership("org.example.club"));
    let answer = ready.daemon.wallet().ask(&ready.token, &club, &[HolderKey::es256()]);
    // BRR-3.1-02
    assert!(answer.header("www-authenticate").is_some_and(|value| value.contains("insufficient_scope")), "{answer:?}");
    answer.expect_error(403, "insufficient_scope");
    ready.still_issues();
}

// VCI-8.2-12
#[test]
fn vci_8_2_12_more_proofs_than_a_batch_holds_are_refused() {
    let ready = Ready::new();
    let size = ready.daemon.wallet().metadata()["batch_credential_issuance"]["batch_size"].as_u64().unwrap();
    let keys: Vec<_> = (0..=size).map(|_| HolderKey::es256()).collect();
    ready
        .daemon
        .wallet()
        .ask(&ready.token, &ready.configuration, &keys)
        .expect_error(400, "invalid_credential_request");
    ready.still_issues();
}

// VCI-12.2.4-11
#[test]
fn vci_12_2_4_11_without_batches_two_proofs_are_refused() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_ISSUANCE_BATCH_SIZE", "1"));
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    // VCI-12.2.4-10
    assert!(wallet.metadata().get("batch_credential_issuance").is_none());
    let token = wallet.redeem(&management.offer_of(configuration, &mdl(&management.country())));
    let answer = wallet.ask(&token, configuration, &[HolderKey::es256(), HolderKey::es256()]).expect(400);
    assert!(matches!(answer.json()["error"].as_str(), Some("invalid_credential_request" | "invalid_proof")));
    wallet.ask(&token, configuration, &[HolderKey::es256()]).expect(200);
}

// VCI-8.2-14
#[test]
fn vci_8_2_14_one_bad_proof_spoils_the_batch() {
    let ready = Ready::new();
    let wallet = ready.daemon.wallet();
    let nonce = wallet.nonce();
    let keys: Vec<_> = (0..4).map(|_| HolderKey::es256()).collect();
    let mut proofs: Vec<_> = keys.iter().map(|key| Proof::new(key, &wallet.issuer, &nonce).sign(key)).collect();
    proofs[2] = Proof::new(&keys[2], &wallet.issuer, &nonce).sign(&keys[3]);
    ready.refused(&request_body(&ready.configuration, &proofs), "invalid_proof");
    // The nonce was not taken by it either.
    proofs.remove(2);
    let answer = wallet.credential(&ready.token, &request_body(&ready.configuration, &proofs)).expect(200);
    assert_eq!(credentials(&answer).len(), 3);
}

// VCI-8.2-13
#[test]
fn vci_8_2_13_one_key_twice_gives_no_two_credentials() {
    let ready = Ready::new();
    let (wallet, key) = (ready.daemon.wallet(), HolderKey::es256());
    let nonce = wallet.nonce();
    let plain = Proof::new(&key, &wallet.issuer, &nonce);
    // SEC-KEY-05, SEC-PROOF-04: the same key with other words around it is the same key.
    let mut dressed = key.jwk();
    dressed["kid"] = "other".into();
    for second in [plain.clone(), plain.clone().header("jwk", dressed), plain.clone().kid(&key.did_jwk())] {
        let body = request_body(&ready.configuration, &[plain.sign(&key), second.sign(&key)]);
        ready.refused(&body, "invalid_proof");
    }
    ready.still_issues();
}

// VCI-8.3.1.2-06
#[test]
fn vci_8_3_1_2_06_the_token_is_checked_before_the_content() {
    let ready = Ready::new();
    let wallet = ready.daemon.wallet();
    // BRR-3-02
    let request = Request::new("POST", &wallet.credential_path()).bearer("nonsense").content("application/json", "{");
    wallet.send(&request).expect_error(401, "invalid_token");
    // The configuration before the proofs.
    let unknown = json!({ "credential_configuration_id": "nope", "proofs": { "jwt": ["x"] } });
    ready.refused(&unknown, "unknown_credential_configuration");
    ready.still_issues();
}

// VCI-8.3.1.2-07
#[test]
fn vci_8_3_1_2_07_refused_requests_leave_no_trace_of_an_issuance() {
    let ready = Ready::new();
    let management = ready.daemon.management();
    let offer = management.list("/v1/openid/offers?state=redeemed").remove(0);
    ready.refused(&json!({ "credential_configuration_id": ready.configuration }), "invalid_proof");
    let after = management.list("/v1/openid/offers?state=redeemed").remove(0);
    assert_eq!(offer, after);
    let metrics = management.metrics();
    assert_eq!(event(&metrics, "USER_CREDENTIAL_CREATE_SUCCESS"), 0);
    assert!(samples(&metrics)["issuerd_credentials_issued_total{format=\"mso_mdoc\"}"].abs() < 0.5);
    ready.still_issues();
}

// VCI-8.2-18
#[test]
fn vci_8_2_18_a_wallet_that_hangs_up_leaves_all_or_nothing() {
    let ready = Ready::new();
    let wallet = ready.daemon.wallet();
    let key = HolderKey::es256();
    let proof = wallet.proof(&key).sign(&key);
    let request =
        wallet.credential_request(&ready.token, &request_body(&ready.configuration, std::slice::from_ref(&proof)));
    let bytes = request.bytes(wallet.address);
    let mut connection = issuerd_tests::Connection::open(wallet.address);
    // All but the last byte: nothing was asked yet.
    connection.write(&bytes[..bytes.len() - 1]).unwrap();
    drop(connection);
    ready.still_issues();
    // The offer's one request was served, so the whole request is refused now, whatever of it arrived before.
    let answer = wallet.credential(&ready.token, &request_body(&ready.configuration, &[proof])).expect(400);
    assert!(matches!(answer.json()["error"].as_str(), Some("credential_request_denied" | "invalid_nonce")));
}
