//! Methods, media types and headers, on every endpoint alike.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Answer, Daemon, HolderKey, Request, Wallet};
use serde_json::json;

struct Endpoint {
    path: String,
    method: &'static str,
}

fn public(wallet: &Wallet, offer_path: &str) -> Vec<Endpoint> {
    let endpoint = |method, path: String| Endpoint { path, method };
    vec![
        endpoint("POST", wallet.token_path()),
        endpoint("POST", wallet.nonce_path()),
        endpoint("POST", wallet.credential_path()),
        endpoint("GET", "/.well-known/openid-credential-issuer".into()),
        endpoint("GET", "/.well-known/oauth-authorization-server".into()),
        endpoint("GET", offer_path.into()),
        endpoint("GET", wallet.path("/v1/openid/iacas")),
    ]
}

fn offer_path(daemon: &Daemon) -> String {
    daemon.management().offer(&json!({ "credentials": [daemon.configuration(MDL)] })).reference_path()
}

// HTP-9110-01
#[test]
fn htp_9110_01_a_wrong_method_is_405_with_allow() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for endpoint in public(&wallet, &offer_path(&daemon)) {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACE"] {
            if method == endpoint.method {
                continue;
            }
            let answer = wallet.send(&Request { body: Some(Vec::new()), ..Request::new(method, &endpoint.path) });
            assert_eq!(answer.status, 405, "{method} {}: {}", endpoint.path, answer.text());
            assert!(answer.lists("allow", endpoint.method), "{method} {}: {:?}", endpoint.path, answer.headers);
        }
        let head = wallet.send(&Request::new("HEAD", &endpoint.path));
        let expected = if endpoint.method == "GET" { 200 } else { 405 };
        assert_eq!(head.status, expected, "HEAD {}", endpoint.path);
    }
    let management = Request::new("PUT", "/v1/openid/offers").send(daemon.ready.management).expect(405);
    assert!(management.lists("allow", "GET") && management.lists("allow", "POST"));
}

// HTP-CORS-02
#[test]
fn htp_cors_02_browsers_may_call_what_wallets_call_without_cookies() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let origin = "https://wallet.example";
    for endpoint in public(&wallet, &offer_path(&daemon)) {
        let preflight = Request::new("OPTIONS", &endpoint.path)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", endpoint.method)
            .header("Access-Control-Request-Headers", "authorization,content-type");
        let answer = wallet.send(&preflight);
        assert!(matches!(answer.status, 200 | 204), "{}: {}", endpoint.path, answer.status);
        let allowed = answer.header("access-control-allow-origin");
        assert!(matches!(allowed, Some("*" | "https://wallet.example")), "{}: {allowed:?}", endpoint.path);
        assert!(answer.header("access-control-allow-credentials").is_none());
        let answer = wallet.send(
            &Request { body: Some(Vec::new()), ..Request::new(endpoint.method, &endpoint.path) }
                .header("Origin", origin),
        );
        assert!(answer.header("access-control-allow-origin").is_some(), "{}: {:?}", endpoint.path, answer.headers);
        assert!(answer.header("access-control-allow-credentials").is_none());
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
        assert!(exposed.contains("www-authenticate"), "{}: {exposed}", endpoint.path);
    }
    // The management API is for programs on a server.
    let management = Request::get("/v1/openid/offers").bearer(&daemon.ready.access_token).header("Origin", origin);
    assert!(management.send(daemon.ready.management).expect(200).header("access-control-allow-origin").is_none());
}

// HTP-9110-02
#[test]
fn htp_9110_02_contents_of_other_media_types_are_refused() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&management.country()));
    let token_form = wallet.token_request(&offer.code, None).body.unwrap();
    for kind in ["application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencodedx", ""] {
        let answer = wallet.send(&Request::new("POST", &wallet.token_path()).content(kind, token_form.clone()));
        assert!(matches!(answer.status, 400 | 415), "{kind}: {}", answer.text());
        assert!(answer.json()["error"].is_string());
    }
    let token = wallet.redeem(&offer);
    let key = HolderKey::es256();
    let body = request_body(daemon.configuration(MDL), &[wallet.proof(&key).sign(&key)]).to_string();
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jwt", "application/jsonx", ""] {
        let request = Request::new("POST", &wallet.credential_path()).bearer(&token).content(kind, body.clone());
        let answer = wallet.send(&request);
        assert!(matches!(answer.status, 400 | 415), "{kind}: {}", answer.text());
        assert!(answer.json()["error"].is_string());
    }
    // HTP-9110-03: case and parameters do not matter.
    let request = Request::new("POST", &wallet.credential_path()).bearer(&token);
    wallet.send(&request.content("Application/JSON; charset=UTF-8", body)).expect(200);
    let plain = Request::new("POST", "/v1/openid/offers/pre-authorized").bearer(&daemon.ready.access_token);
    assert_eq!(
        plain.content("text/plain", "{}").send(management.address).expect(415).json()["code"],
        "UnsupportedMediaType"
    );
}

