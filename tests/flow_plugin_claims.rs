//! Claims from plugins: real components in the real daemon.

use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::management::CONFIGURATIONS;
use issuerd_tests::plugins::{Register, component, crm, people, plugin, sha256};
use issuerd_tests::prometheus::{labels, samples};
use issuerd_tests::wait::until;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey, Offer};
use serde_json::{Value, json};

pub(crate) const CLUB: &str = "org.example.club";
pub(crate) const TABLE: &str = "employee,name,level\n1042,Mika Sommer,gold\n2001,Zwiebelturmwaechter,silver";
const CLAIM_SOURCES: &str = "/v1/claim-sources";

/// An installation with the table, and the configuration whose claims it knows.
pub(crate) fn club(more: &str) -> (Daemon, String) {
    let daemon = Daemon::installed(&format!("{}{more}", people(CLUB, TABLE)));
    let id = daemon.management().create_configuration(&membership(CLUB));
    (daemon, id)
}

pub(crate) fn offer(daemon: &Daemon, configuration: &str, claims: &Value) -> Offer {
    daemon.management().offer(&json!({ "credentials": [configuration], "claims": claims }))
}

/// The value of a series of plugin `people` whose labels are these.
fn count(daemon: &Daemon, name: &str, wanted: &[(&str, &str)]) -> f64 {
    let matches = |series: &str| {
        let found = labels(series);
        series.starts_with(name) && wanted.iter().all(|label| found.contains(label))
    };
    samples(&daemon.management().metrics()).iter().filter(|(series, _)| matches(series)).map(|(_, value)| value).sum()
}

#[test]
fn a_credential_carries_the_claims_of_the_table() {
    let (daemon, id) = club("");
    let key = HolderKey::es256();
    // The name is required by the configuration, and only the table knows it.
    let offer = offer(&daemon, &id, &json!({ "employee": "1042" }));
    let mdoc = daemon.wallet().claim(&offer, std::slice::from_ref(&key)).remove(0);
    mdoc.verify(&daemon.management().iaca());
    assert!(mdoc.is_bound_to(&key));
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert_eq!(mdoc.value("level").as_text(), Some("gold"));
    assert_eq!(daemon.management().offer_state(&offer.id), "issued");
}

#[test]
fn what_the_table_says_replaces_what_the_offer_says_name_by_name() {
    let table = "employee,name\n1042,Mika Sommer";
    let daemon = Daemon::installed(&people(CLUB, table));
    let id = daemon.management().create_configuration(&membership(CLUB));
    let claims = json!({ "employee": "1042", "name": "Mika Winter", "level": "bronze" });
    let mdoc = daemon.wallet().claim(&offer(&daemon, &id, &claims), &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert_eq!(mdoc.value("level").as_text(), Some("bronze"));
}

#[test]
fn a_batch_asks_once_and_all_copies_say_the_same() {
    let (daemon, id) = club("");
    let keys: Vec<_> = (0..3).map(|_| HolderKey::es256()).collect();
    let mdocs = daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &keys);
    assert_eq!(mdocs.len(), 3);
    assert!(mdocs.iter().all(|mdoc| mdoc.value("name").as_text() == Some("Mika Sommer")));
    let calls = [("plugin", "people"), ("export", "fetch"), ("outcome", "ready")];
    assert!((count(&daemon, "issuerd_plugin_calls_total", &calls) - 1.0).abs() < 0.1);
}

