//! Claims from registers that are asked over HTTP.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use issuerd_tests::club::{Club, SCOPE};
use issuerd_tests::configurations::{changed, diploma, membership};
use issuerd_tests::guests::Server;
use issuerd_tests::login::{CLIENT, code_of};
use issuerd_tests::management::details;
use issuerd_tests::volley::Volley;
use issuerd_tests::wait::now;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};

const CLAIM_SOURCES: &str = "/v1/claim-sources";
const CLUB: &str = "org.example.club";
const JSON: &str = "content-type: application/json\r\n";
const SECRET: &str = "the-key-of-the-register";

/// `issuer.toml` that lets these servers be on this machine.
fn local(servers: &[&Server]) -> String {
    let origins: Vec<_> = servers.iter().map(|server| format!("{:?}", server.origin())).collect();
    format!("[claim_sources]\nprivate_origins = [{}]\n", origins.join(", "))
}

/// A register that answers with a body, and the lines that it was asked with.
fn register(body: &'static str) -> (Server, Arc<Mutex<Vec<Vec<String>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = Server::start(move |lines| {
        seen.lock().unwrap().push(lines.to_vec());
        (JSON.to_owned(), body.to_owned())
    });
    (server, asked)
}

fn source(url: &str) -> Value {
    json!({
        "name": "Members",
        "url": url,
        "requestParameters": {
            "member": { "mapFrom": "claims.member" },
            "type": { "mapFrom": "credentialConfiguration.type" },
        },
        "authorization": { "type": "api-key", "value": SECRET },
    })
}

/// Makes a source, and a configuration that names it; their ids.
fn set_up(daemon: &Daemon, source: &Value) -> (String, String) {
    let made = daemon.management().post(CLAIM_SOURCES, source).expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let configuration =
        daemon.management().create_configuration(&changed(membership(CLUB), "/claimSourceId", id.as_str()));
    (id, configuration)
}

#[test]
fn a_credential_carries_the_claims_of_the_register() {
    let (server, asked) = register(r#"{"name":"Mika Sommer","level":"gold","status":"active","salary":1}"#);
    let daemon = Daemon::installed(&local(&[&server]));
    let (id, configuration) = set_up(&daemon, &source(&format!("{}/members", server.origin())));
    // The name is required by the configuration, and only the register knows it.
    let offer = daemon.management().offer_of(&configuration, &json!({ "member": "10 42" }));
    let mdoc = daemon.wallet().claim(&offer, &[HolderKey::es256(), HolderKey::es256()]).remove(0);
    mdoc.verify(&daemon.management().iaca());
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert_eq!(mdoc.value("level").as_text(), Some("gold"));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "once for all copies");
    assert_eq!(asked[0][0], format!("GET /members?member=10+42&type={CLUB} HTTP/1.1"));
    assert!(asked[0].contains(&format!("x-api-key: {SECRET}")), "{asked:?}");
    let shown = daemon.management().get(&format!("{CLAIM_SOURCES}/{id}")).expect(200);
    assert_eq!(shown.json()["authorization"]["value"], "********");
    let all = daemon.management().get(CLAIM_SOURCES).expect(200).text();
    for text in [all, shown.text(), daemon.stderr(), daemon.stdout(), daemon.management().metrics()] {
        assert!(!text.contains(SECRET) && !text.contains("Sommer"), "{text}");
    }
    let named = daemon.management().delete(&format!("{CLAIM_SOURCES}/{id}")).expect(409);
    assert!(named.text().contains(&configuration));
}

