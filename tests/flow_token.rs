//! The token endpoint.

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::offer::PRE_AUTHORIZED;
use issuerd_tests::{Daemon, HolderKey, Offer, Request};
use serde_json::json;

fn made(daemon: &Daemon) -> Offer {
    let management = daemon.management();
    management.offer_of(daemon.configuration(MDL), &mdl(&management.country()))
}

// OAU-5.1-01
#[test]
fn oau_5_1_01_a_token_response_has_the_members_of_the_standards() {
    let daemon = Daemon::start();
    let answer = daemon.wallet().token(&made(&daemon).code, None).expect(200);
    let body = answer.json();
    // VCI-7-01: no nonce of older drafts; no authorization_details that nobody asked for.
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["access_token", "expires_in", "token_type"]);
    assert_eq!(body["token_type"], "Bearer");
    // VCI-13.10-01
    assert!((1..=300).contains(&body["expires_in"].as_u64().unwrap()));
    // OAU-10.3-01: 256 random bits are 43 characters.
    assert!(body["access_token"].as_str().unwrap().len() >= 43);
    // HTP-9111-01
    assert!(answer.lists("cache-control", "no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.media_type(), "application/json");
}

// OAU-5.2-01
#[test]
fn oau_5_2_01_each_defect_of_a_token_request_has_its_code() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let code = offer.code.as_str();
    for (fields, error) in [
        (vec![("pre-authorized_code", code)], "invalid_request"),
        (vec![("grant_type", ""), ("pre-authorized_code", code)], "invalid_request"),
        (vec![("grant_type", PRE_AUTHORIZED)], "invalid_request"),
        // VCI-6.1-02
        (vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", "")], "invalid_request"),
        (vec![("grant_type", PRE_AUTHORIZED), ("pre_authorized_code", code)], "invalid_request"),
        (vec![("grant_type", "nonsense")], "unsupported_grant_type"),
        // After a login tokens are bound to a key.
        (vec![("grant_type", "authorization_code"), ("code", code)], "invalid_dpop_proof"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", code)], "invalid_dpop_proof"),
        // BCP-2.4-01
        (vec![("grant_type", "password"), ("username", "a"), ("password", "b")], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        // OAU-3.2-02
        (
            vec![("grant_type", PRE_AUTHORIZED), ("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)],
            "invalid_request",
        ),
        (
            vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code), ("pre-authorized_code", code)],
            "invalid_request",
        ),
        // VCI-6.3-01
        (vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", "unknown")], "invalid_grant"),
    ] {
        wallet.token_with(&fields).expect_error(400, error);
    }
    // None of them spent the code.
    wallet.token(code, None).expect(200);
}

// OAU-3.2-01
#[test]
fn oau_3_2_01_parameters_in_the_query_are_not_used() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let query = format!("{}?grant_type={PRE_AUTHORIZED}&pre-authorized_code={}", wallet.token_path(), offer.code);
    wallet.send(&Request::new("POST", &query).form([])).expect_error(400, "invalid_request");
    wallet.token(&offer.code, None).expect(200);
}

// HTP-JSON-03
#[test]
fn htp_json_03_unknown_and_empty_parameters_are_ignored() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let fields = [
        ("grant_type", PRE_AUTHORIZED),
        ("pre-authorized_code", offer.code.as_str()),
        ("x_unknown", "1"),
        ("scope", ""),
        ("tx_code", ""),
        ("client_id", "https://wallet.example/app"),
        ("resource", daemon.ready.issuer.as_str()),
    ];
    wallet.token_with(&fields).expect(200);
}

// SEC-CODE-03
#[test]
fn sec_code_03_used_expired_and_unknown_codes_look_alike() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let used = made(&daemon);
    wallet.redeem(&used);
    let deleted = made(&daemon);
    management.delete_offer(&deleted.id).expect(204);
    let answers = [&used.code, &deleted.code, "no-such-code"].map(|code| wallet.token(code, None));
    assert!(answers.iter().all(|answer| (answer.status, &answer.body) == (400, &answers[0].body)));
}

// VCI-6.1.1-01
#[test]
fn vci_6_1_1_01_a_token_may_be_limited_to_some_of_the_offered_configurations() {
    let daemon = Daemon::start();
    let (wallet, management, mdl_id) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let club = management.create_configuration(&membership("org.example.club"));
    let mut claims = mdl(&management.country());
    claims["name"] = "Mika".into();
    let offer = management.offer(&json!({ "credentials": [mdl_id, club], "claims": claims }));
    // VCI-6.1-06
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": club }]).to_string();
    let fields =
        [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.code), ("authorization_details", &details)];
    let answer = wallet.token_with(&fields).expect(200).json();
    assert_eq!(answer["authorization_details"].as_array().unwrap().len(), 1);
    let token = answer["access_token"].as_str().unwrap();
    // VCI-6.1-05, BRR-3.1-02: what was not asked for is not issued.
    let refused = wallet.ask(token, mdl_id, &[HolderKey::es256()]);
    assert!(matches!(refused.status, 400 | 403), "{}", refused.text());
}

