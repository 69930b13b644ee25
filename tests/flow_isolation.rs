//! What belongs to one token, one process or one request stays there.

use std::net::TcpListener;

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::offer::PRE_AUTHORIZED;
use issuerd_tests::volley::Volley;
use issuerd_tests::wait::{PATIENCE, now};
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey, Proof};
use serde_json::{Value, json};

// SEC-IDOR-01, VCI-6.2-05
#[test]
fn sec_idor_01_an_identifier_of_another_token_is_unknown() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": configuration }]).to_string();
    let grant = || {
        let offer = management.offer_of(configuration, &mdl(&management.country()));
        let fields =
            [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.code), ("authorization_details", &details)];
        let answer = wallet.token_with(&fields).expect(200).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&answer["access_token"]), text(&answer["authorization_details"][0]["credential_identifiers"][0]))
    };
    let (mine, other) = (grant(), grant());
    assert_ne!(mine.1, other.1);
    let key = HolderKey::es256();
    let ask = |token: &str, identifier: &str| {
        let proof = wallet.proof(&key).sign(&key);
        wallet.credential(token, &json!({ "credential_identifier": identifier, "proofs": { "jwt": [proof] } }))
    };
    ask(&mine.0, &other.1).expect_error(400, "unknown_credential_identifier");
    ask(&mine.0, &mine.1).expect(200);
    ask(&other.0, &other.1).expect(200);
}

// SEC-SSRF-01, VCI-F.1-13, VCI-F.1-15
#[test]
fn sec_ssrf_01_no_url_of_a_request_is_fetched() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let canary = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    canary.set_nonblocking(true).unwrap();
    let port = canary.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/canary");
    let token = wallet.redeem(&management.offer_of(configuration, &mdl(&management.country())));
    let key = HolderKey::es256();
    let good = || wallet.proof(&key);
    for proof in [
        good().header("jku", url.as_str()),
        good().header("x5u", url.as_str()),
        good().kid(&format!("did:web:127.0.0.1%3A{port}#0")),
        good().header("jwk", Value::Null).header("jku", url.as_str()).header("kid", "0"),
        good().header("trust_chain", json!([url])),
        good().claim("iss", url.as_str()),
    ] {
        wallet.credential(&token, &request_body(configuration, &[proof.sign(&key)]));
    }
    let offer = management.offer_of(configuration, &mdl(&management.country()));
    wallet.token_with(&[("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.code), ("client_id", &url)]);
    let logo = json!({ "type": "org.example.x", "branding": { "issuerLogo": url } });
    management.post("/v2/credentials/mobile/configurations", &logo).expect(400);
    let visit = canary.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(visit, Err(std::io::ErrorKind::WouldBlock));
}

// SEC-RNG-01
#[test]
fn sec_rng_01_two_daemons_on_copies_of_one_directory_repeat_nothing() {
    let mut daemon = Daemon::start();
    daemon.end();
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(daemon.data()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let twin = Daemon::start_on(copy);
    let daemon = daemon.restart();
    let taste = |daemon: &Daemon| {
        let management = daemon.management();
        let offer = management.offer_of(daemon.configuration(MDL), &mdl(&management.country()));
        let mdoc = daemon.wallet().claim(&offer, &[HolderKey::es256()]).remove(0);
        (offer, mdoc, daemon.wallet().nonce())
    };
    let ((offer, mdoc, nonce), (other_offer, other_mdoc, other_nonce)) = (taste(&daemon), taste(&twin));
    assert_ne!((offer.id, offer.code, nonce), (other_offer.id, other_offer.code, other_nonce));
    let salts: std::collections::BTreeSet<_> = mdoc.elements.iter().map(|element| &element.random).collect();
    assert!(other_mdoc.elements.iter().all(|element| !salts.contains(&element.random)));
    assert_ne!(mdoc.signature[..32], other_mdoc.signature[..32]);
}

// SEC-BATCH-01
#[test]
fn sec_batch_01_full_batches_do_not_keep_others_waiting() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let claims = mdl(&management.country());
    let keys: Vec<_> = (0..20).map(|_| HolderKey::es256()).collect();
    let nonces: Vec<_> = (0..50).map(|_| wallet.nonce()).collect();
    let requests: Vec<_> = nonces
        .iter()
        .map(|nonce| {
            let token = wallet.redeem(&management.offer_of(configuration, &claims));
            let proofs: Vec<_> = keys.iter().map(|key| Proof::new(key, &wallet.issuer, nonce).sign(key)).collect();
            wallet.credential_request(&token, &request_body(configuration, &proofs))
        })
        .collect();
    let mut volley = Volley::open(wallet.address, requests.len());
    let (answers, waited) = volley.fire_around(&requests, || {
        let start = now();
        wallet.nonce();
        start.elapsed()
    });
    assert!(waited < PATIENCE / 4, "{waited:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 && credentials(answer).len() == 20));
}
