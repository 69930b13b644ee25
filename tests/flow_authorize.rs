//! From a pushed authorization request through login and consent to a code, by a browser without scripts.

use issuerd_tests::browser::{Browser, between, hidden};
use issuerd_tests::configurations::membership;
use issuerd_tests::plugins::plugin;
use issuerd_tests::{Answer, Daemon, Request};
use serde_json::json;

const CLUB: &str = "org.example.club";
const CALLBACK: &str = "https://wallet.example/cb";
const CHALLENGE: &str = "GeF9NJAk1IUMn5q6l2fZpw5GRUO-SM8Xo5dkw07SaBo";
const USERS: &str = "[[login.test_user]]\nname = \"mika\"\nclaims = { name = \"Mika Sommer\", pin = \"4711\" }\n";

fn club(more: &str) -> Daemon {
    let daemon = Daemon::installed(&format!("{USERS}{more}"));
    let mut body = membership(CLUB);
    body["branding"] = json!({ "name": "Club <Card>", "backgroundColor": "#1B4D3E" });
    daemon.management().create_configuration(&body);
    daemon
}

fn request<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", "https://wallet.example/<app>"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "mso_mdoc:org.example.club"),
        ("state", "s&1"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    fields
}

fn push(daemon: &Daemon, changes: &[(&str, &str)]) -> Answer {
    Request::post("/v1/oauth/par").form(request(changes)).send(daemon.public())
}

/// The URL that a wallet opens.
fn pushed(daemon: &Daemon, changes: &[(&str, &str)]) -> String {
    let answer = push(daemon, changes).expect(201);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "https://wallet.example/<app>")
        .append_pair("request_uri", answer.json()["request_uri"].as_str().unwrap())
        .finish();
    format!("/v1/oauth/authorize?{query}")
}

fn browser(daemon: &Daemon) -> Browser {
    Browser::new(daemon.public())
}

/// Opens a request and logs in: the page after that.
fn logged_in(daemon: &Daemon, browser: &mut Browser) -> Answer {
    let login = browser.get(&pushed(daemon, &[])).expect(303);
    let login = browser.follow(login).expect(200);
    let next = browser.submit(&login, &[("user", "mika")]).expect(303);
    browser.follow(next).expect(200)
}

fn location(answer: &Answer) -> String {
    answer.header("location").unwrap().to_owned()
}

