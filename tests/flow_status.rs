//! A credential can be revoked: its status is set, the list tells verifiers, and what is kept of it.

use std::collections::BTreeSet;

use issuerd_tests::cbor::text;
use issuerd_tests::configurations::membership;
use issuerd_tests::management::details;
use issuerd_tests::prometheus::{event, samples};
use issuerd_tests::status::{RECORDS, STATUS_LISTS, reference};
use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, Management, Request};
use serde_json::json;

// TSL-6.3-01, TSL-13.1-01, TSL-13.1-03, MDC-MSO-17
#[test]
fn tsl_13_1_01_a_revocation_is_public_at_once_and_touches_nobody_else() {
    let daemon = Daemon::start();
    let configuration = daemon.revocable("org.example.card");
    let issued = daemon.issue(&configuration, 3);
    let iaca = daemon.management().iaca();
    for (mdoc, _) in &issued {
        mdoc.verify(&iaca);
        let list = daemon.until_published(mdoc, 0);
        assert_eq!((list.bits, list.entries.len()), (1, 125_000));
        // TSL-13.3-01
        assert!(list.entries.iter().all(|byte| *byte == 0));
    }
    let (mdoc, id) = &issued[1];
    let answer = daemon.set_status(id, "invalid").expect(201);
    assert_eq!(answer.json(), json!({ "status": "invalid" }));
    let list = daemon.until_published(mdoc, 1);
    let set: u32 = list.entries.iter().map(|byte| byte.count_ones()).sum();
    assert_eq!(set, 1);
    let jwt = until("both forms say it", || {
        Some(daemon.status_list_jwt(&list.uri)).filter(|jwt| jwt.entries == list.entries)
    });
    assert_eq!(jwt, list);
    let shown = daemon.management().get(&format!("{RECORDS}/{id}")).expect(200).json();
    assert_eq!((&shown["status"], &shown["statusListIndex"]), (&json!("invalid"), &json!(reference(mdoc).1)));
    let metrics = daemon.management().metrics();
    assert_eq!(event(&metrics, "MOBILE_CREDENTIAL_STATUS_SET_SUCCESS"), 1);
    assert!(event(&metrics, "MOBILE_CREDENTIAL_STATUS_LIST_SIGN_SUCCESS") >= 2);
    assert_eq!(samples(&metrics)["issuerd_status_changes_total{status=\"invalid\"}"].to_string(), "1");
    assert_eq!(samples(&metrics)["issuerd_status_lists{state=\"open\"}"].to_string(), "1");
}

// TSL-13.2-01, TSL-12.5-01, TSL-12.5-02, SEC-STAT-01
#[test]
fn tsl_13_2_01_each_copy_has_a_place_of_its_own_in_a_shared_list() {
    let daemon = Daemon::start();
    let configuration = daemon.revocable("org.example.card");
    let all: Vec<_> = (0..4).flat_map(|_| daemon.issue(&configuration, 20)).map(|(mdoc, _)| reference(&mdoc)).collect();
    let places: BTreeSet<_> = all.iter().collect();
    assert_eq!(places.len(), 80);
    assert_eq!(all.iter().map(|(uri, _)| uri).collect::<BTreeSet<_>>().len(), 1);
    let indices: Vec<_> = all.iter().map(|(_, index)| *index).collect();
    let steps: BTreeSet<_> = indices.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    assert!(!indices.is_sorted() && steps.len() > 70, "{indices:?}");
}

// MDC-MSO-18
#[test]
fn mdc_mso_18_without_include_status_there_is_none_and_none_to_set() {
    let daemon = Daemon::start();
    let configuration = daemon.management().create_configuration(&membership("org.example.club"));
    let (mdoc, id) = daemon.issue(&configuration, 1).remove(0);
    assert!(!issuerd_tests::cbor::members(&mdoc.mso).iter().any(|(name, _)| *name == "status"));
    assert_eq!(text(mdoc.mso("docType")), "org.example.club");
    let refused = daemon.set_status(&id, "invalid").expect(400).json();
    assert!(refused["message"].as_str().unwrap().contains("includeStatus"), "{refused}");
    daemon.management().get(&format!("{RECORDS}/{id}/status")).expect(404);
    assert!(daemon.management().list(STATUS_LISTS).is_empty());
}

