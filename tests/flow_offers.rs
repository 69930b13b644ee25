//! Offers on the management API: made, listed, read, ended.

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{OFFERS, PRE_AUTHORIZED_OFFERS, details};
use issuerd_tests::offer::parameter;
use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};

#[test]
fn an_offer_is_returned_as_the_reference_says() {
    let daemon = Daemon::start();
    let (management, configuration) = (daemon.management(), daemon.configuration(MDL));
    let offer = management.offer(&json!({ "credentials": [configuration] }));
    let members: Vec<_> = offer.response.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["credentialOfferUri", "expiresAt", "id", "uri", "userId"]);
    // VCI-4.1.1-01
    assert_eq!(offer.object["credential_issuer"], daemon.ready.issuer);
    // VCI-4.1.1-02
    assert_eq!(offer.configurations(), [configuration]);
    let metadata = daemon.wallet().metadata();
    assert!(metadata["credential_configurations_supported"].get(configuration).is_some());
    // VCI-4.1.1-04, VCI-4.1.1-05, VCI-4.1.1-06
    let grants = offer.object["grants"].as_object().unwrap();
    assert_eq!(grants.len(), 1);
    let grant = grants.values().next().unwrap().as_object().unwrap();
    assert_eq!(grant.keys().collect::<Vec<_>>(), ["pre-authorized_code"]);
    // Default life of 5 minutes.
    let view = management.offer_view(&offer.id);
    let time = |name: &str| view[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("expiresAt").as_millisecond() - time("createdAt").as_millisecond(), 300_000);
}

// VCI-4.1.1-18
#[test]
fn vci_4_1_1_18_an_offer_holds_no_personal_data_and_no_plus_for_a_space() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let claims = json!({ "family_name": "Sommer-Distinctive", "document_number": "DL-0042-8817" });
    let description = "Code from our letter";
    let offer = management.offer(&json!({
        "credentials": [daemon.configuration(MDL)],
        "claims": claims,
        "transactionCodeConfiguration": { "inputMode": "text", "description": description },
    }));
    let code = offer.tx_code.clone().unwrap();
    for shown in [offer.uri.clone(), offer.reference_uri.clone(), offer.object.to_string()] {
        // VCI-4.1.1-14: neither the claims nor the transaction code.
        for secret in ["Sommer-Distinctive", "DL-0042-8817", code.as_str()] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    assert!(offer.uri.contains("%20") && !offer.uri.contains('+'), "{}", offer.uri);
    assert!(offer.object.to_string().contains(description));
}

// VCI-4.1.1-09
#[test]
fn vci_4_1_1_09_codes_and_references_are_long_and_never_the_same() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let offer = management.offer(&json!({ "credentials": [daemon.configuration(MDL)] }));
        let reference = offer.reference_path();
        let reference = reference.split('/').nth(4).unwrap().to_owned();
        // 128 bits are 22 characters of base64url; the reference is not the id of the offer.
        assert!(offer.code.len() >= 22 && reference.len() >= 22);
        assert_ne!(reference, offer.id);
        assert!(seen.insert(offer.code) && seen.insert(reference));
    }
}

#[test]
fn the_state_of_an_offer_follows_what_the_wallet_does() {
    let daemon = Daemon::start();
    let (management, wallet, configuration) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let offer = management.offer_of(configuration, &mdl(&management.country()));
    let view = management.offer_view(&offer.id);
    assert_eq!(view["state"], "open");
    assert_eq!(view["credentials"], json!([configuration]));
    // VCI-4.2-01: being looked at changes nothing.
    wallet.get(&offer.reference_path()).expect(200);
    assert_eq!(management.offer_state(&offer.id), "open");
    let token = wallet.redeem(&offer);
    assert_eq!(management.offer_state(&offer.id), "redeemed");
    wallet.ask(&token, configuration, &[HolderKey::es256()]).expect(200);
    let view = management.offer_view(&offer.id);
    assert_eq!(view["state"], "issued");
    assert!(view["redeemedAt"].is_string() && view["issuedAt"].is_string());
    // Neither the code nor the claims are shown again.
    let shown = view.to_string();
    assert!(!shown.contains(&offer.code) && !shown.contains("Sommer"), "{shown}");
}

