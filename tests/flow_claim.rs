//! A wallet claims what it was offered, once.

use issuerd_tests::claims::{mdl, pid};
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::{MDL, PID};
use issuerd_tests::management::Management;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey, Offer};
use serde_json::{Value, json};

fn mdl_offer(daemon: &Daemon, more: &Value) -> Offer {
    let management = daemon.management();
    let mut body = json!({ "credentials": [daemon.configuration(MDL)], "claims": mdl(&management.country()) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    management.offer(&body)
}

// VCI-8.3-01
#[test]
fn vci_8_3_01_an_mdl_is_claimed_by_value_and_verifies() {
    let daemon = Daemon::start();
    let offer = mdl_offer(&daemon, &json!({}));
    let keys = [HolderKey::es256()];
    let mdocs = daemon.wallet().claim(&offer, &keys);
    // VCI-8.3-03, VCI-8.3-04
    assert_eq!(mdocs.len(), 1);
    assert!(mdocs[0].is_bound_to(&keys[0]));
    mdocs[0].verify(&daemon.management().iaca());
    // MDC-MSO-07, VCI-12.2.4-21
    assert_eq!(mdocs[0].doc_type(), MDL);
}

// VCI-4.1.3-01
#[test]
fn vci_4_1_3_01_an_mdl_is_claimed_by_reference() {
    let daemon = Daemon::start();
    let mut offer = mdl_offer(&daemon, &json!({}));
    // The link by reference is all this wallet has.
    offer.object = daemon.wallet().get(&offer.reference_path()).expect(200).json();
    offer.code =
        offer.object["grants"][issuerd_tests::offer::PRE_AUTHORIZED]["pre-authorized_code"].as_str().unwrap().into();
    let mdocs = daemon.wallet().claim(&offer, &[HolderKey::es256()]);
    mdocs[0].verify(&daemon.management().iaca());
}

// VCI-4.1.1-10
#[test]
fn vci_4_1_1_10_an_offer_with_a_transaction_code_is_claimed_with_it() {
    let daemon = Daemon::start();
    let offer = mdl_offer(&daemon, &json!({ "transactionCodeConfiguration": { "inputMode": "numeric" } }));
    assert!(offer.tx_code.is_some());
    let mdocs = daemon.wallet().claim(&offer, &[HolderKey::es256()]);
    mdocs[0].verify(&daemon.management().iaca());
}

// VCI-F.1-19
#[test]
fn vci_f_1_19_a_batch_of_five_gives_five_credentials_with_five_keys() {
    let daemon = Daemon::start();
    let offer = mdl_offer(&daemon, &json!({}));
    let keys: Vec<_> = (0..5).map(|_| HolderKey::es256()).collect();
    let mdocs = daemon.wallet().claim(&offer, &keys);
    assert_eq!(mdocs.len(), 5);
    let iaca = daemon.management().iaca();
    for (mdoc, key) in mdocs.iter().zip(&keys) {
        mdoc.verify(&iaca);
        // VCI-8.3-05: in the order of the proofs.
        assert!(mdoc.is_bound_to(key));
    }
}

// PID-01
#[test]
fn pid_01_a_pid_is_claimed_and_verifies() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(PID), &pid(&management.country()));
    let mdocs = daemon.wallet().claim(&offer, &[HolderKey::es256()]);
    mdocs[0].verify(&management.iaca());
    assert_eq!(mdocs[0].doc_type(), PID);
    assert!(mdocs[0].elements.iter().all(|element| element.namespace == PID));
}

// HAIP-7-02
#[test]
fn haip_7_02_each_kind_of_holder_key_is_bound() {
    let daemon = Daemon::start();
    let iaca = daemon.management().iaca();
    for key in [HolderKey::es256(), HolderKey::es384(), HolderKey::eddsa(), HolderKey::es256_with_leading_zero()] {
        let keys = [key];
        let mdocs = daemon.wallet().claim(&mdl_offer(&daemon, &json!({})), &keys);
        // MDC-MSO-08: full length, leading zeros kept.
        assert!(mdocs[0].is_bound_to(&keys[0]), "{}", keys[0].alg());
        mdocs[0].verify(&iaca);
    }
}