// TSL-7.1-02, TSL-7.1-03
#[test]
fn tsl_7_1_02_a_revocation_is_final_and_a_suspension_needs_a_list_of_two_bits() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let two = json!({ "docType": "org.example.card", "timeToLiveDuration": {"minutes": 5}, "expiryDuration": {"days": 1}, "bits": 2 });
    management.post(&format!("{STATUS_LISTS}/configurations"), &two).expect(201);
    let (mdoc, id) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    for (status, number) in [("suspended", 2), ("valid", 0), ("invalid", 1)] {
        daemon.set_status(&id, status).expect(201);
        let list = daemon.until_published(&mdoc, number);
        assert_eq!((list.bits, list.times[2]), (2, 300));
    }
    let refused = daemon.set_status(&id, "valid").expect(409).json();
    assert_eq!(refused["code"], "Conflict");
    daemon.set_status(&id, "invalid").expect(201);
    let (_, rigid) = daemon.issue(&daemon.revocable("org.example.other"), 1).remove(0);
    assert_eq!(details(&daemon.set_status(&rigid, "suspended"))[0].0, "status");
}

#[test]
fn what_cannot_be_set_is_named() {
    let daemon = Daemon::start();
    let (_, id) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    for body in [json!({}), json!({ "status": "revoked" }), json!({ "status": 0 }), json!({ "status": "INVALID" })] {
        let answer = daemon.management().post(&format!("{RECORDS}/{id}/status"), &body);
        assert_eq!(details(&answer)[0].0, "status", "{body}");
    }
    daemon.set_status("11111111-2222-3333-4444-555555555555", "invalid").expect(404);
    assert_eq!(details(&daemon.set_status("mine", "invalid"))[0].0, "credentialId");
    let stranger = Management::new(daemon.ready.management, "no token");
    stranger.post(&format!("{RECORDS}/{id}/status"), &json!({ "status": "invalid" })).expect(401);
    let status = daemon.management().get(&format!("{RECORDS}/{id}/status")).expect(200).json();
    assert_eq!(status, json!({ "status": "valid" }));
    // OPS-03: nothing of it is on the public listener.
    daemon.wallet().get(&format!("{RECORDS}/{id}/status")).expect(404);
    daemon.wallet().get(RECORDS).expect(404);
}

// TSL-13.1-04, VCI-15.3-01
#[test]
fn records_are_listed_filtered_and_deleted_and_have_no_claim_in_them() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let (card, club) = (daemon.revocable("org.example.card"), daemon.revocable("org.example.club"));
    let cards = daemon.issue(&card, 3);
    let clubs = daemon.issue(&club, 2);
    daemon.set_status(&cards[0].1, "invalid").expect(201);
    let ids = |query: &str| {
        let all = management.list(&format!("{RECORDS}?{query}"));
        all.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let of =
        |issued: &[(issuerd_tests::Mdoc, String)]| issued.iter().map(|(_, id)| id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids("limit=2").len(), 5);
    assert_eq!(ids("type=org.example.club"), of(&clubs));
    assert_eq!(ids(&format!("credentialConfigurationId={card}&limit=1")), of(&cards));
    assert_eq!(ids("status=invalid"), of(&cards[..1]));
    assert_eq!(ids("status=valid&type=org.example.card"), of(&cards[1..]));
    assert!(ids("issuedBefore=2020-01-01T00:00:00Z").is_empty());
    assert_eq!(ids("issuedFrom=2020-01-01T00:00:00Z").len(), 5);
    let record = management.get(&format!("{RECORDS}/{}", cards[0].1)).expect(200);
    assert!(!record.text().contains("Mika") && !record.text().contains("Rowing"), "{}", record.text());
    let record = record.json();
    let user = record["userId"].as_str().unwrap();
    assert_eq!(ids(&format!("userId={user}")), of(&cards));
    let listed = management.list(&format!("/v1/users/{user}/credentials"));
    assert!(listed.contains(&record), "{record}");
    for (query, param) in
        [("status=revoked", "status"), ("userId=x", "userId"), ("issuedFrom=x", "issuedFrom"), ("limit=0", "limit")]
    {
        assert_eq!(details(&management.get(&format!("{RECORDS}?{query}")))[0].0, param);
    }
    management.delete(&format!("{RECORDS}/{}", cards[0].1)).expect(204);
    management.delete(&format!("{RECORDS}/{}", cards[0].1)).expect(404);
    management.get(&format!("{RECORDS}/{}", cards[0].1)).expect(404);
    daemon.set_status(&cards[0].1, "valid").expect(404);
    assert_eq!(ids(&format!("userId={user}")), of(&cards[1..]));
    // What was revoked stays so.
    daemon.until_published(&cards[0].0, 1);
}