// VCI-6.1.1-02
#[test]
fn vci_6_1_1_02_asking_for_what_was_not_offered_is_refused_and_spends_nothing() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let club = daemon.management().create_configuration(&membership("org.example.club"));
    for details in [
        json!([{ "type": "openid_credential", "credential_configuration_id": club }]).to_string(),
        json!([{ "type": "openid_credential", "credential_configuration_id": "nonsense" }]).to_string(),
        json!([{ "type": "payment", "credential_configuration_id": daemon.configuration(MDL) }]).to_string(),
        json!([{ "credential_configuration_id": daemon.configuration(MDL) }]).to_string(),
        "[]".into(),
        "{}".into(),
        "[".into(),
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        let fields =
            [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.code), ("authorization_details", &details)];
        let answer = wallet.token_with(&fields);
        // The longest of them may also be over the limit of the content.
        if answer.status != 413 {
            answer.expect_error(400, "invalid_authorization_details");
        }
    }
    wallet.token(&offer.code, None).expect(200);
}

// VCI-13.10-01
#[test]
fn vci_13_10_01_a_token_ends_after_its_life() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_ISSUANCE_ACCESS_TOKEN_LIFETIME", "10"));
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let answer = wallet.token(&offer.code, None).expect(200).json();
    assert_eq!(answer["expires_in"], 10);
    let token = answer["access_token"].as_str().unwrap();
    // An empty request is refused for its content while the token lives, and for its token after.
    issuerd_tests::wait::until("the end of the access token", || {
        let answer = wallet.credential(token, &json!({}));
        (answer.status == 401).then(|| answer.expect_error(401, "invalid_token"))
    });
}

// OAU-5.2-02
#[test]
fn oau_5_2_02_client_authentication_that_is_not_offered_is_refused() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let basic = wallet.token_request(&offer.code, None).header("Authorization", "Basic YTpi");
    let answer = wallet.send(&basic);
    assert!(answer.header("www-authenticate").is_some());
    answer.expect_error(401, "invalid_client");
    wallet.token(&offer.code, None).expect(200);
}

// RES-2.2-01
#[test]
fn res_2_2_01_a_resource_that_is_not_this_issuer_is_refused() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let fields =
        [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.code), ("resource", "https://other.example")];
    wallet.token_with(&fields).expect_error(400, "invalid_target");
    wallet.token(&offer.code, None).expect(200);
}

// SEC-CODE-05
#[test]
fn sec_code_05_handles_of_other_kinds_are_no_codes() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let token = wallet.redeem(&made(&daemon));
    let reference = offer.reference_path().split('/').nth(4).unwrap().to_owned();
    for handle in [&offer.id, &reference, &wallet.nonce(), &token, &daemon.ready.access_token] {
        wallet.token(handle, None).expect_error(400, "invalid_grant");
    }
    // And a code is neither a token nor a nonce.
    wallet.ask(&offer.code, daemon.configuration(MDL), &[HolderKey::es256()]).expect_error(401, "invalid_token");
}
