//! An installation as in production: `issuerd init`, then `issuerd serve`, with the commands that talk to it.

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::mdl as mdl_configuration;
use issuerd_tests::daemon::{MDL, run};
use issuerd_tests::management::{CONFIGURATIONS, PRE_AUTHORIZED_OFFERS, details};
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};

#[test]
fn an_installation_starts_empty_and_issues_what_it_is_told_to() {
    let mut daemon = Daemon::installed("");
    let management = daemon.management();
    assert!(management.list(CONFIGURATIONS).is_empty());
    assert_eq!(management.country(), "UT");
    // The root that init printed is the one that signs.
    let printed = daemon.ready.line["iaca_pem"].as_str().unwrap();
    assert_eq!(issuerd_tests::certificate::Certificate::from_pem(printed), management.iaca());
    let id = management.create_configuration(&mdl_configuration(MDL));
    let mdoc = daemon.wallet().claim(&management.offer_of(&id, &mdl("UT")), &[HolderKey::es256()]).remove(0);
    mdoc.verify(&management.iaca());
    assert_eq!(daemon.end(), Some(0));
}

// VCI-4.1.1-07
#[test]
fn vci_4_1_1_07_offers_live_five_minutes_and_ten_at_most() {
    let daemon = Daemon::installed("");
    let management = daemon.management();
    let id = management.create_configuration(&mdl_configuration(MDL));
    let lives = |more: Value| {
        let mut body = json!({ "credentials": [id], "claims": mdl("UT") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let view = management.offer_view(&management.offer(&body).id);
        let time = |name: &str| view[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        time("expiresAt") - time("createdAt")
    };
    assert_eq!(lives(json!({})), 300);
    assert_eq!(lives(json!({ "expiresIn": { "minutes": 10 } })), 600);
    assert_eq!(lives(json!({ "expiresIn": { "minutes": 1, "seconds": 30 } })), 90);
    for longer in [json!({ "minutes": 11 }), json!({ "minutes": 10, "seconds": 1 })] {
        let body = json!({ "credentials": [id], "claims": mdl("UT"), "expiresIn": longer });
        assert_eq!(details(&management.post(PRE_AUTHORIZED_OFFERS, &body))[0].0, "expiresIn");
    }
}

// MDL-20
#[test]
fn mdl_20_a_claim_that_is_missing_is_named_when_the_offer_is_made() {
    let daemon = Daemon::installed("");
    let management = daemon.management();
    let id = management.create_configuration(&mdl_configuration(MDL));
    let claims = issuerd_tests::claims::without(mdl("UT"), "document_number");
    let answer = management.post(PRE_AUTHORIZED_OFFERS, &json!({ "credentials": [id], "claims": claims }));
    assert!(details(&answer)[0].0.contains("document_number"), "{}", answer.text());
    // VCI-15.3-02: the mistake is told without the values of the others.
    assert!(!answer.text().contains("Sommer"));
}

// VCI-13.6.3-01
#[test]
fn vci_13_6_3_01_the_number_of_attempts_is_configured() {
    let daemon = Daemon::installed("[pre_authorized]\ntx_code_attempts = 1\n");
    let management = daemon.management();
    let id = management.create_configuration(&mdl_configuration(MDL));
    let body =
        json!({ "credentials": [id], "claims": mdl("UT"), "transactionCodeConfiguration": { "inputMode": "text" } });
    let offer = management.offer(&body);
    daemon.wallet().token(&offer.code, Some("------")).expect_error(400, "invalid_grant");
    assert_eq!(management.offer_state(&offer.id), "locked");
    daemon.wallet().token(&offer.code, offer.tx_code.as_deref()).expect_error(400, "invalid_grant");
}

// VCI-14.3-01
#[test]
fn vci_14_3_01_more_credential_requests_are_served_when_configured() {
    let daemon = Daemon::installed("[pre_authorized]\ncredential_requests_per_offer = 2\n");
    let management = daemon.management();
    let id = management.create_configuration(&mdl_configuration(MDL));
    let token = daemon.wallet().redeem(&management.offer_of(&id, &mdl("UT")));
    for _ in 0..2 {
        daemon.wallet().ask(&token, &id, &[HolderKey::es256()]).expect(200);
    }
    daemon.wallet().ask(&token, &id, &[HolderKey::es256()]).expect_error(400, "credential_request_denied");
}

#[test]
fn init_sets_up_once() {
    let mut daemon = Daemon::installed("");
    let file = daemon.data().join("issuer.toml");
    daemon.end();
    let again = run(&["init", "--config", file.to_str().unwrap(), "--country", "UT"], &[]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("already"), "{:?}", String::from_utf8_lossy(&again.stderr));
}

#[test]
fn offers_are_made_listed_shown_and_deleted_by_command() {
    let daemon = Daemon::installed("");
    let management = daemon.management();
    management.create_configuration(&mdl_configuration(MDL));
    let (url, line) = (format!("http://{}", daemon.ready.management), &daemon.ready.line);
    let environment = [
        ("ISSUERD_MANAGEMENT_URL", url.as_str()),
        ("ISSUERD_CLIENT_ID", line["client_id"].as_str().unwrap()),
        ("ISSUERD_CLIENT_SECRET", line["client_secret"].as_str().unwrap()),
    ];
    let command = |arguments: &[&str]| {
        let output = run(arguments, &environment);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}");
        out.into_owned()
    };
    let claims = daemon.data().join("claims.json");
    std::fs::write(&claims, mdl("UT").to_string()).unwrap();
    let made = command(&["offer", "create", "--credential", MDL, "--claims-file", claims.to_str().unwrap()]);
    assert!(made.contains("openid-credential-offer://?"), "{made}");
    assert!(!made.contains("Sommer"), "{made}");
    let offer = management.list("/v1/openid/offers").remove(0);
    let offer = offer["id"].as_str().unwrap();
    assert!(command(&["offer", "list"]).contains(offer));
    assert!(command(&["offer", "show", offer]).contains("open"));
    command(&["offer", "delete", offer]);
    assert_eq!(management.offer_state(offer), "deleted");
    let wrong = [environment[0], environment[1], ("ISSUERD_CLIENT_SECRET", "wrong")];
    assert!(!run(&["offer", "list"], &wrong).status.success());
}