// SEC-TX-05
#[test]
fn sec_tx_05_a_transaction_code_is_shown_once() {
    let daemon = Daemon::start();
    let management = daemon.management();
    // Long and of letters, so that it is in no answer by chance.
    let code = json!({ "inputMode": "text", "length": 12 });
    let offer =
        management.offer(&json!({ "credentials": [daemon.configuration(MDL)], "transactionCodeConfiguration": code }));
    let tx_code = offer.tx_code.clone().unwrap();
    let shown = |answer: issuerd_tests::Answer| answer.expect(200).text().contains(&tx_code);
    assert!(!shown(management.get(&format!("{OFFERS}/{}", offer.id))));
    assert!(!shown(management.get(OFFERS)));
    assert!(!shown(daemon.wallet().get(&offer.reference_path())));
    assert!(!management.metrics().contains(&tx_code));
}

// VCI-4.1.1-07
#[test]
fn vci_4_1_1_07_an_offer_expires() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let offer = management.offer(&json!({ "credentials": [daemon.configuration(MDL)], "expiresIn": { "seconds": 1 } }));
    until("the offer's expiry", || (management.offer_state(&offer.id) == "expired").then_some(()));
    // VCI-6.3-01, SEC-CODE-03: as if the code had never been.
    let expired = wallet.token(&offer.code, None);
    let unknown = wallet.token("bm8tc3VjaC1jb2RlLW5vLXN1Y2gtY29kZS1uby1zdWNo", None);
    assert_eq!((expired.status, &expired.body), (unknown.status, &unknown.body));
    expired.expect_error(400, "invalid_grant");
    // VCI-4.1.3-04: the reference ends with the code.
    assert!(matches!(wallet.get(&offer.reference_path()).status, 404 | 410));
}

#[test]
fn a_deleted_offer_is_dead_and_so_is_its_token() {
    let daemon = Daemon::start();
    let (management, wallet, configuration) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let open = management.offer_of(configuration, &mdl(&management.country()));
    assert!(management.delete_offer(&open.id).expect(204).body.is_empty());
    wallet.token(&open.code, None).expect_error(400, "invalid_grant");
    assert!(matches!(wallet.get(&open.reference_path()).status, 404 | 410));
    let view = management.offer_view(&open.id);
    assert_eq!(view["state"], "deleted");
    assert!(view["endedAt"].is_string());
    // BRR-3.1-01, SEC-TOK-03: a token from it stops as well.
    let redeemed = management.offer_of(configuration, &mdl(&management.country()));
    let token = wallet.redeem(&redeemed);
    management.delete_offer(&redeemed.id).expect(204);
    wallet.ask(&token, configuration, &[HolderKey::es256()]).expect_error(401, "invalid_token");
}

#[test]
fn deleting_what_is_not_there_is_a_404_and_what_is_no_id_a_400() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for answer in [management.delete_offer(unknown), management.get(&format!("{OFFERS}/{unknown}"))] {
        let body = answer.expect(404).json();
        assert_eq!(body["code"], "NotFound");
        assert_eq!(body["details"][0]["location"], "params");
        assert_eq!(body["details"][0]["msg"], "Resource Not Found");
        assert_eq!(body["details"][0]["value"], unknown);
    }
    for answer in [management.delete_offer("nonsense"), management.get(&format!("{OFFERS}/nonsense"))] {
        assert_eq!(details(&answer)[0].0, "id");
    }
    let offer = management.offer(&json!({ "credentials": [daemon.configuration(MDL)] }));
    management.delete_offer(&offer.id).expect(204);
    management.delete_offer(&offer.id).expect(404);
}

