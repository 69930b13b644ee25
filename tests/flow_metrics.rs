//! Metrics and analytics events, as Prometheus sees them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{CONFIGURATIONS, IACAS, OFFERS, PRE_AUTHORIZED_OFFERS, SIGNERS};
use issuerd_tests::offer::path;
use issuerd_tests::prometheus::{contract, event, labels, samples};
use issuerd_tests::{Daemon, HolderKey, Request};
use serde_json::json;

/// One claim with all around it, some of it refused.
fn traffic(daemon: &Daemon) {
    let (management, wallet, id) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let body = json!({ "credentials": [id], "claims": mdl(&management.country()),
        "transactionCodeConfiguration": { "inputMode": "numeric" } });
    let offer = management.offer(&body);
    wallet.metadata();
    wallet.get(&offer.reference_path()).expect(200);
    wallet.token(&offer.code, Some("wrong")).expect_error(400, "invalid_grant");
    let token = wallet.redeem(&offer);
    wallet.ask("no-token", id, &[HolderKey::es256()]).expect_error(401, "invalid_token");
    wallet.ask(&token, id, &[HolderKey::es256(), HolderKey::es256()]).expect(200);
    wallet.get("/nope").expect(404);
}

#[test]
fn promtool_finds_no_fault() {
    let daemon = Daemon::start();
    traffic(&daemon);
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = spawned.expect("promtool, of Debian's package prometheus, must be installed");
    promtool.stdin.take().unwrap().write_all(daemon.management().metrics().as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_GOLDEN=1 writes the file anew")]
fn names_and_labels_are_those_of_the_contract() {
    let daemon = Daemon::start();
    traffic(&daemon);
    let found = contract(&daemon.management().metrics());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/metrics.txt");
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(&file, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(found, expected, "UPDATE_GOLDEN=1 writes {} anew", file.display());
}

#[test]
fn every_event_is_exported_from_the_start() {
    let daemon = Daemon::start();
    let metrics = daemon.management().metrics();
    for operation in [
        "OPENID_OFFER_CREATE",
        "OPENID_PRE_AUTHORIZED_OFFER_CREATE",
        "OPENID_PRE_AUTHORIZED_OFFER_DELETE",
        "MOBILE_CREDENTIAL_CONFIGURATION_CREATE",
        "MOBILE_CREDENTIAL_CONFIGURATION_RETRIEVE",
        "MOBILE_CREDENTIAL_CONFIGURATION_RETRIEVE_LIST",
        "MOBILE_CREDENTIAL_CONFIGURATION_UPDATE",
        "MOBILE_CREDENTIAL_CONFIGURATION_DELETE",
        "MOBILE_CREDENTIAL_IACA_CREATE",
        "MOBILE_CREDENTIAL_IACA_RETRIEVE",
        "MOBILE_CREDENTIAL_IACA_RETRIEVE_LIST",
        "MOBILE_CREDENTIAL_IACA_UPDATE",
        "MOBILE_CREDENTIAL_IACA_DELETE",
        "MOBILE_CREDENTIAL_IACA_CRL_RETRIEVE",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_CREATE",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_RETRIEVE",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_RETRIEVE_LIST",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_UPDATE",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_DELETE",
        "MOBILE_CREDENTIAL_DOCUMENT_SIGNER_REVOKE",
        "OPENID_TOKEN",
        "OPENID_CREDENTIAL",
    ] {
        for phase in ["START", "SUCCESS", "FAIL"] {
            event(&metrics, &format!("{operation}_{phase}"));
        }
    }
    // Nothing asks for a token or deletes before anybody comes.
    assert_eq!(event(&metrics, "OPENID_TOKEN_START"), 0);
}

/// Counts of start, success and failure of an operation before and after `act`.
#[track_caller]
fn moves(daemon: &Daemon, operation: &str, act: impl FnOnce()) -> [u64; 3] {
    let read = || {
        let metrics = daemon.management().metrics();
        ["START", "SUCCESS", "FAIL"].map(|phase| event(&metrics, &format!("{operation}_{phase}")))
    };
    let before = read();
    act();
    let after = read();
    [0, 1, 2].map(|place| after[place] - before[place])
}

const SUCCESS: [u64; 3] = [1, 1, 0];
const FAIL: [u64; 3] = [1, 0, 1];

#[test]
fn events_count_the_operations_of_wallets() {
    let daemon = Daemon::start();
    let (management, wallet, id) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let offer = management.offer_of(id, &mdl(&management.country()));
    assert_eq!(moves(&daemon, "OPENID_TOKEN", || drop(wallet.token("unknown", None))), FAIL);
    let mut token = String::new();
    assert_eq!(moves(&daemon, "OPENID_TOKEN", || token = wallet.redeem(&offer)), SUCCESS);
    let keys = [HolderKey::es256()];
    assert_eq!(moves(&daemon, "OPENID_CREDENTIAL", || drop(wallet.credential("no-token", &json!({})))), FAIL);
    assert_eq!(moves(&daemon, "OPENID_CREDENTIAL", || drop(wallet.credential(&token, &json!({})))), FAIL);
    assert_eq!(moves(&daemon, "OPENID_CREDENTIAL", || drop(wallet.ask(&token, id, &keys))), SUCCESS);
    let crl = path(&management.iaca().crl_url());
    assert_eq!(moves(&daemon, "MOBILE_CREDENTIAL_IACA_CRL_RETRIEVE", || drop(wallet.get(&crl))), SUCCESS);
}

#[test]
fn events_count_the_operations_of_operators() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = membership("org.example.club");
    let mut id = String::new();
    let configuration = "MOBILE_CREDENTIAL_CONFIGURATION";
    let counts = |operation: &str, act: &mut dyn FnMut()| moves(&daemon, operation, act);
    assert_eq!(
        counts(&format!("{configuration}_CREATE"), &mut || drop(management.post(CONFIGURATIONS, &json!({})))),
        FAIL
    );
    assert_eq!(
        counts(&format!("{configuration}_CREATE"), &mut || id = management.create_configuration(&body)),
        SUCCESS
    );
    let target = format!("{CONFIGURATIONS}/{id}");
    assert_eq!(counts(&format!("{configuration}_RETRIEVE"), &mut || drop(management.get(&target))), SUCCESS);
    assert_eq!(
        counts(&format!("{configuration}_RETRIEVE_LIST"), &mut || drop(management.get(CONFIGURATIONS))),
        SUCCESS
    );
    assert_eq!(counts(&format!("{configuration}_UPDATE"), &mut || drop(management.put(&target, &body))), SUCCESS);
    assert_eq!(counts(&format!("{configuration}_UPDATE"), &mut || drop(management.put(&target, &json!({})))), FAIL);
    let offers = "OPENID_PRE_AUTHORIZED_OFFER";
    assert_eq!(
        counts(&format!("{offers}_CREATE"), &mut || drop(management.post(PRE_AUTHORIZED_OFFERS, &json!({})))),
        FAIL
    );
    let mut offer = String::new();
    let body = json!({ "credentials": [id], "claims": { "name": "Mika" } });
    assert_eq!(counts(&format!("{offers}_CREATE"), &mut || offer = management.offer(&body).id), SUCCESS);
    assert_eq!(counts(&format!("{offers}_DELETE"), &mut || drop(management.delete_offer(&offer))), SUCCESS);
    assert_eq!(counts(&format!("{offers}_DELETE"), &mut || drop(management.delete_offer(&offer))), FAIL);
    assert_eq!(
        counts("OPENID_OFFER_CREATE", &mut || drop(management.post(OFFERS, &json!({ "credentials": [id] })))),
        SUCCESS
    );
    assert_eq!(counts(&format!("{configuration}_DELETE"), &mut || drop(management.delete(&target))), SUCCESS);
    assert_eq!(counts(&format!("{configuration}_DELETE"), &mut || drop(management.delete(&target))), FAIL);
    assert_eq!(counts("MOBILE_CREDENTIAL_IACA_RETRIEVE_LIST", &mut || drop(management.get(IACAS))), SUCCESS);
    assert_eq!(
        counts("MOBILE_CREDENTIAL_DOCUMENT_SIGNER_CREATE", &mut || drop(management.post(SIGNERS, &json!({})))),
        FAIL
    );
    // A caller without a token starts an operation and fails.
    let anonymous = || drop(Request::get(CONFIGURATIONS).send(management.address));
    assert_eq!(moves(&daemon, &format!("{configuration}_RETRIEVE_LIST"), anonymous), FAIL);
}

// SEC-LOG-01
#[test]
fn sec_log_01_labels_are_bounded() {
    let daemon = Daemon::start();
    traffic(&daemon);
    let before = samples(&daemon.management().metrics()).len();
    for number in 0..200 {
        daemon.wallet().get(&format!("/nope/{number}"));
        daemon.wallet().send(&Request::new(&format!("METHOD{number}"), "/nope"));
        daemon.management().get(&format!("{CONFIGURATIONS}/00000000-0000-4000-8000-{number:012}"));
    }
    let metrics = daemon.management().metrics();
    let after = samples(&metrics);
    assert!(after.len() < before + 20, "{before} series became {}", after.len());
    for series in after.keys() {
        for (name, value) in labels(series) {
            assert!(value.len() <= 80, "{name}: {value}");
            assert!(!value.contains("00000000-0000-4000") && !value.contains("/nope/"), "{name}: {value}");
        }
    }
}

#[test]
fn the_state_of_the_house_is_measured() {
    let daemon = Daemon::start();
    traffic(&daemon);
    let metrics = daemon.management().metrics();
    // Design of the metrics: requests, commits of the store, signer expiry, build, readiness.
    for name in ["http", "store", "expiry", "build_info", "ready"] {
        assert!(
            metrics.lines().any(|line| line.starts_with("# TYPE issuerd_") && line.contains(name)),
            "{name}:\n{metrics}"
        );
    }
    let answer = Request::get("/metrics").send(daemon.ready.management).expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
}