#[test]
fn an_unknown_person_gets_nothing_and_uses_nothing_up() {
    let (daemon, id) = club("");
    let wallet = daemon.wallet();
    let unknown = offer(&daemon, &id, &json!({ "employee": "7777", "name": "Mika Winter" }));
    let token = wallet.redeem(&unknown);
    for _ in 0..2 {
        let answer = wallet.ask(&token, &id, &[HolderKey::es256()]);
        assert!(!answer.text().contains("7777"), "{}", answer.text());
        answer.expect_error(400, "credential_request_denied");
    }
    assert_eq!(daemon.management().offer_state(&unknown.id), "redeemed");
    // The person is entered into the register, and the same token serves.
    daemon.rewrite_config(|text| text.replace("1042,Mika", "7777,Mika"));
    daemon.management().post("/v1/plugins/people/reload", &json!({})).expect(200);
    let mdoc = credentials(&wallet.ask(&token, &id, &[HolderKey::es256()]).expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
}

#[test]
fn a_configuration_names_its_claim_source() {
    let other = people("org.example.other", TABLE);
    let daemon = Daemon::installed(&other);
    let management = daemon.management();
    let source = json!({ "name": "Members", "type": "plugin", "plugin": "people" });
    let source = management.post(CLAIM_SOURCES, &source).expect(201).json()["id"].as_str().unwrap().to_owned();
    let body = changed(membership(CLUB), "/claimSourceId", source.as_str());
    let id = management.create_configuration(&body);
    let mdoc = daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &[HolderKey::es256()]);
    assert_eq!(mdoc[0].value("name").as_text(), Some("Mika Sommer"));
    // A source that is in use stays; one that isn't there cannot be named.
    assert!(matches!(management.delete(&format!("{CLAIM_SOURCES}/{source}")).status, 400 | 409));
    let nowhere = changed(membership(CLUB), "/claimSourceId", "00000000-0000-4000-8000-000000000000");
    management.post(CONFIGURATIONS, &nowhere).expect(400);
    let unknown = json!({ "name": "Members", "type": "plugin", "plugin": "nobody" });
    management.post(CLAIM_SOURCES, &unknown).expect(400);
}

#[test]
fn the_plugins_are_shown_with_what_they_may_do() {
    let (daemon, id) = club("");
    let key = [HolderKey::es256()];
    daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &key);
    let listed = daemon.management().get("/v1/plugins").expect(200).json();
    let listed = listed["data"].as_array().unwrap();
    let [people] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((&people["name"], &people["state"]), (&json!("people"), &json!("loaded")), "{people}");
    assert_eq!(people["world"], "claim-source");
    assert_eq!(people["sha256"], sha256(&component("register-csv")));
    assert_eq!((&people["calls"], &people["failures"]), (&json!(1), &json!(0)), "{people}");
    assert!(people["grants"].is_array() && people["version"].is_string(), "{people}");
    // The table holds people, and is nobody's business here.
    assert!(!people.to_string().contains("Sommer"), "{people}");
}

#[test]
fn calls_are_counted_by_export_and_outcome() {
    let (daemon, id) = club("");
    let wallet = daemon.wallet();
    wallet.claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &[HolderKey::es256()]);
    let unknown = wallet.redeem(&offer(&daemon, &id, &json!({ "employee": "7777", "name": "Mika" })));
    wallet.ask(&unknown, &id, &[HolderKey::es256()]).expect(400);
    for outcome in ["ready", "not_found"] {
        let calls = [("plugin", "people"), ("export", "fetch"), ("outcome", outcome)];
        assert!((count(&daemon, "issuerd_plugin_calls_total", &calls) - 1.0).abs() < 0.1, "{outcome}");
    }
    assert!(count(&daemon, "issuerd_plugin_call_duration_seconds_count", &[("plugin", "people")]) >= 2.0);
}

#[test]
fn a_pin_that_does_not_match_stops_the_start() {
    let pinned = format!("sha256 = \"{}\"\n", "ab".repeat(32));
    let said = Daemon::refused(&plugin("people", "register-csv", &pinned));
    assert!(said.contains("people") && said.contains("sha256"), "{said}");
    // What it is can be copied from the message.
    assert!(said.contains(&sha256(&component("register-csv"))), "{said}");
}

#[test]
fn a_missing_file_and_a_missing_grant_stop_the_start() {
    let said = Daemon::refused("[plugin.people]\nfile = \"/nowhere/people.wasm\"\n");
    assert!(said.contains("/nowhere/people.wasm"), "{said}");
    let without =
        "[plugin.crm.config]\nurl = \"https://crm.example.org/v1/{offer.employee}\"\nclaims = { name = \"/name\" }";
    let said = Daemon::refused(&plugin("crm", "register-http", without));
    // The lines to add are in the message.
    assert!(said.contains("[[plugin.crm.http]]") && said.contains("https://crm.example.org"), "{said}");
}

