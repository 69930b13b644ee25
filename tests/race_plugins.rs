//! Races through plugins: each offer gives one credential, however many ask at once and whatever is loaded meanwhile.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::Options;
use issuerd_tests::plugins::{component, people, plugin, sha256, write_version};
use issuerd_tests::volley::Volley;
use issuerd_tests::wait::{now, until};
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Answer, Daemon, HolderKey, Proof, Request};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

const CLUB: &str = "org.example.club";
const TABLE: &str = "employee,name,level\n1042,Mika Sommer,gold";
const CROWD: usize = 100;

/// Settings of the plugin `people` of this folder, which claims come from, and of an auth hook before it.
fn settings(folder: &TempDir) -> String {
    let (built, file) = (component("register-csv"), folder.path().join("people.wasm"));
    write_version(&built, &file, 0);
    let people = people(CLUB, TABLE).replace(built.to_str().unwrap(), file.to_str().unwrap());
    let places = plugin("places", "geo-and-hours", "[plugin.places.config]\nnetworks = [\"127.0.0.0/8\"]");
    let hook = "[[auth_hook]]\nplugin = \"places\"\nphases = [\"token-request\", \"credential-request\"]\n";
    [people, places, hook.to_owned()].join("\n")
}

/// Sends each request until it is answered with something else than that the plugin has no place now, which uses nothing up.
fn insist(volley: &mut Volley, requests: &[Request]) -> Vec<Answer> {
    let mut answers = volley.fire(requests);
    for _ in 0..50 {
        let busy: Vec<_> = (0..requests.len()).filter(|place| answers[*place].status == 503).collect();
        if busy.is_empty() {
            break;
        }
        let again: Vec<_> = busy.iter().map(|place| requests[*place].clone()).collect();
        for (place, answer) in busy.into_iter().zip(volley.fire(&again)) {
            answers[place] = answer;
        }
    }
    answers
}

// SEC-CODE-02, SEC-BATCH-01
#[test]
fn a_hundred_at_once_through_a_plugin_get_one_credential_each() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("issuer.toml");
    std::fs::write(&config, settings(&folder)).unwrap();
    let options = Options { release: true, ..Options::default() }.argument("--config", config.to_str().unwrap());
    let daemon = Daemon::with(options);
    let configuration = daemon.management().create_configuration(&membership(CLUB));
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let keys: Vec<_> = (0..CROWD).map(|_| HolderKey::es256()).collect();
    let mut volley = Volley::open(daemon.public(), CROWD);
    let request = |token: &str, nonce: &str, key: &HolderKey| {
        let proof = Proof::new(key, &wallet.issuer, nonce).sign(key);
        wallet.credential_request(token, &request_body(&configuration, &[proof]))
    };
    for _ in 0..3 {
        let offer = || management.offer_of(&configuration, &json!({ "employee": "1042" }));
        let offers: Vec<_> = (0..CROWD).map(|_| offer()).collect();
        let requests: Vec<_> = offers.iter().map(|offer| wallet.token_request(&offer.code, None)).collect();
        let tokens: Vec<_> =
            insist(&mut volley, &requests).into_iter().map(|answer| answer.expect(200).json()).collect();
        let of = |place: usize| tokens[place]["access_token"].as_str().unwrap();
        let requests: Vec<_> = (0..CROWD).map(|place| request(of(place), &wallet.nonce(), &keys[place])).collect();
        for (answer, key) in insist(&mut volley, &requests).into_iter().zip(&keys) {
            let issued = credentials(&answer.expect(200));
            assert!(issued.len() == 1 && issued[0].is_bound_to(key));
            assert_eq!(issued[0].value("name").as_text(), Some("Mika Sommer"));
        }
        // One token, a hundred nonces.
        let token = wallet.redeem(&offer());
        let requests: Vec<_> = keys.iter().map(|key| request(&token, &wallet.nonce(), key)).collect();
        let answers = insist(&mut volley, &requests);
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|it| it.status == 200 || it.json()["error"] == "credential_request_denied"));
        // One code, a hundred hooks.
        let code = offer().code;
        let answers = insist(&mut volley, &vec![wallet.token_request(&code, None); CROWD]);
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|it| it.status == 200 || it.json()["error"] == "invalid_grant"));
    }
}

/// Claims offers until told to stop; how many.
fn claim(daemon: &Daemon, configuration: &str, done: &AtomicBool) -> usize {
    let (management, wallet, key) = (daemon.management(), daemon.wallet(), HolderKey::es256());
    let mut claimed = 0;
    while !done.load(Ordering::Relaxed) {
        let offer = management.offer_of(configuration, &json!({ "employee": "1042" }));
        let mdoc = wallet.claim(&offer, std::slice::from_ref(&key)).remove(0);
        assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
        claimed += 1;
    }
    claimed
}

#[test]
fn many_reloads_at_once_fail_no_claim_and_end_on_the_last_version() {
    let folder = TempDir::new().unwrap();
    let mut daemon = Daemon::installed(&settings(&folder));
    let configuration = daemon.management().create_configuration(&membership(CLUB));
    let (file, built) = (folder.path().join("people.wasm"), component("register-csv"));
    let (done, versions, start) = (AtomicBool::new(false), AtomicUsize::new(1), now());
    let pid = rustix::process::Pid::from_raw(daemon.pid().cast_signed()).unwrap();
    let claimed: usize = std::thread::scope(|scope| {
        let (daemon, configuration, done, versions) = (&daemon, configuration.as_str(), &done, &versions);
        let claims: Vec<_> = (0..3).map(|_| scope.spawn(move || claim(daemon, configuration, done))).collect();
        let reload = move |name: &str| daemon.management().post(&format!("/v1/plugins/{name}/reload"), &json!({}));
        let reloads: Vec<_> = (0..6)
            .map(|number| {
                let (file, built) = (&file, &built);
                scope.spawn(move || {
                    for step in 0..4 {
                        if number == 0 {
                            write_version(built, file, versions.fetch_add(1, Ordering::SeqCst));
                        }
                        if number == 1 {
                            rustix::process::kill_process(pid, Signal::HUP).unwrap();
                        }
                        reload(if step % 2 == 0 { "people" } else { "places" }).expect(200);
                    }
                })
            })
            .collect();
        for reloading in reloads {
            reloading.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        claims.into_iter().map(|claiming| claiming.join().unwrap()).sum()
    });
    assert!(claimed > 0);
    daemon.management().post("/v1/plugins/people/reload", &json!({})).expect(200);
    let shown = || daemon.management().get("/v1/plugins/people").expect(200).json();
    assert_eq!((&shown()["sha256"], &shown()["failures"]), (&json!(sha256(&file)), &json!(0)));
    // Nothing of the others is left.
    let cache = daemon.data().join("data/plugin-cache");
    until("the code of old versions is removed", || (std::fs::read_dir(&cache).unwrap().count() == 4).then_some(()));
    println!("{claimed} claims while 24 reloads and 4 hangups ran, {:?}", start.elapsed());
    assert_eq!(daemon.end(), Some(0));
    assert!(start.elapsed() < Duration::from_mins(2));
}