// PAR-2.2-01, PAR-2.2-02, PAR-2.3-02, BCP-4.2-01, BCP-4.16-01, SEC-XSS-01, VCI-15.1-01, VCI-15.1-02, ISS-2-01, OAU-4.1.2-01, BCP-4.12-01
#[test]
fn a_person_gets_a_code_and_every_page_is_safe() {
    let daemon = club("");
    let answer = push(&daemon, &[]).expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-cache, no-store"));
    assert!(answer.header("location").is_none() && answer.json()["expires_in"] == 90);
    let mut browser = browser(&daemon);
    let consent = logged_in(&daemon, &mut browser);
    for (name, value) in
        [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")]
    {
        assert_eq!(consent.header(name), Some(value));
    }
    let policy = consent.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' https://wallet.example;") && !policy.contains("unsafe"), "{policy}");
    assert!(consent.header("access-control-allow-origin").is_none());
    let html = consent.text();
    for shown in [
        "Club &lt;Card&gt;",
        "wallet.example/&lt;app&gt;",
        "level",
        "id=\"approve\"",
        "id=\"deny\"",
        "<html lang=\"en\">",
    ] {
        assert!(html.contains(shown), "{shown} in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("Mika"), "{html}");
    let done = browser.submit(&consent, &[("decision", "approve")]).expect(303);
    let location = location(&done);
    assert!(location.starts_with(&format!("{CALLBACK}?code=")) && location.contains("&state=s%261&iss="), "{location}");
    // It is over: the same form again gives nothing.
    let again = browser.submit(&consent, &[("decision", "approve")]);
    assert!(again.status == 400 && again.header("location").is_none());
}

// OAU-4.1.2.1-01
#[test]
fn who_refuses_gives_no_code() {
    let daemon = club("");
    let mut browser = browser(&daemon);
    let consent = logged_in(&daemon, &mut browser);
    let done = location(&browser.submit(&consent, &[("decision", "deny")]).expect(303));
    assert!(done.starts_with(&format!("{CALLBACK}?error=access_denied&state=s%261&iss=")), "{done}");
}

// OAU-10.12-01, SEC-SESS-02
#[test]
fn a_form_without_its_secret_or_from_another_browser_does_nothing() {
    let daemon = club("");
    let mut own = browser(&daemon);
    let consent = logged_in(&daemon, &mut own);
    let fields = hidden(&consent.text());
    let id = fields.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
    let other = browser(&daemon).submit(&consent, &[("decision", "approve")]);
    assert!(other.status == 400 && other.header("location").is_none());
    let bare = own.post("/v1/oauth/consent", &[("interaction", &id), ("decision", "approve")]);
    assert!(bare.status == 403 && bare.header("location").is_none());
    assert_eq!(browser(&daemon).get(&format!("/v1/oauth/consent?interaction={id}")).status, 400);
    own.submit(&consent, &[("decision", "approve")]).expect(303);
}

// OAU-3.1-01, OAU-3.1.2-01, PAR-4-01, PAR-4-03, PAR-4-04, PAR-2.2-04
#[test]
fn where_no_redirect_is_safe_there_is_a_page() {
    let daemon = club("");
    let url = pushed(&daemon, &[]);
    let plain = form_urlencoded::Serializer::new(String::new()).extend_pairs(request(&[])).finish();
    for wrong in [
        "/v1/oauth/authorize".to_owned(),
        format!("/v1/oauth/authorize?{plain}"),
        format!("{url}&client_id=other"),
        url.replace("client_id=https", "client_id=http"),
        url.replace("request_uri%3A", "request_uri%3Ax"),
        "/v1/oauth/authorize?client_id=x&request_uri=https%3A%2F%2Fcanary.example".to_owned(),
    ] {
        let answer = browser(&daemon).get(&wrong);
        assert_eq!((answer.status, answer.header("location")), (400, None), "{wrong}");
        assert_eq!(answer.media_type(), "text/html");
    }
    // What else is in the query has no effect.
    let login = browser(&daemon).get(&format!("{url}&redirect_uri=https%3A%2F%2Fevil.example&state=x"));
    assert!(location(&login.expect(303)).contains("/v1/oauth/login?interaction="));
}

// PAR-2.1-03, PAR-2.1-04, PAR-2.1-05, PAR-2.1-07, PAR-2.1-08, BCP-2.1-01, PKC-4.3-01
#[test]
fn a_push_is_validated_as_a_whole() {
    let daemon = club("");
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("redirect_uri", "http://wallet.example/cb", "invalid_request"),
        ("redirect_uri", "javascript:alert(1)", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("scope", "unknown", "invalid_scope"),
        ("authorization_details", "{}", "invalid_authorization_details"),
        ("resource", "https://other.example", "invalid_target"),
        // A public client has no key to sign with.
        ("request", "e30.e30.e30", "request_not_supported"),
        ("request_uri", "urn:x", "invalid_request"),
        ("issuer_state", "unknown", "invalid_request"),
    ] {
        push(&daemon, &[(name, value)]).expect_error(400, error);
    }
    assert!(matches!(push(&daemon, &[("client_id", "")]).status, 400 | 401));
    assert_eq!(Request::get("/v1/oauth/par").send(daemon.public()).status, 405);
}

#[test]
fn pages_are_in_the_language_that_is_read() {
    let daemon = club("");
    let mut browser = browser(&daemon);
    let login = browser.get(&pushed(&daemon, &[("ui_locales", "fr de-AT")])).expect(303);
    let login = browser.follow(login).expect(200);
    assert!(login.text().contains("<html lang=\"de\">") && login.text().contains("Anmelden"));
    assert_eq!(login.header("content-language"), Some("de"));
}

#[test]
fn a_knowledge_check_asks_before_the_consent() {
    let check = plugin(
        "pin",
        "knowledge-check",
        "cache = { bytes = 65536, entries = 100 }\n[plugin.pin.config]\n\
         questions = [{ claim = \"pin\", label = \"Your <PIN>\", kind = \"password\" }]",
    );
    let daemon = club(&format!("{check}[[auth_hook]]\nplugin = \"pin\"\nphases = [\"authorize\"]\n"));
    let mut browser = browser(&daemon);
    let form = logged_in(&daemon, &mut browser);
    let html = form.text();
    assert!(html.contains("Your &lt;PIN&gt;") && html.contains("type=\"password\""), "{html}");
    let next = browser.submit(&form, &[("field.pin", "1")]).expect(303);
    let again = browser.follow(next).expect(200);
    assert!(again.text().contains("role=\"alert\""), "{}", again.text());
    let next = browser.submit(&again, &[("field.pin", "4711")]).expect(303);
    let consent = browser.follow(next).expect(200);
    assert!(between(&consent.text(), "id=\"approve\"", ">").is_some());
    let done = browser.submit(&consent, &[("decision", "approve")]).expect(303);
    assert!(location(&done).contains("code="));
    // Three wrong answers end it, with the words of the plugin.
    let mut page = logged_in(&daemon, &mut browser);
    for _ in 0..2 {
        let next = browser.submit(&page, &[("field.pin", "1")]).expect(303);
        page = browser.follow(next);
    }
    let refused = browser.submit(&page, &[("field.pin", "1")]).expect(200);
    assert!(refused.text().contains("too many wrong answers") && refused.text().contains("error=access_denied"));
}