#[test]
fn an_optional_plugin_is_skipped_and_the_rest_serves() {
    let broken = "[plugin.broken]\nfile = \"/nowhere/broken.wasm\"\noptional = true\n";
    let (daemon, id) = club(broken);
    let key = [HolderKey::es256()];
    daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &key);
    let listed = daemon.management().get("/v1/plugins").expect(200).json();
    let broken = listed["data"].as_array().unwrap().iter().find(|one| one["name"] == "broken").unwrap().clone();
    assert_eq!(broken["state"], "skipped", "{broken}");
    until("the log says so", || daemon.stderr().contains("broken").then_some(()));
}

#[test]
fn nothing_of_table_offer_or_secret_is_in_log_metrics_and_data() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "kHq7-register-token-41").unwrap();
    let register = Register::start(&[("/v1/E-90417", 200, r#"{"name":"Kieselsteinsammlerin"}"#)]);
    let log = "[log]\nlevel = \"trace\"\n";
    let mut daemon = Daemon::installed(&format!("{log}{}", crm(CLUB, "register-http", &register, &file)));
    let id = daemon.management().create_configuration(&membership(CLUB));
    let mdoc = daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "E-90417" })), &[HolderKey::es256()]);
    assert_eq!(mdoc[0].value("name").as_text(), Some("Kieselsteinsammlerin"));
    assert!(register.requests()[0].contains("kHq7-register-token-41"), "the host adds the secret");
    let shown = [daemon.management().metrics(), daemon.management().get("/v1/plugins").expect(200).text()];
    daemon.end();
    for planted in ["E-90417", "Kieselsteinsammlerin", "kHq7-register-token-41"] {
        for text in shown.iter().chain([&daemon.stderr(), &daemon.stdout()]) {
            assert!(!text.contains(planted), "{planted}:\n{text}");
        }
        let data = std::fs::read(daemon.data().join("data/issuerd.redb")).unwrap();
        assert!(!data.windows(planted.len()).any(|window| window == planted.as_bytes()), "{planted} in the data file");
    }
}

/// The same claim source in any language behaves the same.
fn asks_the_register(built: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "kHq7-register-token-41\n").unwrap();
    let register = Register::start(&[("/v1/1042", 200, r#"{"name":"Mika Sommer"}"#), ("/v1/5000", 503, "{}")]);
    let daemon = Daemon::installed(&crm(CLUB, built, &register, &file));
    let (id, wallet) = (daemon.management().create_configuration(&membership(CLUB)), daemon.wallet());
    let ask = |employee: &str| {
        let offer = offer(&daemon, &id, &json!({ "employee": employee, "name": "Mika Winter" }));
        let token = wallet.redeem(&offer);
        wallet.ask(&token, &id, &[HolderKey::es256()])
    };
    let mdoc = credentials(&ask("1042").expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    ask("7777").expect_error(400, "credential_request_denied");
    let unavailable = ask("5000");
    assert!(unavailable.header("retry-after").is_some(), "{:?}", unavailable.headers);
    unavailable.expect_error(503, "temporarily_unavailable");
    let heads = register.requests();
    assert_eq!(heads.len(), 3, "{heads:?}");
    assert!(
        heads.iter().all(|head| head.to_ascii_lowercase().contains("authorization: bearer khq7-register-token-41"))
    );
}

#[test]
fn a_register_with_an_api_is_asked() {
    asks_the_register("register-http");
}

#[test]
#[ignore = "examples/plugins/register-http-js must be built and its file be among the plugins"]
fn a_register_with_an_api_is_asked_from_javascript() {
    asks_the_register("register-http-js");
}

#[test]
#[ignore = "examples/plugins/register-http-python must be built and its file be among the plugins"]
fn a_register_with_an_api_is_asked_from_python() {
    asks_the_register("register-http-python");
}
