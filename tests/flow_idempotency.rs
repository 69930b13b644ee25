//! `Idempotency-Key` on the creation of an offer.

use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{CONFIGURATIONS, Management, OFFERS, PRE_AUTHORIZED_OFFERS, details};
use issuerd_tests::{Answer, Daemon, Offer, Request};
use serde_json::{Value, json};

#[track_caller]
fn create(management: &Management, key: &str, body: &Value) -> Answer {
    management.send(Request::new("POST", PRE_AUTHORIZED_OFFERS).json(body).header("Idempotency-Key", key))
}

// SEC-ADMIN-02
#[test]
fn sec_admin_02_a_retry_returns_the_same_offer() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "credentials": [daemon.configuration(MDL)], "transactionCodeConfiguration": { "inputMode": "numeric" } });
    let before = management.list(OFFERS).len();
    let first = Offer::read(create(&management, "order-17", &body));
    let retry = Offer::read(create(&management, "order-17", &body));
    assert_eq!(first.response, retry.response);
    assert_eq!(management.list(OFFERS).len(), before + 1);
    // Another key makes another offer.
    let other = Offer::read(create(&management, "order-18", &body));
    assert_ne!(other.id, first.id);
    assert_eq!(management.list(OFFERS).len(), before + 2);
}

#[test]
fn a_key_is_not_used_for_two_requests() {
    let daemon = Daemon::start();
    let (management, mdl) = (daemon.management(), daemon.configuration(MDL));
    create(&management, "order-17", &json!({ "credentials": [mdl] })).expect(200);
    let other = create(&management, "order-17", &json!({ "credentials": [mdl], "claims": { "given_name": "Mika" } }));
    assert_eq!(other.expect(409).json()["code"], "Conflict");
}

#[test]
fn a_retry_after_the_offer_was_used_does_not_show_its_code_again() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "credentials": [daemon.configuration(MDL)] });
    let offer = Offer::read(create(&management, "order-17", &body));
    management.delete_offer(&offer.id).expect(204);
    let answer = create(&management, "order-17", &body).expect(409);
    assert!(!answer.text().contains(&offer.code));
}

// SEC-ADMIN-02: the same request gets the same answer, whatever was configured meanwhile.
#[test]
fn sec_admin_02_a_retry_is_not_held_against_a_changed_configuration() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = management.create_configuration(&membership("org.example.club"));
    let body = json!({ "credentials": [id], "claims": { "name": "Mika" } });
    let first = Offer::read(create(&management, "order-17", &body));
    // What was offered would not be accepted any more.
    let mut stricter = membership("org.example.club");
    stricter["claimMappings"]["org.example.membership"]["number"] =
        json!({ "mapFrom": "claims.number", "type": "string", "required": true });
    management.put(&format!("{CONFIGURATIONS}/{id}"), &stricter).expect(200);
    create(&management, "order-18", &body).expect(400);
    assert_eq!(Offer::read(create(&management, "order-17", &body)).response, first.response);
    // The offer ends with its configuration, and the retry says so.
    management.delete(&format!("{CONFIGURATIONS}/{id}")).expect(204);
    create(&management, "order-18", &body).expect(400);
    let ended = create(&management, "order-17", &body).expect(409);
    assert!(ended.text().contains("has ended") && !ended.text().contains(&first.code), "{}", ended.text());
    // And what is another request stays one, however it reads.
    create(&management, "order-17", &json!({ "credentials": [] })).expect(409);
}

#[test]
fn a_refused_request_does_not_take_the_key() {
    let daemon = Daemon::start();
    let (management, mdl) = (daemon.management(), daemon.configuration(MDL));
    create(&management, "order-17", &json!({ "credentials": [] })).expect(400);
    create(&management, "order-17", &json!({ "credentials": [mdl] })).expect(200);
}

#[test]
fn a_key_has_1_to_255_characters() {
    let daemon = Daemon::start();
    let (management, body) = (daemon.management(), json!({ "credentials": [daemon.configuration(MDL)] }));
    for key in [String::new(), "k".repeat(256)] {
        let answer = create(&management, &key, &body);
        assert_eq!(details(&answer)[0].0, "Idempotency-Key");
        assert_eq!(answer.json()["details"][0]["location"], "headers");
    }
    create(&management, &"k".repeat(255), &body).expect(200);
}

#[test]
fn concurrent_retries_make_one_offer() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "credentials": [daemon.configuration(MDL)] });
    let before = management.list(OFFERS).len();
    let ids: std::collections::BTreeSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..20).map(|_| scope.spawn(|| Offer::read(create(&management, "order-17", &body)).id)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(management.list(OFFERS).len(), before + 1);
}
