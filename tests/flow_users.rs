//! Authentication providers, the interaction hook and users on the management API.

use std::collections::BTreeSet;

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{CLIENTS, Management, details};
use issuerd_tests::{Daemon, HolderKey, Request};
use serde_json::{Value, json};

const PROVIDERS: &str = "/v1/users/authentication-providers";
const USERS: &str = "/v1/users";
const HOOK: &str = "/v1/openid/configuration";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const SECRET: &str = "marker-of-a-client-secret";

fn provider(url: &str) -> Value {
    json!({ "url": url, "clientId": "issuerd", "clientSecret": SECRET })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_provider_is_made_listed_replaced_and_deleted_and_its_secret_is_never_shown() {
    let mut daemon = Daemon::start();
    let management = daemon.management();
    let made = management.post(PROVIDERS, &provider("https://login.example.org/realm")).expect(201).json();
    let callback = format!("{}/v1/oauth/login/callback/{}", daemon.ready.issuer, text(&made["id"]));
    assert_eq!(made["redirectUrl"], callback);
    assert_eq!(made["clientSecret"], "********");
    let one = format!("{PROVIDERS}/{}", text(&made["id"]));
    assert_eq!(management.get(&one).expect(200).json(), made);
    let second = management.post(PROVIDERS, &provider("https://other.example.org")).expect(201).json();
    assert_eq!(management.list(&format!("{PROVIDERS}?limit=1")), [made.clone(), second]);
    let mut changed = made.clone();
    changed["scope"] = json!(["openid"]);
    assert_eq!(management.put(&one, &changed).expect(200).json(), changed);
    // It is there after a restart, and a configuration that names it keeps it.
    daemon = daemon.restart();
    let management = daemon.management();
    assert_eq!(management.get(&one).expect(200).json(), changed);
    let configuration = format!("/v2/credentials/mobile/configurations/{}", daemon.configuration(MDL));
    let mut naming = management.get(&configuration).expect(200).json();
    naming["authenticationProviderId"] = made["id"].clone();
    management.put(&configuration, &naming).expect(200);
    management.delete(&one).expect(409);
    naming["authenticationProviderId"] = json!(NOBODY);
    let refused = details(&management.put(&configuration, &naming).expect(400));
    assert_eq!(refused[0].0, "authenticationProviderId");
    naming.as_object_mut().unwrap().remove("authenticationProviderId");
    management.put(&configuration, &naming).expect(200);
    management.delete(&one).expect(204);
    for answer in [management.get(&one), management.put(&one, &provider("https://a.example")), management.delete(&one)]
    {
        answer.expect(404);
    }
    // UPS-09, SEC-LOG-01
    assert!(!daemon.stderr().contains(SECRET));
}

#[test]
fn the_hook_is_set_read_and_taken_away() {
    let daemon = Daemon::start();
    let management = daemon.management();
    assert_eq!(management.get(HOOK).expect(200).json(), json!({}));
    let hook = json!({ "interactionHook": { "url": "https://hook.example.org/page", "claims": ["email"] } });
    let set = management.put(HOOK, &hook).expect(200).json();
    let set_hook = &set["interactionHook"];
    assert_eq!((&set_hook["sessionTimeoutInSec"], &set_hook["disabled"]), (&json!(1_200), &json!(false)));
    assert!(text(&set_hook["secret"]).len() >= 43);
    assert_eq!(management.get(HOOK).expect(200).json(), set);
    assert_eq!(management.put(HOOK, &set).expect(200).json(), set);
    let refused = management.put(HOOK, &json!({ "interactionHook": { "url": "ftp://hook.example.org" } }));
    assert_eq!(details(&refused.expect(400))[0].0, "interactionHook.url");
    assert_eq!(management.put(HOOK, &json!({})).expect(200).json(), json!({}));
}

#[test]
fn users_are_made_searched_replaced_and_deleted() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let provider = management.post(PROVIDERS, &provider("https://login.example.org")).expect(201).json();
    let linked = json!({ "providerId": provider["id"], "subjectId": "mika" });
    let body =
        json!({ "claims": { "family_name": "Sommer", "address": { "city": "A" } }, "authenticationProvider": linked });
    let mika = management.post(USERS, &body).expect(201).json();
    assert_eq!(mika["authenticationProvider"]["url"], "https://login.example.org");
    for _ in 0..3 {
        management.post(USERS, &json!({ "claims": { "family_name": "Sommer" } })).expect(201);
    }
    let all = management.list(&format!("{USERS}?limit=3"));
    assert_eq!(all.iter().map(|user| text(&user["id"])).collect::<BTreeSet<_>>().len(), 4);
    let search = |body: &Value| management.post("/v1/users/search", body).expect(200).json();
    for body in [json!({ "claims": { "address": { "city": "A" } } }), json!({ "authenticationProvider": linked })] {
        assert_eq!(search(&body), json!({ "data": [mika] }));
    }
    let first = search(&json!({ "claims": { "family_name": "Sommer" }, "limit": 3 }));
    let second = search(&json!({ "claims": { "family_name": "Sommer" }, "limit": 3, "cursor": first["nextCursor"] }));
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (3, 1));
    for (body, field) in [
        (json!({ "limit": 0 }), "limit"),
        (json!({ "cursor": "%" }), "cursor"),
        (json!({ "claims": 1 }), "claims"),
        (json!({ "name": 1 }), "name"),
    ] {
        assert_eq!(details(&management.post("/v1/users/search", &body).expect(400))[0].0, field);
    }
    // One identity is one user's.
    let taken = management.post(USERS, &json!({ "authenticationProvider": linked })).expect(400);
    assert_eq!(details(&taken)[0].0, "authenticationProvider.subjectId");
    let one = format!("{USERS}/{}", text(&mika["id"]));
    management.put(&one, &json!({ "claims": { "a": 1 } })).expect(200);
    assert_eq!(management.get(&one).expect(200).json(), json!({ "id": mika["id"], "claims": { "a": 1 } }));
    management.delete(&one).expect(204);
    management.get(&one).expect(404);
    management.delete(&one).expect(404);
}