// TSL-13.3-02, OPS-06
#[test]
fn a_kill_forgets_no_revocation_and_gives_no_place_again() {
    let mut daemon = Daemon::start();
    let configuration = daemon.revocable("org.example.card");
    let mut places = BTreeSet::new();
    let mut revoked = Vec::new();
    for _ in 0..4 {
        let issued = daemon.issue(&configuration, 5);
        daemon.set_status(&issued[0].1, "invalid").expect(201);
        places.extend(issued.iter().map(|(mdoc, _)| reference(mdoc)));
        revoked.extend(issued.into_iter().take(1));
        daemon = daemon.kill_and_restart();
    }
    assert_eq!(places.len(), 20);
    for (mdoc, _) in &revoked {
        let list = daemon.until_published(mdoc, 1);
        let set: u32 = list.entries.iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(set, 4);
    }
}

// A revocation while copies are being issued: each is either known and revoked, or not yet there.
#[test]
fn revoking_while_issuing_loses_neither() {
    let daemon = Daemon::start();
    let configuration = daemon.revocable("org.example.card");
    let management = daemon.management();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (daemon, configuration, done) = (&daemon, &configuration, &done);
        let issuing: Vec<_> = (0..3)
            .map(|_| scope.spawn(move || (0..8).flat_map(|_| daemon.issue(configuration, 2)).collect::<Vec<_>>()))
            .collect();
        let revoking = scope.spawn(move || {
            let mut revoked = BTreeSet::new();
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                for record in daemon.management().list(&format!("{RECORDS}?status=valid")) {
                    let id = record["id"].as_str().unwrap().to_owned();
                    daemon.set_status(&id, "invalid").expect(201);
                    revoked.insert(id);
                }
            }
            revoked
        });
        let issued: Vec<_> = issuing.into_iter().flat_map(|one| one.join().expect("a wallet")).collect();
        until("all are revoked", || management.list(&format!("{RECORDS}?status=valid")).is_empty().then_some(()));
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        let revoked = revoking.join().expect("an operator");
        assert_eq!(revoked.len(), issued.len());
        for (mdoc, id) in &issued {
            assert!(revoked.contains(id));
            daemon.until_published(mdoc, 1);
        }
    });
}

// CRT-CRL-04, SEC-ROLL-01: a revoked signer is replaced at once, and so is what it signed.
#[test]
fn status_list_signers_of_a_managed_iaca_are_seen_and_revoked() {
    const SIGNERS: &str = "/v2/credentials/mobile/status-list-signers";
    let daemon = Daemon::start();
    let management = daemon.management();
    let signers = management.list(SIGNERS);
    assert_eq!(signers.len(), 1);
    let one = format!("{SIGNERS}/{}", signers[0]["id"].as_str().unwrap());
    assert_eq!(management.get(&one).expect(200).json(), signers[0]);
    assert_eq!(details(&management.delete(&one))[0].0, "statusListSignerId");
    let iaca = management.list(issuerd_tests::management::IACAS)[0]["id"].clone();
    assert_eq!(details(&management.post(SIGNERS, &json!({ "iacaId": iaca })))[0].0, "iacaId");
    let (mdoc, _) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    let before = daemon.until_published(&mdoc, 0);
    let answer = management.send(Request::post(&format!("{one}/revoke"))).expect(200).json();
    assert_eq!(answer["revoked"], true);
    assert_eq!(management.list(SIGNERS).len(), 2);
    until("the list is signed by the successor", || {
        (daemon.status_list(&before.uri).signer != before.signer).then_some(())
    });
}
