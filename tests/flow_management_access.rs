//! Who may do what on the management API.

use issuerd_tests::daemon::{MDL, run};
use issuerd_tests::management::{CLIENTS, CONFIGURATIONS, IACAS, Management, OFFERS, PRE_AUTHORIZED_OFFERS, SIGNERS};
use issuerd_tests::{Answer, Daemon, Request};
use serde_json::{Value, json};

const PLUGINS: &str = "/v1/plugins";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

fn credentials(daemon: &Daemon) -> Value {
    json!({
        "client_id": daemon.ready.line["client_id"],
        "client_secret": daemon.ready.line["client_secret"],
        "audience": "https://issuer.example",
        "grant_type": "client_credentials",
    })
}

fn ask(daemon: &Daemon, body: &Value) -> Answer {
    Request::new("POST", "/oauth/token").json(body).send(daemon.ready.management)
}

#[test]
fn client_credentials_are_exchanged_as_json_and_as_a_form() {
    let daemon = Daemon::start();
    let body = credentials(&daemon);
    let fields: Vec<_> =
        body.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    for request in [Request::new("POST", "/oauth/token").json(&body), Request::new("POST", "/oauth/token").form(fields)]
    {
        let answer = request.send(daemon.ready.management).expect(200);
        assert!(answer.lists("cache-control", "no-store"));
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(86_400)));
        let management = Management::new(daemon.ready.management, body["access_token"].as_str().unwrap());
        management.get(OFFERS).expect(200);
    }
}