#[test]
fn the_credentials_of_a_user_are_listed_and_stay_when_the_user_goes() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let claims = mdl(&management.country());
    let body =
        json!({ "credentials": [daemon.configuration(MDL)], "claims": claims, "claimsToPersist": ["family_name"] });
    let offer = management.offer(&body);
    let user = text(&management.offer_view(&offer.id)["userId"]).to_owned();
    let credentials = format!("{USERS}/{user}/credentials");
    assert_eq!(management.get(&credentials).expect(200).json(), json!({ "data": [] }));
    let keys = [HolderKey::es256(), HolderKey::es256(), HolderKey::es256()];
    daemon.wallet().claim(&offer, &keys);
    // Another user's do not mix in.
    daemon
        .wallet()
        .claim(&management.offer(&json!({ "credentials": [daemon.configuration(MDL)], "claims": claims })), &keys[..1]);
    let listed = management.list(&format!("{credentials}?limit=2"));
    assert_eq!(listed.len(), 3);
    for record in &listed {
        assert_eq!((&record["type"], &record["profile"]), (&json!(MDL), &json!("mobile")));
        assert_eq!(
            (&record["offerId"], &record["credentialConfigurationId"]),
            (&json!(offer.id), &json!(daemon.configuration(MDL)))
        );
        assert!(record["namespaces"]["org.iso.18013.5.1"]["family_name"]["digest"].is_string(), "{record}");
        assert!(!record.to_string().contains("Sommer"), "{record}");
    }
    let one = format!("{USERS}/{user}");
    assert_eq!(management.get(&one).expect(200).json()["claims"]["family_name"], "Sommer");
    management.delete(&one).expect(204);
    assert_eq!(management.list(&credentials), listed);
    assert_eq!(management.get(&format!("{USERS}/{NOBODY}/credentials")).expect(200).json(), json!({ "data": [] }));
}

#[test]
fn who_may_issue_only_sees_no_user_and_no_secret() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (role, providers, others) in [("issuer", 200, 200), ("managed-issuer", 200, 403), ("auditor", 200, 403)] {
        let client = management.post(CLIENTS, &json!({ "name": role, "roles": [role] })).expect(201).json();
        let body = json!({
            "client_id": client["clientId"], "client_secret": client["clientSecret"],
            "audience": "x", "grant_type": "client_credentials",
        });
        let token = Request::new("POST", "/oauth/token").json(&body).send(daemon.ready.management).expect(200).json();
        let limited = Management::new(daemon.ready.management, text(&token["access_token"]));
        limited.get(PROVIDERS).expect(providers);
        for path in [USERS, HOOK, &format!("{USERS}/{NOBODY}/credentials")] {
            limited.get(path).expect(others);
        }
        limited.post(PROVIDERS, &provider("https://a.example")).expect(if others == 200 { 201 } else { 403 });
    }
}
