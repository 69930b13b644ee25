//! Statuses while credentials are issued and revoked at the same time, by several operators.

use std::collections::{BTreeMap, BTreeSet};

use issuerd_tests::status::{RECORDS, REVOCATIONS, reference};
use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, Mdoc};
use serde_json::{Value, json};

/// Wallets that claim batches at the same time, batches of each, and copies of a batch.
const WALLETS: usize = 16;
const BATCHES: usize = 6;
const COPIES: usize = 4;

fn status(daemon: &Daemon, id: &str) -> String {
    let answer = daemon.management().get(&format!("{RECORDS}/{id}/status")).expect(200);
    answer.json()["status"].as_str().unwrap().to_owned()
}

/// Begins a bulk revocation of the configuration, and waits for its end.
fn revoke_all(daemon: &Daemon, configuration: &str) -> Value {
    let body = json!({ "filter": { "credentialConfigurationId": configuration }, "reason": "a race" });
    let begun = daemon.management().post(REVOCATIONS, &body).expect(202).json();
    let path = format!("{REVOCATIONS}/{}", begun["id"].as_str().unwrap());
    until("the revocation is done", || {
        let now = daemon.management().get(&path).expect(200).json();
        (now["state"] == "completed").then_some(now)
    })
}

/// Claims batches; every other credential is revoked by itself at once, by two operators.
fn claim(daemon: &Daemon, configuration: &str) -> Vec<(Mdoc, String)> {
    let mut all = Vec::new();
    for _ in 0..BATCHES {
        let issued = daemon.issue(configuration, COPIES);
        for (_, id) in issued.iter().step_by(2) {
            for _ in 0..2 {
                daemon.set_status(id, "invalid").expect(201);
            }
        }
        all.extend(issued);
    }
    all
}

// VCI-13.7-01, SEC-STAT-01, ARF-VCR-02
#[test]
fn what_is_issued_and_revoked_at_the_same_time_has_one_place_and_one_status() {
    let daemon = Daemon::start();
    // Small lists, so that several are opened and filled meanwhile.
    let small = json!({
        "docType": "org.example.card", "timeToLiveDuration": { "hours": 1 }, "expiryDuration": { "days": 1 }, "listSize": 100,
    });
    daemon.management().post("/v2/credentials/mobile/status-lists/configurations", &small).expect(201);
    let configuration = daemon.revocable("org.example.card");
    let (daemon, configuration) = (&daemon, configuration.as_str());
    let (issued, jobs) = std::thread::scope(|scope| {
        let wallets: Vec<_> = (0..WALLETS).map(|_| scope.spawn(move || claim(daemon, configuration))).collect();
        let operators: Vec<_> =
            (0..2).map(|_| scope.spawn(move || (0..3).map(|_| revoke_all(daemon, configuration)).collect())).collect();
        let issued: Vec<_> = wallets.into_iter().flat_map(|wallet| wallet.join().unwrap()).collect();
        let jobs: Vec<Vec<Value>> = operators.into_iter().map(|operator| operator.join().unwrap()).collect();
        (issued, jobs.concat())
    });
    assert_eq!((issued.len(), jobs.len()), (WALLETS * BATCHES * COPIES, 6));
    let places: BTreeSet<_> = issued.iter().map(|(mdoc, _)| reference(mdoc)).collect();
    assert_eq!(places.len(), issued.len(), "no place is given twice");
    assert!(places.iter().map(|(uri, _)| uri).collect::<BTreeSet<_>>().len() >= 4);
    for (_, id) in issued.iter().step_by(2) {
        assert_eq!(status(daemon, id), "invalid");
        daemon.set_status(id, "valid").expect(409);
    }
    // Nobody counts a revocation that somebody else made.
    let by_jobs: u64 = jobs.iter().map(|job| job["revoked"].as_u64().unwrap()).sum();
    let invalid = issued.iter().filter(|(_, id)| status(daemon, id) == "invalid").count();
    assert!(by_jobs <= invalid as u64, "{by_jobs} of {invalid}");
    // A list says of each what the record says.
    let lists = until("what changed last is published", || {
        let uris: BTreeSet<_> = places.iter().map(|(uri, _)| uri.clone()).collect();
        let lists: BTreeMap<_, _> = uris.into_iter().map(|uri| (uri.clone(), daemon.status_list(&uri))).collect();
        let at = |mdoc: &Mdoc| {
            let (uri, index) = reference(mdoc);
            lists[&uri].at(index)
        };
        let agrees = |(mdoc, id): &(Mdoc, String)| at(mdoc) == u8::from(status(daemon, id) == "invalid");
        issued.iter().all(agrees).then_some(lists)
    });
    let revoked: usize = lists.values().map(|list| (0..100).filter(|index| list.at(*index) == 1).count()).sum();
    assert_eq!(revoked, invalid, "and of nobody else");
    let last = revoke_all(daemon, configuration);
    assert_eq!(last["revoked"], json!(issued.len() - invalid));
    assert!(issued.iter().all(|(_, id)| status(daemon, id) == "invalid"));
}
