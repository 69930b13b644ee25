//! What a request for an offer may not say. Nothing is stored of a refused one.

use issuerd_tests::Daemon;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::management::{CONFIGURATIONS, Management, OFFERS, PRE_AUTHORIZED_OFFERS, details};
use serde_json::{Value, json};

#[track_caller]
fn refused(management: &Management, body: &Value) -> Vec<(String, String)> {
    details(&management.post(PRE_AUTHORIZED_OFFERS, body))
}

// VCI-4.1.1-03
#[test]
fn vci_4_1_1_03_every_mistake_is_named_and_nothing_is_stored() {
    let daemon = Daemon::start();
    let (management, mdl) = (daemon.management(), daemon.configuration(MDL));
    let before = management.list(OFFERS).len();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let long = "x".repeat(301);
    for (body, param) in [
        (json!({}), "credentials"),
        (json!({ "credentials": [] }), "credentials"),
        (json!({ "credentials": "all" }), "credentials"),
        (json!({ "credentials": null }), "credentials"),
        (json!({ "credentials": [7] }), "credentials"),
        (json!({ "credentials": ["nonsense"] }), "credentials"),
        (json!({ "credentials": [unknown] }), "credentials"),
        (json!({ "credentials": [mdl, mdl] }), "credentials"),
        (json!({ "credentials": [mdl], "userId": "me" }), "userId"),
        (json!({ "credentials": [mdl], "userId": null }), "userId"),
        (json!({ "credentials": [mdl], "claims": [] }), "claims"),
        (json!({ "credentials": [mdl], "claims": "Mika" }), "claims"),
        (json!({ "credentials": [mdl], "claims": { "a": "x".repeat(200_000) } }), "claims"),
        (json!({ "credentials": [mdl], "claimsToPersist": ["a"] }), "claimsToPersist"),
        (json!({ "credentials": [mdl], "claimsToPersist": [1] }), "claimsToPersist"),
        (json!({ "credentials": [mdl], "expiresIn": {} }), "expiresIn"),
        (json!({ "credentials": [mdl], "expiresIn": 300 }), "expiresIn"),
        (json!({ "credentials": [mdl], "expiresIn": { "minutes": 1_441 } }), "expiresIn"),
        (json!({ "credentials": [mdl], "expiresIn": { "minutes": 1_440, "seconds": 1 } }), "expiresIn"),
        (json!({ "credentials": [mdl], "expiresIn": { "minutes": -1 } }), "expiresIn.minutes"),
        (json!({ "credentials": [mdl], "expiresIn": { "seconds": 0.5 } }), "expiresIn.seconds"),
        (json!({ "credentials": [mdl], "expiresIn": { "hours": 1 } }), "expiresIn.hours"),
        (json!({ "credentials": [mdl], "transactionCodeConfiguration": {} }), "transactionCodeConfiguration.inputMode"),
        (tx_code(mdl, &json!({ "inputMode": "Numeric" })), "transactionCodeConfiguration.inputMode"),
        (tx_code(mdl, &json!({ "inputMode": 6 })), "transactionCodeConfiguration.inputMode"),
        (tx_code(mdl, &json!({ "inputMode": "numeric", "length": 3 })), "transactionCodeConfiguration.length"),
        (tx_code(mdl, &json!({ "inputMode": "numeric", "length": 13 })), "transactionCodeConfiguration.length"),
        (tx_code(mdl, &json!({ "inputMode": "numeric", "code": "123456" })), "transactionCodeConfiguration.code"),
        // VCI-4.1.1-13
        (
            tx_code(mdl, &json!({ "inputMode": "numeric", "description": long })),
            "transactionCodeConfiguration.description",
        ),
        (json!({ "credentials": [mdl], "claim": {} }), "claim"),
    ] {
        let details = refused(&management, &body);
        assert_eq!(details[0].0, param, "{body}: {details:?}");
    }
    assert_eq!(management.list(OFFERS).len(), before);
}

fn tx_code(configuration: &str, spec: &Value) -> Value {
    json!({ "credentials": [configuration], "transactionCodeConfiguration": spec })
}

#[test]
fn several_mistakes_are_told_at_once_with_a_hint() {
    let daemon = Daemon::start();
    let body = json!({ "credential": [], "userId": 1, "expiresIn": { "minuts": 1 } });
    let details = refused(&daemon.management(), &body);
    let params: Vec<_> = details.iter().map(|(param, _)| param.as_str()).collect();
    for param in ["credentials", "userId", "expiresIn.minuts", "credential"] {
        assert!(params.contains(&param), "{param} in {details:?}");
    }
    assert!(details.iter().any(|(_, msg)| msg.contains("did you mean credentials?")), "{details:?}");
}

