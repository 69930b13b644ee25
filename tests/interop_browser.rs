//! A person in Chromium, from the URL of a foreign wallet through login, auth hooks, the operator's page and consent, back to the wallet.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::guests::Server;
use issuerd_tests::login::{MDL_SCOPE, PERSON};
use issuerd_tests::plugins::plugin;
use issuerd_tests::proof::seconds_now;
use issuerd_tests::{Daemon, Mdoc};
use ring::hmac;
use serde_json::{Value, json};

use super::interop_node::{CodeFlow, IdentityProvider, Seen, chromium};
use super::verify;

const CLUB: &str = "org.example.club";
const CLUB_SCOPE: &str = "mso_mdoc:org.example.club";
const HOOK: &str = "/v1/openid/configuration";

/// An issuer of a club card that shows the name which a provider knows, and may have holders log in at providers of this machine.
fn club(more: &str) -> Daemon {
    let daemon = Daemon::installed(&format!("{more}[login]\nallow_private = true\n"));
    let body = changed(membership(CLUB), "/claimMappings/org.example.membership/name/mapFrom", "claims.given_name");
    let body = changed(body, "/branding", json!({ "name": "Club card", "backgroundColor": "#1B4D3E" }));
    daemon.management().create_configuration(&body);
    daemon
}

fn flow(daemon: &Daemon, scope: &str) -> CodeFlow {
    CodeFlow::start(&["--issuer", &daemon.ready.issuer, "--scope", scope])
}

/// The steps at the provider, from its login page until it sends the browser back.
fn at_the_provider() -> Vec<Value> {
    vec![
        json!(["await", "button", "Sign-in"]),
        json!(["fill", "Enter any login", "mika"]),
        json!(["fill", "and password", "x"]),
        json!(["press", "Sign-in"]),
        json!(["await", "button", "Continue"]),
        json!(["press", "Continue"]),
    ]
}

/// The steps on the consent page, and in the wallet.
fn decide(button: &str) -> Vec<Value> {
    vec![
        json!(["await", "heading", "Get your credential?"]),
        json!(["look", "consent"]),
        json!(["press", button]),
        json!(["await", "heading", "Back in the wallet"]),
    ]
}

/// Nothing is wrong on a page of the issuer, and none sends anything elsewhere than the way of the person leads.
#[track_caller]
fn is_clean(seen: &Seen, daemon: &Daemon, way: &[&str]) {
    let issuer = daemon.ready.issuer.as_str();
    assert_eq!(seen.said_by(issuer), [""; 0]);
    let strange: Vec<_> = seen.asked_by(issuer).into_iter().filter(|to| *to != issuer && !way.contains(to)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[track_caller]
fn card(answer: &Value) -> Mdoc {
    let credential = answer["credentials"][0]["credential"].as_str().unwrap_or_else(|| panic!("{answer}"));
    Mdoc::decode(&B64.decode(credential).unwrap())
}

// UPS-01, OAU-4.1.2-01, ISS-2-01, VCI-15.1-01
#[test]
fn a_person_chooses_a_provider_logs_in_and_the_wallet_gets_its_credential() {
    let daemon = club("");
    let hall = IdentityProvider::of(&daemon, &json!({ "name": "Town hall" }));
    let _library = IdentityProvider::of(&daemon, &json!({ "name": "Library" }));
    let flow = flow(&daemon, CLUB_SCOPE);
    let mut steps = vec![
        json!(["open", flow.authorize]),
        json!(["await", "heading", "Sign in"]),
        json!(["look", "choice"]),
        json!(["tabs"]),
        json!(["press", "Continue with Town hall"]),
    ];
    steps.extend(at_the_provider());
    steps.extend(decide("Agree and continue"));
    let seen = chromium("provider", &json!({}), &steps);
    for shown in
        ["heading \"Where do you want to sign in?\" [level=2]", "link \"Continue with Library\"", "button \"Cancel\""]
    {
        assert!(seen.tree(0).contains(shown), "{shown} in {}", seen.tree(0));
    }
    assert_eq!(seen.noted(1), &json!(["Continue with Town hall", "Continue with Library", "Cancel"]));
    for shown in ["heading \"Club card\" [level=2]", "button \"Agree and continue\"", "button \"Refuse\"", "127.0.0.1"]
    {
        assert!(seen.tree(2).contains(shown), "{shown} in {}", seen.tree(2));
    }
    assert!(
        seen.url().contains("code=") && seen.url().contains("state=") && seen.url().contains("iss="),
        "{}",
        seen.url()
    );
    let wallet = seen.url().split("/callback").next().unwrap();
    is_clean(&seen, &daemon, &[&hall.url, wallet]);
    let answer = flow.end();
    verify(&daemon, answer["credentials"].as_array().unwrap());
    assert_eq!(card(&answer).value("name").as_text(), Some("Mika"));
    let users = daemon.management().list("/v1/users");
    assert_eq!(users.len(), 1);
    assert_eq!(
        users[0]["authenticationProvider"],
        json!({ "providerId": hall.id, "url": hall.url, "subjectId": "mika" })
    );
}

// OAU-4.1.2.1-01, OAU-4.1.2.1-03
#[test]
fn a_person_who_refuses_here_or_at_the_provider_is_sent_back_without_a_code() {
    let daemon = club("");
    let _provider = IdentityProvider::of(&daemon, &json!({}));
    let mut here = at_the_provider();
    here.extend(decide("Refuse"));
    let there = vec![
        json!(["await", "button", "Sign-in"]),
        json!(["press", "[ Cancel ]"]),
        json!(["await", "heading", "Back in the wallet"]),
    ];
    for (name, rest) in [("refused", here), ("refused-there", there)] {
        let flow = flow(&daemon, CLUB_SCOPE);
        let mut steps = vec![json!(["open", flow.authorize])];
        steps.extend(rest);
        let seen = chromium(name, &json!({}), &steps);
        assert!(!seen.url().contains("code="), "{}", seen.url());
        let answer = flow.end();
        assert_eq!(
            (&answer["error"], &answer["returned"]["iss"]),
            (&json!("access_denied"), &json!(daemon.ready.issuer))
        );
    }
}

fn part(value: &Value) -> String {
    B64.encode(value.to_string())
}

/// The operator's page: shows what it was told, and has a link back. Its answers are signed with the secret of the hook.
fn operators_page(secret: Arc<Mutex<Vec<u8>>>) -> Server {
    Server::start(move |head| {
        let target = head[0].split(' ').nth(1).unwrap_or_default();
        let html = |text: &str| format!("<!doctype html><html lang=\"en\"><title>Club</title>{text}</html>");
        let Some(token) = target.split_once("session_token=").map(|(_, token)| token) else {
            return ("content-type: text/html\r\n".into(), html("<h1>Nothing</h1>"));
        };
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret.lock().unwrap());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        hmac::verify(&secret, signed.as_bytes(), &B64.decode(signature).unwrap()).expect("a token of the issuer");
        let told: Value = serde_json::from_slice(&B64.decode(signed.split('.').nth(1).unwrap()).unwrap()).unwrap();
        let answer = json!({
            "iss": told["aud"], "aud": told["iss"], "state": told["state"], "iat": seconds_now(), "exp": seconds_now() + 60,
            "claims": { "level": "gold" }, "claimsToPersist": ["level"],
        });
        let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&answer));
        let signature = B64.encode(hmac::sign(&secret, signed.as_bytes()));
        let back = format!("{}?session_token={signed}.{signature}", told["redirectUrl"].as_str().unwrap());
        let born = told["claims"]["birthdate"].as_str().unwrap_or("unknown");
        let page =
            html(&format!("<h1>Rules of the club</h1><p>Born {born}</p><a href=\"{back}\">I keep the rules</a>"));
        ("content-type: text/html\r\n".into(), page)
    })
}

