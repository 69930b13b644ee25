//! The nonce endpoint.

use std::collections::BTreeSet;

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::prometheus::samples;
use issuerd_tests::wait::until;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Daemon, HolderKey, Proof, Request};

// VCI-7.1-01
#[test]
fn vci_7_1_01_a_nonce_is_given_to_anybody() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let requests = [
        Request::post(&wallet.nonce_path()),
        // Without Content-Length.
        Request::new("POST", &wallet.nonce_path()),
        // VCI-7.1-02: a token that is not valid does not matter.
        Request::post(&wallet.nonce_path()).bearer("nonsense"),
        Request::post(&wallet.nonce_path()).header("DPoP", "nonsense"),
    ];
    for request in requests {
        let answer = wallet.send(&request).expect(200);
        // VCI-7.2-01, VCI-7.2-02
        assert_eq!(answer.media_type(), "application/json");
        assert!(answer.lists("cache-control", "no-store"));
        let body = answer.json();
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["c_nonce"]);
        assert!(body["c_nonce"].as_str().unwrap().len() >= 22);
    }
}

// VCI-7.2-03
#[test]
fn vci_7_2_03_nonces_differ() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let mut connection = issuerd_tests::Connection::open(wallet.address);
    let request = Request::post(&wallet.nonce_path());
    let nonces: BTreeSet<_> = (0..2_000).map(|_| connection.send(&request).json()["c_nonce"].to_string()).collect();
    assert_eq!(nonces.len(), 2_000);
}

// VCI-7-02
#[test]
fn vci_7_02_nonces_cost_no_storage() {
    let daemon = Daemon::start();
    // The size of the data file would not tell: the engine makes room when it likes.
    let commits = || samples(&daemon.management().metrics())["issuerd_store_commits_total"].to_string();
    let before = commits();
    let wallet = daemon.wallet();
    let mut connection = issuerd_tests::Connection::open(wallet.address);
    let request = Request::post(&wallet.nonce_path());
    for _ in 0..2_000 {
        connection.send(&request).expect(200);
    }
    assert_eq!(commits(), before);
}

// SEC-PROOF-03
#[test]
fn sec_proof_03_a_changed_nonce_is_refused() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let token = wallet.redeem(&management.offer_of(configuration, &mdl(&management.country())));
    let key = HolderKey::es256();
    let nonce = wallet.nonce();
    let ask = |nonce: &str| {
        let proof = Proof::new(&key, &wallet.issuer, nonce).sign(&key);
        wallet.credential(&token, &request_body(configuration, &[proof]))
    };
    for place in 0..nonce.len() {
        let mut changed = nonce.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        ask(&String::from_utf8(changed).unwrap()).expect_error(400, "invalid_nonce");
    }
    for changed in [String::new(), "nonsense".into(), format!("{nonce}A"), nonce[1..].into(), "é".repeat(50)] {
        let answer = ask(&changed);
        assert_eq!(answer.status, 400);
        assert!(
            matches!(answer.json()["error"].as_str(), Some("invalid_nonce" | "invalid_proof")),
            "{}",
            answer.text()
        );
    }
    // VCI-13.8-01: with a good nonce the same token still works.
    ask(&nonce).expect(200);
}

// VCI-7.2-04
#[test]
fn vci_7_2_04_a_nonce_ends_after_its_life() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_ISSUANCE_NONCE_LIFETIME", "10"));
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let claims = mdl(&management.country());
    let done = wallet.redeem(&management.offer_of(configuration, &claims));
    let key = HolderKey::es256();
    wallet.ask(&done, configuration, &[HolderKey::es256()]).expect(200);
    let nonce = wallet.nonce();
    let ask = |token: &str| {
        let proof = Proof::new(&key, &wallet.issuer, &nonce).sign(&key);
        wallet.credential(token, &request_body(configuration, &[proof]))
    };
    // An offer that has issued takes no nonce any more: it is denied while the nonce lives, and the nonce is refused after.
    until("the end of the nonce", || {
        let answer = ask(&done).expect(400).json();
        assert!(matches!(answer["error"].as_str(), Some("credential_request_denied" | "invalid_nonce")), "{answer}");
        (answer["error"] == "invalid_nonce").then_some(())
    });
    let fresh = wallet.redeem(&management.offer_of(configuration, &claims));
    ask(&fresh).expect_error(400, "invalid_nonce");
    wallet.ask(&fresh, configuration, &[key]).expect(200);
}

// VCI-7-03
#[test]
fn vci_7_03_a_nonce_of_another_issuer_is_refused() {
    let (here, there) = (Daemon::start(), Daemon::start());
    let (wallet, management, configuration) = (here.wallet(), here.management(), here.configuration(MDL));
    let token = wallet.redeem(&management.offer_of(configuration, &mdl(&management.country())));
    let key = HolderKey::es256();
    let proof = Proof::new(&key, &wallet.issuer, &there.wallet().nonce()).sign(&key);
    wallet.credential(&token, &request_body(configuration, &[proof])).expect_error(400, "invalid_nonce");
}

// OPS-06
#[test]
fn ops_06_a_nonce_stays_taken_over_a_restart() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let configuration = daemon.configuration(MDL).to_owned();
    let claims = mdl(&management.country());
    let [first, second] = [(); 2].map(|()| wallet.redeem(&management.offer_of(&configuration, &claims)));
    let key = HolderKey::es256();
    let proof = wallet.proof(&key);
    wallet.credential(&first, &request_body(&configuration, &[proof.sign(&key)])).expect(200);
    let daemon = daemon.restart();
    let again = daemon.wallet().credential(&second, &request_body(&configuration, &[proof.sign(&key)]));
    again.expect_error(400, "invalid_nonce");
    daemon.wallet().ask(&second, &configuration, &[key]).expect(200);
}
