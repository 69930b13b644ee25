//! The daemon is killed while many credentials are revoked.

use issuerd_tests::Daemon;
use issuerd_tests::daemon::Options;
use issuerd_tests::status::{RECORDS, REVOCATIONS};
use issuerd_tests::wait::until;
use serde_json::{Value, json};

/// Credentials: several steps of a job, of a thousand each.
const BATCHES: usize = 150;
const COPIES: usize = 20;

fn jobs(daemon: &Daemon) -> Vec<Value> {
    daemon.management().list(REVOCATIONS)
}

fn valid(daemon: &Daemon) -> usize {
    daemon.management().list(&format!("{RECORDS}?status=valid&limit=1000")).len()
}

// OPS-06: what was answered is carried out to its end, each credential counted once, whenever the daemon is killed.
#[test]
fn a_job_goes_on_where_it_was_whenever_the_daemon_is_killed() {
    let mut daemon = Daemon::with(Options { release: true, ..Options::default() });
    let configuration = daemon.revocable("org.example.card");
    for _ in 0..BATCHES {
        daemon.issue(&configuration, COPIES);
    }
    let all = BATCHES * COPIES;
    assert_eq!(valid(&daemon), all);
    let body = json!({ "filter": { "credentialConfigurationId": configuration }, "reason": "a crash" });
    let begun = daemon.management().post(REVOCATIONS, &body).expect(202).json();
    let mut examined = 0;
    for round in 0..4 {
        // Sometimes at once, sometimes after a step.
        let seen = |daemon: &Daemon| jobs(daemon)[0]["examined"].as_u64().unwrap();
        if round % 2 == 1 {
            until("a step", || (seen(&daemon) > examined || jobs(&daemon)[0]["state"] == "completed").then_some(()));
        }
        examined = seen(&daemon);
        daemon = daemon.kill_and_restart();
        assert!(seen(&daemon) >= examined, "what was done stays done");
    }
    let done = until("the job is done", || jobs(&daemon).into_iter().find(|job| job["state"] == "completed"));
    assert_eq!((&done["id"], &done["revoked"]), (&begun["id"], &json!(all)));
    assert_eq!((&done["alreadyRevoked"], jobs(&daemon).len()), (&json!(0), 1));
    assert_eq!(valid(&daemon), 0);
}
