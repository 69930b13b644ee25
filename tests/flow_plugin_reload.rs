//! Plugins are exchanged while they serve.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, HolderKey};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::flow_plugin_claims::{club, offer};

const RELOAD: &str = "/v1/plugins/people/reload";

fn name_of(daemon: &Daemon, configuration: &str) -> String {
    let offer = offer(daemon, configuration, &json!({ "employee": "1042" }));
    let mdoc = daemon.wallet().claim(&offer, &[HolderKey::es256()]).remove(0);
    mdoc.value("name").as_text().unwrap().to_owned()
}

fn shown(daemon: &Daemon) -> Value {
    daemon.management().get("/v1/plugins").expect(200).json()["data"][0].clone()
}

#[test]
fn a_reload_by_the_api_takes_the_new_table() {
    let (daemon, id) = club("");
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    daemon.rewrite_config(|text| text.replace("Mika Sommer", "Mika Herbst"));
    // Nothing is looked at before somebody says so.
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    daemon.management().post(RELOAD, &json!({})).expect(200);
    assert_eq!(name_of(&daemon, &id), "Mika Herbst");
    daemon.management().post("/v1/plugins/nobody/reload", &json!({})).expect(404);
}

#[test]
fn a_reload_that_fails_says_why_and_keeps_what_serves() {
    let (daemon, id) = club("");
    let before = shown(&daemon);
    daemon.rewrite_config(|text| {
        text.replace("[plugin.people]", &format!("[plugin.people]\nsha256 = \"{}\"", "ab".repeat(32)))
    });
    let answer = daemon.management().post(RELOAD, &json!({}));
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    assert!(answer.text().contains("sha256"), "{}", answer.text());
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    assert_eq!(shown(&daemon)["loadedAt"], before["loadedAt"]);
}

#[test]
fn sighup_under_traffic_fails_no_claim() {
    let (mut daemon, id) = club("");
    let done = AtomicBool::new(false);
    let names = std::thread::scope(|scope| {
        let (management, wallet, done, id) = (daemon.management(), daemon.wallet(), &done, &id);
        let claim = move || {
            let mut names = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let body = json!({ "credentials": [id], "claims": { "employee": "1042" } });
                let mdoc = wallet.claim(&management.offer(&body), &[HolderKey::es256()]).remove(0);
                names.insert(mdoc.value("name").as_text().unwrap().to_owned());
            }
            names
        };
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(claim.clone())).collect();
        let mut current = "Mika Sommer";
        for next in ["Mika Herbst", "Mika Sommer"].into_iter().cycle().take(8) {
            let before = shown(&daemon)["loadedAt"].clone();
            daemon.rewrite_config(|text| text.replace(current, next));
            daemon.signal(Signal::HUP);
            until("the plugin is loaded anew", || (shown(&daemon)["loadedAt"] != before).then_some(()));
            current = next;
        }
        done.store(true, Ordering::Relaxed);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<BTreeSet<_>>()
    });
    assert!(names.is_subset(&BTreeSet::from(["Mika Herbst".to_owned(), "Mika Sommer".to_owned()])), "{names:?}");
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    assert_eq!(shown(&daemon)["failures"], 0);
    assert_eq!(daemon.end(), Some(0));
}