#[test]
fn who_logged_in_is_looked_up() {
    let (server, asked) = register(r#"{"name":"Mika Winter"}"#);
    let club = Club::with(&local(&[&server]));
    let body = changed(
        source(&format!("{}/members", server.origin())),
        "/requestParameters",
        json!({
            "who": { "mapFrom": "claims.name" },
            "subject": { "mapFrom": "authenticationProvider.subjectId" },
        }),
    );
    let made = club.daemon.management().post(CLAIM_SOURCES, &body).expect(201).json();
    let path = format!("/v2/credentials/mobile/configurations/{}", club.id);
    let named = changed(membership(CLUB), "/claimSourceId", made["id"].clone());
    club.daemon.management().put(&path, &named).expect(200);
    let (wallet, key) = (club.daemon.wallet(), HolderKey::es256());
    let code = code_of(&wallet.approved(CLIENT, &club.request_uri(&[]), "mika"));
    let granted = wallet.send(&wallet.code_request(&code, &key)).expect(200).json();
    assert_eq!(granted["scope"], SCOPE);
    let token = granted["access_token"].as_str().unwrap();
    let answer = wallet.send(&wallet.bound_credential_request(token, ("credential_configuration_id", &club.id), &key));
    let mdoc = credentials(&answer.expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Winter"));
    let asked = asked.lock().unwrap();
    assert!(asked[0][0].starts_with("GET /members?subject="), "{asked:?}");
    assert!(asked[0][0].contains("who=Mika+Sommer"), "{asked:?}");
    assert!(asked[0].contains(&format!("x-api-key: {SECRET}")), "{asked:?}");
}

#[test]
fn a_hundred_at_once_share_one_access_token() {
    let (server, _) = register(r#"{"name":"Mika Sommer"}"#);
    let (login, tokens) = register(r#"{"access_token":"at-4711","token_type":"Bearer","expires_in":3600}"#);
    let daemon = Daemon::installed(&local(&[&server, &login]));
    let body = changed(
        source(&format!("{}/members", server.origin())),
        "/authorization",
        json!({
            "type": "oauth-client-credentials",
            "tokenEndpoint": format!("{}/token", login.origin()),
            "clientId": "issuerd",
            "clientSecret": SECRET,
        }),
    );
    let (_, configuration) = set_up(&daemon, &body);
    let wallet = daemon.wallet();
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let offer = daemon.management().offer_of(&configuration, &json!({ "member": "1042" }));
            let (token, key) = (wallet.redeem(&offer), HolderKey::es256());
            let proof = wallet.proof(&key).sign(&key);
            wallet.credential_request(&token, &issuerd_tests::wallet::request_body(&configuration, &[proof]))
        })
        .collect();
    let answers = Volley::open(daemon.public(), 100).fire(&requests);
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{:?}",
        answers.iter().map(|one| one.status).collect::<Vec<_>>()
    );
    assert_eq!((tokens.lock().unwrap().len(), server.connections()), (1, 100));
    let metrics = daemon.management().metrics();
    for event in ["AUTHORIZATION_SUCCESS\"} 100", "RETRIEVE_SUCCESS\"} 100"] {
        assert!(metrics.contains(&format!("OPENID_CLAIM_SOURCE_{event}")), "{event}");
    }
    for text in [daemon.stderr(), metrics] {
        assert!(!text.contains("at-4711") && !text.contains(SECRET), "{text}");
    }
}

#[test]
fn a_register_that_fails_uses_nothing_up_and_is_waited_for_three_seconds() {
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    let gone = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let huge = Server::start(|_| (JSON.to_owned(), format!("{{\"name\":\"{}\"}}", "x".repeat(65_536))));
    let html = Server::says("<html>");
    let (inside, asked) = register("{}");
    let points_inside = Server::points_to(format!("{}/secrets", inside.origin()));
    let points_to_the_cloud = Server::points_to("http://169.254.169.254/latest".to_owned());
    let (server, _) = register(r#"{"name":"Mika Sommer"}"#);
    let daemon = Daemon::installed(&format!(
        "[claim_sources]\nprivate_origins = {:?}\n",
        [
            &silent,
            &gone,
            &huge.origin(),
            &html.origin(),
            &points_inside.origin(),
            &points_to_the_cloud.origin(),
            &server.origin()
        ]
    ));
    let (id, configuration) = set_up(&daemon, &source(&format!("{silent}/members")));
    let wallet = daemon.wallet();
    let token = wallet.redeem(&daemon.management().offer_of(&configuration, &json!({ "member": "rower-1042" })));
    let begun = now();
    wallet.ask(&token, &configuration, &[HolderKey::es256()]).expect_error(503, "temporarily_unavailable");
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(8), "{took:?}");
    for (origin, status, error) in [
        (huge.origin(), 503, "temporarily_unavailable"),
        (html.origin(), 500, "server_error"),
        (points_inside.origin(), 500, "server_error"),
        (points_to_the_cloud.origin(), 500, "server_error"),
        (gone, 503, "temporarily_unavailable"),
    ] {
        daemon.management().put(&format!("{CLAIM_SOURCES}/{id}"), &source(&origin)).expect(200);
        wallet.ask(&token, &configuration, &[HolderKey::es256()]).expect_error(status, error);
    }
    assert!(asked.lock().unwrap().is_empty(), "what is not listed is not asked");
    daemon.management().put(&format!("{CLAIM_SOURCES}/{id}"), &source(&server.origin())).expect(200);
    let mdoc = credentials(&wallet.ask(&token, &configuration, &[HolderKey::es256()]).expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert!(!daemon.stderr().contains("rower-1042"), "{}", daemon.stderr());
    assert!(daemon.stderr().contains("a claim source gave no claims"), "{}", daemon.stderr());
}

#[test]
fn an_sd_jwt_vc_is_deferred_while_its_register_is_away() {
    let away = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&away);
    let server = Server::start(move |_| {
        if seen.load(Ordering::SeqCst) {
            (String::new(), String::new())
        } else {
            (JSON.to_owned(), r#"{"given_name":"Mika"}"#.to_owned())
        }
    });
    let daemon = Daemon::installed(&local(&[&server]));
    let body = changed(source(&server.origin()), "/onFailure", "defer");
    let made = daemon.management().post(CLAIM_SOURCES, &body).expect(201).json();
    let named = changed(diploma("urn:example:diploma"), "/claimSourceId", made["id"].clone());
    let configuration = daemon.management().create_sd_jwt(&named);
    let wallet = daemon.wallet();
    let token = wallet.redeem(&daemon.management().offer_of(&configuration, &json!({})));
    let answer = wallet.ask(&token, &configuration, &[HolderKey::es256()]).expect(202).json();
    assert_eq!(answer["interval"], 60);
    away.store(false, Ordering::SeqCst);
    let [waiting] = daemon.management().list("/v1/openid/deferred").try_into().unwrap();
    assert_eq!(waiting["state"], "awaiting-claim-source");
}

// SEC-SSRF-02
#[test]
fn addresses_inside_are_refused_unless_they_are_listed() {
    let (server, asked) = register("{}");
    let daemon = Daemon::installed("");
    for url in [server.origin(), format!("https://{}", server.address), "https://localhost/members".to_owned()] {
        let answer = daemon.management().post(CLAIM_SOURCES, &source(&url)).expect(400);
        assert_eq!(details(&answer)[0].0, "url", "{url}");
    }
    assert!(asked.lock().unwrap().is_empty());
    assert!(daemon.management().list(CLAIM_SOURCES).is_empty());
}
