//! Many credentials are revoked at once.

use std::collections::BTreeSet;

use issuerd_tests::management::details;
use issuerd_tests::prometheus::{event, samples};
use issuerd_tests::status::{RECORDS, REVOCATIONS};
use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, Management};
use serde_json::{Value, json};

fn begin(daemon: &Daemon, filter: &Value) -> String {
    let body = json!({ "filter": filter, "reason": "the wallet was compromised" });
    daemon.management().post(REVOCATIONS, &body).expect(202).json()["id"].as_str().unwrap().to_owned()
}

fn done(daemon: &Daemon, id: &str) -> Value {
    until("the revocation is done", || {
        let now = daemon.management().get(&format!("{REVOCATIONS}/{id}")).expect(200).json();
        (now["state"] == "completed").then_some(now)
    })
}

fn valid(daemon: &Daemon) -> BTreeSet<String> {
    let all = daemon.management().list(&format!("{RECORDS}?status=valid"));
    all.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

// VCI-13.7-01, ARF-VCR-02, TSL-13.1-02
#[test]
fn vci_13_7_01_a_person_an_offer_a_key_or_a_signer_is_revoked_with_all_copies() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let (card, club) = (daemon.revocable("org.example.card"), daemon.revocable("org.example.club"));
    let (first, second) = (daemon.issue(&card, 4), daemon.issue(&card, 2));
    let clubs = daemon.issue(&club, 2);
    let record = management.get(&format!("{RECORDS}/{}", first[0].1)).expect(200).json();
    let criteria = json!({
        "userId": record["userId"], "offerId": record["offerId"], "credentialConfigurationId": card,
        "documentSignerId": record["documentSignerId"], "issuedFrom": "2020-01-01T00:00:00Z",
    });
    // A dry run counts and changes nothing.
    for (name, expected) in
        [("userId", 4), ("offerId", 4), ("credentialConfigurationId", 6), ("documentSignerId", 8), ("issuedFrom", 8)]
    {
        let body = json!({ "filter": { name: criteria[name] }, "dryRun": true });
        let answer = management.post(REVOCATIONS, &body).expect(200).json();
        assert_eq!(answer["expected"], json!({ "matched": expected, "alreadyRevoked": 0 }), "{name}");
    }
    assert_eq!(valid(&daemon).len(), 8);
    assert!(management.list(REVOCATIONS).is_empty());
    let key = json!({ "keyThumbprint": record["devicePublicKeyThumbprint"] });
    let one = done(&daemon, &begin(&daemon, &key));
    assert_eq!((&one["revoked"], &one["filter"]), (&json!(1), &key));
    let user = done(&daemon, &begin(&daemon, &json!({ "userId": record["userId"] })));
    assert_eq!((&user["revoked"], &user["alreadyRevoked"]), (&json!(3), &json!(1)));
    assert_eq!(user["expected"], json!({ "matched": 4, "alreadyRevoked": 1 }));
    for (mdoc, _) in &first {
        daemon.until_published(mdoc, 1);
    }
    for (mdoc, id) in second.iter().chain(&clubs) {
        assert!(valid(&daemon).contains(id));
        daemon.until_published(mdoc, 0);
    }
    let all = done(&daemon, &begin(&daemon, &json!({ "issuedFrom": "2020-01-01T00:00:00Z" })));
    assert_eq!(all["revoked"], json!(4));
    assert!(valid(&daemon).is_empty());
    // The audit: who, when, why, how many.
    let kept = management.list(REVOCATIONS);
    assert_eq!(kept.len(), 3);
    for one in &kept {
        assert_eq!(one["requestedBy"], daemon.ready.line["client_id"]);
        assert_eq!(one["reason"], "the wallet was compromised");
        assert!(one["createdAt"].is_string() && one["completedAt"].is_string());
    }
    let shown = management.get(&format!("{RECORDS}/{}", second[0].1)).expect(200).json();
    assert_eq!(shown["statusReason"], "the wallet was compromised");
    let metrics = management.metrics();
    assert_eq!(samples(&metrics)["issuerd_status_changes_total{status=\"invalid\"}"].to_string(), "8");
    assert_eq!(event(&metrics, "CREDENTIAL_REVOCATION_RUN_SUCCESS"), 3);
}

#[test]
fn wrong_requests_are_named_and_begin_nothing() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (body, param) in [
        (json!({}), "filter"),
        (json!({ "filter": {} }), "filter"),
        (json!({ "filter": { "offerId": 5 } }), "filter.offerId"),
        (json!({ "filter": { "offer": "x" } }), "filter.offer"),
        (json!({ "filter": { "clientId": "x" }, "reason": 5 }), "reason"),
    ] {
        let found = details(&management.post(REVOCATIONS, &body));
        assert!(found.iter().any(|(name, _)| name == param), "{body}: {found:?}");
    }
    assert!(management.list(REVOCATIONS).is_empty());
    management.get(&format!("{REVOCATIONS}/11111111-2222-3333-4444-555555555555")).expect(404);
    let stranger = Management::new(daemon.ready.management, "no token");
    stranger.post(REVOCATIONS, &json!({ "filter": { "clientId": "x" } })).expect(401);
    daemon.wallet().get(REVOCATIONS).expect(404);
}

// OPS-06: begun is done, whatever comes in between.
#[test]
fn a_revocation_that_was_answered_is_carried_out_after_a_kill() {
    let mut daemon = Daemon::start();
    let configuration = daemon.revocable("org.example.card");
    let issued = daemon.issue(&configuration, 20);
    for round in 0..3 {
        let more = daemon.issue(&configuration, 10);
        let id = begin(&daemon, &json!({ "credentialConfigurationId": configuration }));
        daemon = daemon.kill_and_restart();
        let now = done(&daemon, &id);
        let (revoked, already) = (now["revoked"].as_u64().unwrap(), now["alreadyRevoked"].as_u64().unwrap());
        assert_eq!(revoked + already, 30 + 10 * round, "{now}");
        assert!(valid(&daemon).is_empty());
        for (mdoc, _) in issued.iter().chain(&more).step_by(7) {
            daemon.until_published(mdoc, 1);
        }
    }
}
