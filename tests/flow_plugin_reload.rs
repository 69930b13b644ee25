//! Plugins are exchanged while they serve.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::plugins::{people, plugin};
use issuerd_tests::wait::until;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::flow_plugin_claims::{CLUB, TABLE, club, offer};

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

/// Loads all plugins again, and waits until that is done.
fn hangup(daemon: &mut Daemon, change: impl FnOnce(String) -> String) {
    let reloads = |daemon: &Daemon| daemon.stderr().matches("plugins were loaded again").count();
    let before = reloads(daemon);
    daemon.rewrite_config(change);
    daemon.signal(Signal::HUP);
    until("the plugins are loaded again", || (reloads(daemon) > before).then_some(()));
}

fn named(daemon: &Daemon, plugin: &str) -> Option<Value> {
    daemon.management().list("/v1/plugins").into_iter().find(|one| one["name"] == plugin)
}

const HOOK: &str = "\n[[auth_hook]]\nplugin = \"places\"\nphases = [\"token-request\"]\n";

#[test]
fn hooks_and_bindings_change_without_a_restart_and_leave_the_rest_alone() {
    let (mut daemon, id) = club("");
    let before = shown(&daemon);
    let elsewhere = plugin("places", "geo-and-hours", "[plugin.places.config]\nnetworks = [\"192.0.2.0/24\"]");
    // A plugin and a hook are added.
    hangup(&mut daemon, |text| format!("{text}\n{elsewhere}{HOOK}"));
    let refused = offer(&daemon, &id, &json!({ "employee": "1042" }));
    daemon.wallet().token(&refused.code, None).expect_error(400, "access_denied");
    assert_eq!(named(&daemon, "people").unwrap(), before, "it was left alone");
    // Both are removed, and the offer is good again.
    hangup(&mut daemon, |text| text.replace(HOOK, "").replace(&elsewhere, ""));
    assert!(named(&daemon, "places").is_none());
    until("the log says so", || daemon.stderr().contains("plugin unloaded").then_some(()));
    let mdoc = daemon.wallet().claim(&refused, &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    // The type is bound no longer: the claims are those of the offer.
    hangup(&mut daemon, |text| text.replace("credentials = [\"org.example.club\"]", "credentials = []"));
    let by_hand = offer(&daemon, &id, &json!({ "employee": "1042", "name": "given by hand" }));
    let mdoc = daemon.wallet().claim(&by_hand, &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("given by hand"));
    assert_eq!(shown(&daemon)["loadedAt"], before["loadedAt"]);
    // It is bound again, this time by the API.
    daemon.rewrite_config(|text| text.replace("credentials = []", "credentials = [\"org.example.club\"]"));
    daemon.management().post(RELOAD, &json!({})).expect(200);
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    assert_eq!(shown(&daemon)["loadedAt"], before["loadedAt"]);
}

#[test]
fn places_that_cannot_be_keep_what_was() {
    let (mut daemon, id) = club("");
    let before = shown(&daemon);
    daemon.rewrite_config(|text| text + "\n[[auth_hook]]\nplugin = \"people\"\nphases = [\"token-request\"]\n");
    let answer = daemon.management().post(RELOAD, &json!({})).expect(409);
    assert!(answer.text().contains("auth_hook.plugin: people"), "{}", answer.text());
    daemon.signal(Signal::HUP);
    until("the log says why", || daemon.stderr().contains("auth_hook.plugin: people").then_some(()));
    assert_eq!(name_of(&daemon, &id), "Mika Sommer");
    assert_eq!(shown(&daemon)["loadedAt"], before["loadedAt"]);
}

#[test]
fn a_claim_source_whose_plugin_is_gone_is_named_and_uses_nothing_up() {
    let mut daemon = Daemon::installed(&people("org.example.other", TABLE));
    let management = daemon.management();
    let source = json!({ "name": "Members", "type": "plugin", "plugin": "people" });
    let source = management.post("/v1/claim-sources", &source).expect(201).json();
    assert_eq!(source["pluginState"], "loaded");
    let source = source["id"].as_str().unwrap().to_owned();
    let id = management.create_configuration(&changed(membership(CLUB), "/claimSourceId", source.as_str()));
    let token = daemon.wallet().redeem(&offer(&daemon, &id, &json!({ "employee": "1042" })));
    hangup(&mut daemon, |text| text.replace("[plugin.people", "[plugin.staff"));
    let state = || management.list("/v1/claim-sources")[0]["pluginState"].clone();
    assert_eq!(state(), "missing");
    until("the reload tells of it", || (daemon.stderr().matches(&source).count() == 1).then_some(()));
    daemon.wallet().ask(&token, &id, &[HolderKey::es256()]).expect_error(503, "temporarily_unavailable");
    until("and the request", || (daemon.stderr().matches(&source).count() == 2).then_some(()));
    hangup(&mut daemon, |text| text.replace("[plugin.staff", "[plugin.people"));
    assert_eq!(state(), "loaded");
    let mdoc = credentials(&daemon.wallet().ask(&token, &id, &[HolderKey::es256()]).expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
}