#[test]
fn a_second_claim_is_refused_and_leaves_the_first_valid() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let offer = mdl_offer(&daemon, &json!({}));
    let configuration = daemon.configuration(MDL);
    let token = wallet.redeem(&offer);
    let first = credentials(&wallet.ask(&token, configuration, &[HolderKey::es256()]).expect(200));
    // VCI-4.1.1-08, SEC-CODE-04: the code is spent.
    wallet.token(&offer.code, None).expect_error(400, "invalid_grant");
    // VCI-14.3-01: by default one credential request for each configuration of an offer.
    wallet.ask(&token, configuration, &[HolderKey::es256()]).expect_error(400, "credential_request_denied");
    // VCI-14.3-02
    first[0].verify(&management.iaca());
    assert_eq!(management.offer_state(&offer.id), "issued");
}

// VCI-8-03
#[test]
fn vci_8_03_an_offer_of_two_configurations_is_claimed_with_two_requests() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let other = management.create_configuration(&membership("org.example.club"));
    let mut claims = mdl(&management.country());
    claims["name"] = "Mika Sommer".into();
    let offer = management.offer(&json!({ "credentials": [daemon.configuration(MDL), other], "claims": claims }));
    let token = wallet.redeem(&offer);
    for (configuration, doc_type, state) in
        [(daemon.configuration(MDL), MDL, "redeemed"), (&other, "org.example.club", "issued")]
    {
        let mdocs = credentials(&wallet.ask(&token, configuration, &[HolderKey::es256()]).expect(200));
        assert_eq!(mdocs[0].doc_type(), doc_type);
        mdocs[0].verify(&management.iaca());
        assert_eq!(management.offer_state(&offer.id), state);
    }
}

// VCI-6.2-01
#[test]
fn vci_6_2_01_credential_identifiers_are_returned_and_required_once_details_were_asked_for() {
    let daemon = Daemon::start();
    let (wallet, configuration) = (daemon.wallet(), daemon.configuration(MDL));
    let offer = mdl_offer(&daemon, &json!({}));
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": configuration }]).to_string();
    let grant = issuerd_tests::offer::PRE_AUTHORIZED;
    let fields = [("grant_type", grant), ("pre-authorized_code", &offer.code), ("authorization_details", &details)];
    let answer = wallet.token_with(&fields).expect(200).json();
    let granted = &answer["authorization_details"][0];
    assert_eq!(granted["type"], "openid_credential");
    assert_eq!(granted["credential_configuration_id"], configuration);
    let identifier = granted["credential_identifiers"][0].as_str().unwrap();
    let token = answer["access_token"].as_str().unwrap();
    // VCI-8.2-03
    wallet.ask(token, configuration, &[HolderKey::es256()]).expect_error(400, "invalid_credential_request");
    let key = HolderKey::es256();
    let by_identifier = |identifier: &str| {
        let proof = wallet.proof(&key).sign(&key);
        wallet.credential(token, &json!({ "credential_identifier": identifier, "proofs": { "jwt": [proof] } }))
    };
    // VCI-8.2-06
    by_identifier("no-such-identifier").expect_error(400, "unknown_credential_identifier");
    // VCI-6.2-03
    let mdocs = credentials(&by_identifier(identifier).expect(200));
    assert_eq!(mdocs[0].doc_type(), MDL);
}

#[test]
fn persisted_claims_are_there_for_the_next_offer_of_the_same_user_and_yield_to_its_claims() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let club = management.create_configuration(&membership("org.example.club"));
    let user = "6f9c24d4-4df1-4f6b-9a2b-4f0b34dd3a55";
    let make = |management: &Management, claims: Value, persist: Value| {
        management
            .offer(&json!({ "credentials": [club], "userId": user, "claims": claims, "claimsToPersist": persist }))
    };
    let first = make(&management, json!({ "name": "Mika Sommer", "level": "gold" }), json!(["name"]));
    assert_eq!(first.response["userId"], user);
    wallet.claim(&first, &[HolderKey::es256()]);
    // Only `name` was kept; the level falls back to the default of the mapping.
    let second = make(&management, json!({}), json!([]));
    let mdoc = wallet.claim(&second, &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert_eq!(mdoc.value("level").as_text(), Some("basic"));
    let third = make(&management, json!({ "name": "Mika S." }), json!([]));
    assert_eq!(wallet.claim(&third, &[HolderKey::es256()])[0].value("name").as_text(), Some("Mika S."));
}
