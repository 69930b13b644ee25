//! What a restart keeps: all of it.

use std::time::Duration;

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{CONFIGURATIONS, IACAS, OFFERS, SIGNERS};
use issuerd_tests::{Daemon, HolderKey};
use serde_json::json;

// OPS-06
#[test]
fn ops_06_offers_tokens_and_codes_are_as_they_were() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let id = daemon.configuration(MDL).to_owned();
    let claims = mdl(&management.country());
    let (open, used, redeemed) =
        (management.offer_of(&id, &claims), management.offer_of(&id, &claims), management.offer_of(&id, &claims));
    wallet.claim(&used, &[HolderKey::es256()]);
    let token = wallet.redeem(&redeemed);
    let before = management.list(OFFERS);

    let daemon = daemon.restart();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    assert!(before.iter().all(|offer| management.list(OFFERS).contains(offer)));
    wallet.token(&used.code, None).expect_error(400, "invalid_grant");
    wallet.token(&redeemed.code, None).expect_error(400, "invalid_grant");
    assert_eq!(wallet.get(&open.reference_path()).expect(200).json(), open.object);
    let mdoc = wallet.claim(&open, &[HolderKey::es256()]).remove(0);
    mdoc.verify(&management.iaca());
    wallet.ask(&token, &id, &[HolderKey::es256()]).expect(200);
    wallet.ask(&token, &id, &[HolderKey::es256()]).expect_error(400, "credential_request_denied");
}

#[test]
fn configurations_certificates_and_identities_are_as_they_were() {
    let daemon = Daemon::start();
    let management = daemon.management();
    management.create_configuration(&membership("org.example.club"));
    let read = |daemon: &Daemon| [CONFIGURATIONS, IACAS, SIGNERS].map(|path| daemon.management().list(path));
    let (before, first) = (read(&daemon), daemon.ready.clone());
    let daemon = daemon.restart();
    assert_eq!(read(&daemon), before);
    // `dev` makes only what is missing.
    assert_eq!(daemon.ready.configurations, first.configurations);
    assert_eq!(daemon.ready.issuer, first.issuer);
    // An access token lives on.
    issuerd_tests::Request::get(OFFERS).bearer(&first.access_token).send(daemon.ready.management).expect(200);
}

#[test]
fn a_nonce_from_before_is_good_after() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = daemon.configuration(MDL).to_owned();
    let offer = management.offer_of(&id, &mdl(&management.country()));
    let key = HolderKey::es256();
    let proof = daemon.wallet().proof(&key).sign(&key);
    let daemon = daemon.restart();
    let token = daemon.wallet().redeem(&offer);
    let body = issuerd_tests::wallet::request_body(&id, &[proof]);
    daemon.wallet().credential(&token, &body).expect(200);
}

#[test]
fn a_kill_loses_nothing_that_was_answered() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = daemon.configuration(MDL).to_owned();
    let claims = mdl(&management.country());
    let (open, used) = (management.offer_of(&id, &claims), management.offer_of(&id, &claims));
    daemon.wallet().claim(&used, &[HolderKey::es256()]);
    let club = management.create_configuration(&membership("org.example.club"));
    let daemon = daemon.kill_and_restart();
    assert!(daemon.ready.after < Duration::from_secs(1), "ready after {:?}", daemon.ready.after);
    let (management, wallet) = (daemon.management(), daemon.wallet());
    assert_eq!(management.offer_state(&used.id), "issued");
    wallet.token(&used.code, None).expect_error(400, "invalid_grant");
    wallet.token(&open.code, None).expect(200);
    management.get(&format!("{CONFIGURATIONS}/{club}")).expect(200);
}

#[test]
fn a_changed_issuer_does_not_take_the_old_nonces() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = daemon.configuration(MDL).to_owned();
    let offer = management.offer(&json!({ "credentials": [id], "claims": mdl(&management.country()) }));
    let nonce = daemon.wallet().nonce();
    let elsewhere = Daemon::start();
    let key = HolderKey::es256();
    let token = daemon.wallet().redeem(&offer);
    // VCI-7-03: nor does another installation.
    let proof = issuerd_tests::Proof::new(&key, &elsewhere.ready.issuer, &nonce).sign(&key);
    let other = elsewhere.management().offer_of(elsewhere.configuration(MDL), &mdl("UT"));
    let there = elsewhere.wallet().redeem(&other);
    let body = issuerd_tests::wallet::request_body(elsewhere.configuration(MDL), &[proof]);
    elsewhere.wallet().credential(&there, &body).expect_error(400, "invalid_nonce");
    daemon.wallet().ask(&token, &id, &[key]).expect(200);
}
