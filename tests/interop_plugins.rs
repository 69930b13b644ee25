//! A credential for the foreign wallet through every shipped plugin and example.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use issuerd_tests::configurations::membership;
use issuerd_tests::plugins::{Register, crm, people, plugin};
use issuerd_tests::{Daemon, Mdoc, Offer};
use serde_json::{Value, json};

use super::{claim, verify};

const CLUB: &str = "org.example.club";
const TABLE: &str = "employee,name,level\n1042,Mika Sommer,gold";

/// An installation with plugins, and the configuration whose claims they give.
fn club(plugins: &str) -> (Daemon, String) {
    let daemon = Daemon::installed(plugins);
    let id = daemon.management().create_configuration(&membership(CLUB));
    (daemon, id)
}

fn offer(daemon: &Daemon, configuration: &str, employee: &str) -> Offer {
    daemon.management().offer_of(configuration, &json!({ "employee": employee, "name": "Mika Winter" }))
}

/// The foreign wallet gets copies that foreign verifiers accept, with the name that only a register knows.
#[track_caller]
fn issues(daemon: &Daemon, offer: &Offer, copies: usize) {
    let credentials = claim(&offer.uri, None, copies).unwrap();
    assert_eq!(credentials.len(), copies);
    verify(daemon, &credentials);
    for credential in &credentials {
        let mdoc = Mdoc::decode(&B64.decode(credential["credential"].as_str().unwrap()).unwrap());
        assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    }
    assert_eq!(daemon.management().offer_state(&offer.id), "issued");
}

/// The foreign wallet hears an error, and the offer is not issued.
#[track_caller]
fn refuses(daemon: &Daemon, offer: &Offer, error: &str) {
    let refused = claim(&offer.uri, None, 1).unwrap_err();
    assert!(refused.contains(error), "{refused}");
    assert_ne!(daemon.management().offer_state(&offer.id), "issued");
}

#[test]
fn claims_of_a_table_are_claimed_and_verify() {
    let (daemon, id) = club(&people(CLUB, TABLE));
    issues(&daemon, &offer(&daemon, &id, "1042"), 2);
    refuses(&daemon, &offer(&daemon, &id, "7777"), "credential_request_denied");
}

/// A register with an API, asked by the plugin in one of its languages.
fn register(built: &str) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("token");
    std::fs::write(&secret, "made-up-token").unwrap();
    let register = Register::start(&[("/v1/1042", 200, r#"{"name":"Mika Sommer"}"#)]);
    let (daemon, id) = club(&crm(CLUB, built, &register, &secret));
    issues(&daemon, &offer(&daemon, &id, "1042"), 2);
    refuses(&daemon, &offer(&daemon, &id, "7777"), "credential_request_denied");
    assert_eq!(register.requests().len(), 2, "a batch asks once");
}

#[test]
fn claims_of_a_register_with_an_api_are_claimed_and_verify() {
    register("register-http");
}

#[test]
#[ignore = "examples/plugins/register-http-js must be built and its file be among the plugins"]
fn claims_that_javascript_fetched_are_claimed_and_verify() {
    register("register-http-js");
}

#[test]
#[ignore = "examples/plugins/register-http-python must be built and its file be among the plugins"]
fn claims_that_python_fetched_are_claimed_and_verify() {
    register("register-http-python");
}

/// The table, and a hook in both phases.
fn hooked(name: &str, built: &str, more: &str) -> String {
    let hook = format!("[[auth_hook]]\nplugin = \"{name}\"\nphases = [\"token-request\", \"credential-request\"]\n");
    people(CLUB, TABLE) + "\n" + &plugin(name, built, more) + &hook
}

/// How often a plugin was asked.
fn calls(daemon: &Daemon, name: &str) -> Value {
    daemon.management().get(&format!("/v1/plugins/{name}")).expect(200).json()["calls"].clone()
}

fn reload(daemon: &Daemon, name: &str) {
    daemon.management().post(&format!("/v1/plugins/{name}/reload"), &json!({})).expect(200);
}

#[test]
fn a_hook_on_addresses_and_hours_lets_the_foreign_wallet_through_or_not() {
    let hours = "hours = [{ days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"], from = \"00:00\", to = \"24:00\" }]";
    let config = format!("[plugin.places.config]\nnetworks = [\"127.0.0.0/8\"]\n{hours}");
    let (daemon, id) = club(&hooked("places", "geo-and-hours", &config));
    issues(&daemon, &offer(&daemon, &id, "1042"), 1);
    assert_eq!(calls(&daemon, "places"), 2);
    daemon.rewrite_config(|text| text.replace("127.0.0.0/8", "192.0.2.0/24"));
    reload(&daemon, "places");
    refuses(&daemon, &offer(&daemon, &id, "1042"), "access_denied");
}

#[test]
fn a_list_that_is_fetched_lets_the_foreign_wallet_through_or_not() {
    let lists = Register::start(&[("/deny.json", 200, r#"{"subjects":["somebody"],"clients":[],"keys":[]}"#)]);
    let origin = format!("http://{}", lists.address);
    let more = format!(
        "cache = {{ bytes = 65536, entries = 16 }}\n[plugin.denied.config]\nurl = \"{origin}/deny.json\"\n\
        deny = {{ subjects = [\"nobody\"] }}\n[[plugin.denied.http]]\norigin = \"{origin}\"\nmethods = [\"GET\"]\nprivate = true\n"
    );
    let (daemon, id) = club(&hooked("denied", "deny-list", &more));
    let first = offer(&daemon, &id, "1042");
    issues(&daemon, &first, 1);
    assert_eq!((calls(&daemon, "denied"), lists.requests().len()), (json!(2), 1), "the list is kept");
    // The same person, who is on the list by now.
    let user = first.response["userId"].as_str().unwrap();
    daemon.rewrite_config(|text| text.replace("\"nobody\"", &format!("\"{user}\"")));
    reload(&daemon, "denied");
    let claims = json!({ "employee": "1042" });
    let again = daemon.management().offer(&json!({ "credentials": [id], "userId": user, "claims": claims }));
    refuses(&daemon, &again, "access_denied");
    issues(&daemon, &offer(&daemon, &id, "1042"), 1);
}

#[test]
fn a_hook_with_questions_has_none_where_no_browser_is() {
    let more = "cache = { bytes = 65536, entries = 16 }\n[plugin.ask.config]\n\
        questions = [{ claim = \"employee\", label = \"Your number\", kind = \"number\" }]\n";
    let (daemon, id) = club(&hooked("ask", "knowledge-check", more));
    issues(&daemon, &offer(&daemon, &id, "1042"), 1);
    assert_eq!(calls(&daemon, "ask"), 2);
}