// VCI-5.1.3-01, SEC-SESS-03
#[test]
fn a_person_passes_a_knowledge_check_and_the_page_of_the_operator() {
    let check = plugin(
        "check",
        "knowledge-check",
        "cache = { bytes = 65536, entries = 100 }\n[plugin.check.config]\n\
         questions = [{ claim = \"birthdate\", label = \"Date of birth\", kind = \"date\" }]",
    );
    let daemon = club(&format!("{check}[[auth_hook]]\nplugin = \"check\"\nphases = [\"authorize\"]\n"));
    let provider = IdentityProvider::of(&daemon, &json!({}));
    let secret = Arc::new(Mutex::new(Vec::new()));
    let page = operators_page(Arc::clone(&secret));
    let hook = json!({ "interactionHook": { "url": format!("{}/page", page.origin()), "claims": ["birthdate"] } });
    let hook = daemon.management().put(HOOK, &hook).expect(200).json();
    *secret.lock().unwrap() = STANDARD.decode(hook["interactionHook"]["secret"].as_str().unwrap()).unwrap();
    let flow = flow(&daemon, CLUB_SCOPE);
    let mut steps = vec![json!(["open", flow.authorize])];
    steps.extend(at_the_provider());
    steps.extend([
        json!(["await", "textbox", "Date of birth"]),
        json!(["fill", "Date of birth", "1990-04-02"]),
        json!(["press", "Continue"]),
        json!(["await", "alert"]),
        json!(["look", "form"]),
        json!(["fill", "Date of birth", "1990-04-01"]),
        json!(["press", "Continue"]),
        json!(["await", "heading", "Rules of the club"]),
        json!(["look", "operator"]),
        json!(["press", "I keep the rules"]),
    ]);
    steps.extend(decide("Agree and continue"));
    let seen = chromium("hooks", &json!({}), &steps);
    assert!(seen.tree(1).contains("Born 1990-04-01"), "{}", seen.tree(1));
    let wallet = seen.url().split("/callback").next().unwrap();
    is_clean(&seen, &daemon, &[&provider.url, &page.origin(), wallet]);
    let answer = flow.end();
    verify(&daemon, answer["credentials"].as_array().unwrap());
    let card = card(&answer);
    assert_eq!((card.value("name").as_text(), card.value("level").as_text()), (Some("Mika"), Some("gold")));
}

// BCP-2.1-01: an app's own scheme, and a https URL that it has claimed; browsers check redirects that follow a form, too.
#[test]
fn a_wallet_without_a_page_is_reached_by_the_redirect() {
    let daemon = Daemon::start();
    for redirect in ["com.example.wallet:/callback", "https://wallet.example/callback?a=1"] {
        let issuer = daemon.ready.issuer.as_str();
        let mut flow = CodeFlow::start(&["--issuer", issuer, "--scope", MDL_SCOPE, "--redirect", redirect]);
        let steps = [
            json!(["open", flow.authorize]),
            json!(["press", PERSON]),
            json!(["await", "heading", "Get your credential?"]),
            json!(["press", "Agree and continue"]),
            json!(["moved", redirect]),
        ];
        let seen = chromium("redirect", &json!({}), &steps);
        let refused = seen.said_by(issuer).into_iter().find(|line| line.contains("Content Security Policy"));
        assert_eq!(refused, None);
        let (status, location) = *seen.moves().last().unwrap();
        assert_eq!(status, 303);
        flow.back(location);
        verify(&daemon, flow.end()["credentials"].as_array().unwrap());
    }
}