// HTP-9110-08
#[test]
fn htp_9110_08_compressed_contents_are_refused() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (path, kind) in [
        (wallet.token_path(), "application/x-www-form-urlencoded"),
        (wallet.credential_path(), "application/json"),
        (wallet.nonce_path(), "application/json"),
    ] {
        let request = Request::new("POST", &path).header("Content-Encoding", "gzip").content(kind, gzip.to_vec());
        wallet.send(&request).expect(415);
    }
}

// HTP-9110-09
#[test]
fn htp_9110_09_any_accept_gives_the_default_form() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let claims = mdl(&management.country());
    for accept in ["*/*", "application/json", "text/html", "image/png, */*;q=0", ";;;"] {
        let offer = management.offer_of(daemon.configuration(MDL), &claims);
        let answer = wallet.send(&wallet.token_request(&offer.code, None).header("Accept", accept)).expect(200);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let key = HolderKey::es256();
        let body = request_body(daemon.configuration(MDL), &[wallet.proof(&key).sign(&key)]);
        let request = wallet.credential_request(&token, &body).header("Accept", accept);
        assert_eq!(wallet.send(&request).expect(200).media_type(), "application/json");
    }
}

#[test]
fn every_response_carries_a_request_id_and_no_server_version() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let check = |answer: Answer| {
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{:?}", answer.headers)).to_owned();
        assert!(answer.header("server").is_none());
        id
    };
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/", "/nope", "/.well-known/openid-credential-issuer", &wallet.nonce_path()] {
        assert!(ids.insert(check(wallet.get(path))), "an id twice");
    }
    assert!(ids.insert(check(Request::get("/healthz").send(daemon.ready.management))));
    // SEC-LOG-02: what a client calls itself is not taken over unchecked.
    let forged = Request::get("/nope").header("X-Request-Id", "a b <FAKE>");
    let id = check(wallet.send(&forged));
    assert!(!id.contains("FAKE"), "{id}");
}

#[test]
fn unknown_paths_are_404_in_the_form_of_their_audience() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for path in [
        "/",
        "/v1",
        "/v1/openid",
        "/V1/oauth/token",
        "/v1/oauth/token/",
        "/v1/oauth/token/../token",
        "//v1/oauth/token",
        "/%2e%2e/",
    ] {
        let answer = wallet.get(path).expect(404);
        assert_eq!(answer.media_type(), "application/json", "{path}");
        assert!(answer.json()["error"].is_string(), "{path}: {}", answer.text());
    }
    let answer = Request::get("/v1/nope").bearer(&daemon.ready.access_token).send(daemon.ready.management).expect(404);
    assert_eq!(answer.json()["code"], "NotFound");
}

// SEC-HOST-01
#[test]
fn sec_host_01_what_a_client_says_of_the_host_changes_nothing() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let (issuer, path) = (wallet.metadata(), "/.well-known/openid-credential-issuer");
    // TLS-195-07
    for (name, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Original-URL", "/metrics"),
        ("X-HTTP-Method-Override", "DELETE"),
    ] {
        let answer = wallet.send(&Request::get(path).header(name, value)).expect(200);
        assert_eq!(answer.json(), issuer, "{name}");
    }
    let absolute = Request::get("http://evil.example/.well-known/openid-credential-issuer");
    let answer = wallet.send(&absolute);
    assert!(answer.status == 400 || answer.json() == issuer, "{}", answer.text());
    let management = daemon.management();
    let request = Request::new("POST", "/v1/openid/offers/pre-authorized").header("Host", "evil.example");
    let offer = management.send(
        request.header("X-Forwarded-Host", "evil.example").json(&json!({ "credentials": [daemon.configuration(MDL)] })),
    );
    assert!(!offer.expect(200).text().contains("evil"));
}