#[test]
fn unknown_configurations_are_echoed_by_id() {
    let daemon = Daemon::start();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let answer = daemon.management().post(PRE_AUTHORIZED_OFFERS, &json!({ "credentials": [unknown] }));
    let detail = answer.expect(400).json()["details"][0].clone();
    assert_eq!(
        detail,
        json!({ "location": "body", "param": "credentials", "msg": "Resource Not Found", "value": unknown })
    );
}

#[test]
fn the_longest_life_is_raised_by_the_configuration() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_PRE_AUTHORIZED_MAX_EXPIRES_IN", "604800"));
    let (management, mdl) = (daemon.management(), daemon.configuration(MDL));
    let week = json!({ "credentials": [mdl], "expiresIn": { "minutes": 10_080 } });
    let offer = management.offer(&week);
    let view = management.offer_view(&offer.id);
    let time = |name: &str| view[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(time("expiresAt") - time("createdAt"), 604_800);
    let longer = json!({ "credentials": [mdl], "expiresIn": { "minutes": 10_080, "seconds": 1 } });
    assert_eq!(refused(&management, &longer)[0].0, "expiresIn");
}

// SEC-ADMIN-01
#[test]
fn sec_admin_01_claims_that_make_no_credential_make_no_offer() {
    let daemon = Daemon::start();
    let (management, mdl) = (daemon.management(), daemon.configuration(MDL));
    // `dev` fills in for missing claims; this one does not.
    let strict = issuerd_tests::configurations::mdl(MDL);
    management.put(&format!("{CONFIGURATIONS}/{mdl}"), &strict).expect(200);
    let good = issuerd_tests::claims::mdl(&management.country());
    let before = management.list(OFFERS).len();
    // MDL-20, MDL-21, MDL-03, MDL-06, MDL-08, MDL-09
    for (name, value) in [
        ("document_number", Value::Null),
        ("document_number", json!("")),
        ("document_number", json!("x".repeat(151))),
        ("birth_date", json!("2023-02-30")),
        ("birth_date", json!("29.02.1984")),
        ("family_name", json!("Соммер")),
        ("family_name", json!("Som\u{0}mer")),
        ("issuing_country", json!("YY")),
        ("issuing_country", json!("utopia")),
        ("portrait", json!("bm90IGFuIGltYWdl")),
        ("portrait", json!("***")),
        ("driving_privileges", json!("B")),
        ("driving_privileges", json!([{ "category": "B" }])),
        ("driving_privileges", json!([{ "vehicle_category_code": "B", "codes": ["01"] }])),
    ] {
        let mut claims = good.clone();
        claims[name] = value.clone();
        let answer = management.post(PRE_AUTHORIZED_OFFERS, &json!({ "credentials": [mdl], "claims": claims }));
        assert_eq!(details(&answer)[0].0, format!("claims.{name}"), "{name}: {value}");
        // The mistake is told without the values of the others.
        assert!(!answer.text().contains("DL-0042"), "{}", answer.text());
    }
    assert_eq!(management.list(OFFERS).len(), before);
    management.offer(&json!({ "credentials": [mdl], "claims": good }));
}

// SEC-ADMIN-01
#[test]
fn sec_admin_01_claims_that_leave_no_time_or_no_element_make_no_offer() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({
        "type": "org.example.pass",
        "expiresIn": { "days": 30 },
        "validFrom": { "mapFrom": "claims.from" },
        "validUntil": { "mapFrom": "claims.until" },
        "claimMappings": { "org.example.pass": { "name": { "mapFrom": "claims.name", "type": "string" } } },
    });
    let pass = management.create_configuration(&body);
    let ask =
        |claims: &Value| management.post(PRE_AUTHORIZED_OFFERS, &json!({ "credentials": [pass], "claims": claims }));
    for (claims, param) in [
        (json!({ "name": "Mika", "until": "2020-01-01" }), "claims.until"),
        (json!({ "name": "Mika", "until": "some day" }), "claims.until"),
        (json!({ "name": "Mika", "until": 4 }), "claims.until"),
        (json!({ "name": "Mika", "from": "2026-02-30" }), "claims.from"),
        (json!({ "name": "Mika", "from": "2100-01-01", "until": "2099-01-01" }), "claims.until"),
        (json!({}), "claims"),
    ] {
        assert_eq!(details(&ask(&claims))[0].0, param, "{claims}");
    }
    ask(&json!({ "name": "Mika", "until": "2100-01-01" })).expect(200);
}