#[test]
fn offers_are_listed_in_pages_and_filtered() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let club = management.create_configuration(&membership("org.example.club"));
    let mdl = daemon.configuration(MDL);
    let mut made: Vec<_> = (0..7).map(|_| management.offer(&json!({ "credentials": [mdl] })).id).collect();
    let other = management.offer_of(&club, &json!({ "name": "Mika" }));
    management.delete_offer(&made[0]).expect(204);
    made.push(other.id.clone());
    let ids = |offers: Vec<Value>| {
        let mut ids: Vec<_> = offers.iter().map(|offer| offer["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let all = ids(management.list(OFFERS));
    assert!(made.iter().all(|id| all.contains(id)));
    // Pages of two give the same, each offer once.
    assert_eq!(ids(management.list(&format!("{OFFERS}?limit=2"))), all);
    let first = management.get(&format!("{OFFERS}?limit=2")).expect(200).json();
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert_eq!(ids(management.list(&format!("{OFFERS}?state=deleted"))), [made[0].clone()]);
    assert_eq!(ids(management.list(&format!("{OFFERS}?configuration={club}"))), [other.id]);
    let both = management.list(&format!("{OFFERS}?configuration={club}&state=deleted&limit=1"));
    assert!(both.is_empty());
}

#[test]
fn mistakes_in_a_query_are_named() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("cursor=***", "cursor"),
        ("state=sleeping", "state"),
        ("configuration=nonsense", "configuration"),
    ] {
        let answer = management.get(&format!("{OFFERS}?{query}"));
        assert_eq!(details(&answer)[0].0, param, "{query}");
        assert_eq!(answer.json()["details"][0]["location"], "query");
    }
}

#[test]
fn an_authorization_code_offer_is_reusable_and_kept_nowhere() {
    let daemon = Daemon::start();
    let (management, configuration) = (daemon.management(), daemon.configuration(MDL));
    let before = management.list(OFFERS).len();
    let parameters = json!({ "login_hint": "user@example.com", "prompt": "login" });
    let body = json!({ "credentials": [configuration], "request_parameters": parameters });
    let answer = management.post(OFFERS, &body).expect(200).json();
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["uri"]);
    let object: Value = serde_json::from_str(&parameter(answer["uri"].as_str().unwrap(), "credential_offer")).unwrap();
    assert_eq!(object["credential_issuer"], daemon.ready.issuer);
    assert_eq!(object["credentials"], json!([configuration]));
    assert_eq!(object["credential_configuration_ids"], json!([configuration]));
    assert_eq!(object["request_parameters"], parameters);
    assert!(object.get("grants").is_none());
    assert_eq!(management.list(OFFERS).len(), before);
    for (body, param) in [
        (json!({}), "credentials"),
        (json!({ "credentials": ["00000000-0000-4000-8000-000000000000"] }), "credentials"),
        (json!({ "credentials": [configuration], "request_parameters": { "scope": "x" } }), "request_parameters.scope"),
    ] {
        assert_eq!(details(&management.post(OFFERS, &body))[0].0, param, "{body}");
    }
}

#[test]
fn thousands_of_offers_end_with_their_configuration() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let club = management.create_configuration(&membership("org.example.club"));
    let mut connection = issuerd_tests::Connection::open(management.address);
    let body = json!({ "credentials": [club], "claims": { "name": "Mika" } });
    let request = issuerd_tests::Request::new("POST", PRE_AUTHORIZED_OFFERS).json(&body).bearer(&management.token);
    let offers: Vec<_> = (0..2_000).map(|_| issuerd_tests::Offer::read(connection.send(&request))).collect();
    management.delete(&format!("{}/{club}", issuerd_tests::management::CONFIGURATIONS)).expect(204);
    for offer in offers.iter().step_by(97).chain(offers.last()) {
        assert_eq!(management.offer_state(&offer.id), "deleted");
        wallet.token(&offer.code, None).expect_error(400, "invalid_grant");
    }
    assert_eq!(management.list(&format!("{OFFERS}?configuration={club}&state=open&limit=1000")).len(), 0);
}