#[test]
fn wrong_credentials_get_one_answer() {
    let daemon = Daemon::start();
    let good = credentials(&daemon);
    let mut bodies = Vec::new();
    for (name, value) in [("client_secret", "wrong"), ("client_id", "unknown"), ("client_secret", "")] {
        let mut body = good.clone();
        body[name] = value.into();
        let answer = ask(&daemon, &body).expect(401);
        assert_eq!(answer.json(), json!({ "error": "access_denied", "error_description": "Unauthorized" }));
        bodies.push(answer.body);
    }
    // SEC-TIME-02: an unknown client is not told from a wrong secret.
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    for (name, value, error) in [
        ("grant_type", json!("password"), "unsupported_grant_type"),
        ("grant_type", json!(null), "unsupported_grant_type"),
        ("client_secret", json!(7), "access_denied"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let answer = ask(&daemon, &body);
        assert!(matches!(answer.status, 400 | 401), "{}", answer.text());
        assert!(answer.status == 400 || answer.json()["error"] == error, "{}", answer.text());
    }
    let text = Request::new("POST", "/oauth/token").content("text/plain", good.to_string());
    assert!(matches!(text.send(daemon.ready.management).status, 400 | 415));
}

const CLAIM_SOURCES: &str = "/v1/claim-sources";

/// Every protected endpoint: method, path, body.
fn endpoints() -> Vec<(&'static str, String, Option<Value>)> {
    let some = || Some(json!({}));
    vec![
        ("POST", OFFERS.into(), some()),
        ("GET", OFFERS.into(), None),
        ("GET", format!("{OFFERS}/{NOBODY}"), None),
        ("POST", PRE_AUTHORIZED_OFFERS.into(), some()),
        ("DELETE", format!("{PRE_AUTHORIZED_OFFERS}/{NOBODY}"), None),
        ("POST", CLAIM_SOURCES.into(), some()),
        ("GET", CLAIM_SOURCES.into(), None),
        ("GET", format!("{CLAIM_SOURCES}/{NOBODY}"), None),
        ("PUT", format!("{CLAIM_SOURCES}/{NOBODY}"), some()),
        ("DELETE", format!("{CLAIM_SOURCES}/{NOBODY}"), None),
        ("POST", CONFIGURATIONS.into(), some()),
        ("GET", CONFIGURATIONS.into(), None),
        ("GET", format!("{CONFIGURATIONS}/{NOBODY}"), None),
        ("PUT", format!("{CONFIGURATIONS}/{NOBODY}"), some()),
        ("DELETE", format!("{CONFIGURATIONS}/{NOBODY}"), None),
        ("POST", IACAS.into(), some()),
        ("GET", IACAS.into(), None),
        ("GET", format!("{IACAS}/{NOBODY}"), None),
        ("PUT", format!("{IACAS}/{NOBODY}"), some()),
        ("DELETE", format!("{IACAS}/{NOBODY}"), None),
        ("POST", SIGNERS.into(), some()),
        ("GET", SIGNERS.into(), None),
        ("GET", format!("{SIGNERS}/{NOBODY}"), None),
        ("PUT", format!("{SIGNERS}/{NOBODY}"), some()),
        ("DELETE", format!("{SIGNERS}/{NOBODY}"), None),
        ("POST", format!("{SIGNERS}/{NOBODY}/revoke"), some()),
        ("POST", CLIENTS.into(), some()),
        ("GET", CLIENTS.into(), None),
        ("DELETE", format!("{CLIENTS}/nobody"), None),
        ("GET", PLUGINS.into(), None),
        ("GET", format!("{PLUGINS}/nothing"), None),
        ("POST", format!("{PLUGINS}/nothing/reload"), Some(json!({}))),
    ]
}

fn request((method, path, body): &(&str, String, Option<Value>)) -> Request {
    let request = Request::new(method, path);
    body.as_ref().map_or(request.clone(), |body| request.json(body))
}

// OPS-03
#[test]
fn ops_03_without_a_valid_token_every_endpoint_says_unauthorized() {
    let daemon = Daemon::start();
    let address = daemon.ready.management;
    let token = &daemon.ready.access_token;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let flipped = format!("{head}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let elsewhere = Daemon::start();
    for endpoint in endpoints() {
        let plain = request(&endpoint);
        for request in [
            plain.clone(),
            plain.clone().bearer("nonsense"),
            plain.clone().bearer(&flipped),
            // SEC-ALG-01: no algorithm, no signature.
            plain.clone().bearer(&format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap())),
            plain.clone().bearer(&elsewhere.ready.access_token),
            plain.clone().header("Authorization", &format!("Basic {token}")),
            plain.bearer(token).bearer(token),
        ] {
            let answer = request.send(address);
            assert_eq!(answer.status, 401, "{} {}: {}", request.method, request.target, answer.text());
            assert_eq!(answer.text(), "Unauthorized");
            assert!(answer.media_type() == "text/plain" && answer.header("www-authenticate").is_some());
        }
    }
}

/// Adds a client with a role, and returns a management client with its token.
fn client_with_role(daemon: &Daemon, role: &str) -> Management {
    let body = json!({ "name": format!("the {role}"), "roles": [role] });
    let made = daemon.management().post(CLIENTS, &body).expect(201).json();
    let body = json!({ "client_id": made["clientId"], "client_secret": made["clientSecret"], "grant_type": "client_credentials" });
    let token = ask(daemon, &body).expect(200).json()["access_token"].as_str().unwrap().to_owned();
    Management::new(daemon.ready.management, &token)
}

/// The identifier that follows a name, in JSON or in plain text.
fn word_after(text: &str, name: &str) -> String {
    let start = text.find(name).unwrap_or_else(|| panic!("no {name} in {text}")) + name.len();
    let rest = text[start..].trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

/// Whether the token may call the endpoint; anything but 403 means that the request was looked at.
fn may(management: &Management, endpoint: &(&str, String, Option<Value>)) -> bool {
    let answer = management.send(request(endpoint));
    if answer.status == 403 {
        assert!(answer.body.is_empty(), "{}", answer.text());
    }
    assert_ne!(answer.status, 401);
    answer.status != 403
}

#[test]
fn the_permission_table_holds() {
    let daemon = Daemon::start();
    for (role, allowed) in [
        ("admin", (|_, _| true) as fn(&str, bool) -> bool),
        ("issuer", |path, _| !path.starts_with(CLIENTS) && !path.starts_with(PLUGINS)),
        ("managed-issuer", |path, reads| {
            path.starts_with(OFFERS)
                || path.starts_with(CLAIM_SOURCES)
                || (reads && !path.starts_with(CLIENTS) && !path.starts_with(PLUGINS))
        }),
        ("auditor", |path, reads| reads && ![OFFERS, CLIENTS, PLUGINS].iter().any(|all| path.starts_with(all))),
    ] {
        let management = client_with_role(&daemon, role);
        for endpoint in endpoints() {
            let expected = allowed(&endpoint.1, endpoint.0 == "GET");
            assert_eq!(may(&management, &endpoint), expected, "{role} {} {}", endpoint.0, endpoint.1);
        }
    }
}

#[test]
fn clients_are_added_listed_and_removed_by_command_while_no_daemon_runs() {
    let mut daemon = Daemon::start();
    daemon.end();
    let data = daemon.data().to_str().unwrap().to_owned();
    let on_data = [("ISSUERD_STORE_DATA_DIR", data.as_str())];
    let command = |arguments: &[&str]| {
        let output = run(arguments, &on_data);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        out.into_owned()
    };
    let added = command(&["client", "add", "--name", "till", "--role", "issuer"]);
    let (id, secret) = (word_after(&added, "client_id"), word_after(&added, "client_secret"));
    // The secret was shown once.
    let listed = command(&["client", "list"]);
    assert!(listed.contains(&id) && listed.contains("till") && !listed.contains(&secret), "{listed}");
    let body = json!({ "client_id": id, "client_secret": secret, "grant_type": "client_credentials" });
    daemon = daemon.restart();
    let token = ask(&daemon, &body).expect(200).json()["access_token"].as_str().unwrap().to_owned();
    daemon.end();
    command(&["client", "remove", &id]);
    daemon = daemon.restart();
    ask(&daemon, &body).expect(401);
    // Its access tokens ended with it.
    Management::new(daemon.ready.management, &token).get(OFFERS).expect(401);
}

#[test]
fn a_removed_client_is_out_at_once() {
    let daemon = Daemon::start();
    let client = client_with_role(&daemon, "issuer");
    client.get(OFFERS).expect(200);
    let listed = daemon.management().list(CLIENTS);
    assert!(!serde_json::to_string(&listed).unwrap().to_lowercase().contains("secret"), "{listed:?}");
    let id = listed.iter().find(|one| one["name"] == "the issuer").unwrap()["clientId"].as_str().unwrap().to_owned();
    daemon.management().delete(&format!("{CLIENTS}/{id}")).expect(204);
    client.get(OFFERS).expect(401);
    daemon.management().delete(&format!("{CLIENTS}/{id}")).expect(404);
}

// OPS-01
#[test]
fn ops_01_health_and_metrics_need_no_token_and_tell_no_secret() {
    let daemon = Daemon::start();
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = Request::get(path).send(daemon.ready.management).expect(200);
        assert!(!answer.text().contains(daemon.configuration(MDL)));
    }
}
