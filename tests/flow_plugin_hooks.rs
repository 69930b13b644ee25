//! Auth hooks on token requests and credential requests.

use issuerd_tests::configurations::membership;
use issuerd_tests::plugins::{component, plugin};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey};
use serde_json::json;

use crate::flow_plugin_claims::{CLUB, club, offer};

/// `[[auth_hook]]`
fn hook(plugin: &str, phase: &str, more: &str) -> String {
    format!("[[auth_hook]]\nplugin = \"{plugin}\"\nphases = [\"{phase}\"]\n{more}\n")
}

fn places(allowed: &str) -> String {
    plugin("places", "geo-and-hours", &format!("[plugin.places.config]\nnetworks = [\"{allowed}\"]"))
}

fn denied_keys(keys: &[String]) -> String {
    let keys = keys.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
    plugin("denied", "deny-list", &format!("[plugin.denied.config]\ndeny = {{ keys = [{keys}] }}"))
}

#[test]
fn a_refused_token_request_uses_nothing_up() {
    let (daemon, id) = club(&(places("192.0.2.0/24") + &hook("places", "token-request", "")));
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let offer = offer(&daemon, &id, &json!({ "employee": "1042" }));
    for _ in 0..5 {
        wallet.token(&offer.code, None).expect_error(400, "access_denied");
    }
    assert_eq!(management.offer_state(&offer.id), "open");
    daemon.rewrite_config(|text| text.replace("192.0.2.0/24", "127.0.0.0/8"));
    management.post("/v1/plugins/places/reload", &json!({})).expect(200);
    let mdoc = wallet.claim(&offer, &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
}

#[test]
fn the_hook_is_not_asked_for_a_wrong_code() {
    let (daemon, id) = club(&(places("192.0.2.0/24") + &hook("places", "token-request", "")));
    offer(&daemon, &id, &json!({ "employee": "1042" }));
    daemon.wallet().token("no-such-code", None).expect_error(400, "invalid_grant");
    let listed = daemon.management().get("/v1/plugins").expect(200).json();
    let places = listed["data"].as_array().unwrap().iter().find(|one| one["name"] == "places").unwrap().clone();
    assert_eq!(places["calls"], 0, "{places}");
}

#[test]
fn a_refused_key_gets_nothing_and_another_key_with_the_same_token_does() {
    let (refused, good) = (HolderKey::es256(), HolderKey::es256());
    let lists = denied_keys(&[refused.thumbprint()]) + &hook("denied", "credential-request", "");
    let (daemon, id) = club(&lists);
    let wallet = daemon.wallet();
    let token = wallet.redeem(&offer(&daemon, &id, &json!({ "employee": "1042" })));
    wallet.ask(&token, &id, std::slice::from_ref(&refused)).expect_error(400, "credential_request_denied");
    // One refused key in a batch refuses the batch.
    wallet.ask(&token, &id, &[HolderKey::es256(), refused]).expect_error(400, "credential_request_denied");
    let mdoc = credentials(&wallet.ask(&token, &id, std::slice::from_ref(&good)).expect(200)).remove(0);
    assert!(mdoc.is_bound_to(&good));
}

#[test]
fn a_hook_for_other_credentials_does_not_act() {
    let other = hook("places", "token-request", "credentials = [\"org.example.other\"]");
    let (daemon, id) = club(&(places("192.0.2.0/24") + &other));
    let key = [HolderKey::es256()];
    daemon.wallet().claim(&offer(&daemon, &id, &json!({ "employee": "1042" })), &key);
}

#[test]
fn hooks_are_asked_in_order_and_the_first_refusal_is_the_answer() {
    let hooks = hook("places", "token-request", "") + &hook("denied", "token-request", "");
    let (daemon, id) = club(&(places("192.0.2.0/24") + &denied_keys(&["x".repeat(43)]) + &hooks));
    let offer = offer(&daemon, &id, &json!({ "employee": "1042" }));
    daemon.wallet().token(&offer.code, None).expect_error(400, "access_denied");
    let listed = daemon.management().get("/v1/plugins").expect(200).json();
    let calls = |name: &str| {
        listed["data"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["calls"].clone()
    };
    assert_eq!((calls("places"), calls("denied")), (json!(1), json!(0)), "{listed}");
}

#[test]
fn a_hook_that_names_no_auth_hook_stops_the_start() {
    let table = issuerd_tests::plugins::people(CLUB, crate::flow_plugin_claims::TABLE);
    let said = Daemon::refused(&(table + "\n" + &hook("people", "token-request", "")));
    assert!(said.contains("people") && said.contains("auth-hook"), "{said}");
    let said = Daemon::refused(&hook("nobody", "token-request", ""));
    assert!(said.contains("nobody"), "{said}");
    assert!(component("register-csv").is_file());
}

#[test]
fn a_configuration_without_plugins_is_served_beside_them() {
    let (daemon, _) = club(&(places("127.0.0.0/8") + &hook("places", "token-request", "")));
    let id = daemon.management().create_configuration(&membership("org.example.other"));
    let mdoc = daemon.wallet().claim(&offer(&daemon, &id, &json!({ "name": "given by hand" })), &[HolderKey::es256()]);
    assert_eq!(mdoc[0].value("name").as_text(), Some("given by hand"));
}
