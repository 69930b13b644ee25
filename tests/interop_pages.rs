//! How the issuer's pages look to people, and to those who hear or tab them: in Chromium, light and dark, wide and narrow, in each language,
//! with scripts and without.

use issuerd_tests::Daemon;
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::login::PERSON;
use serde_json::{Value, json};

use super::interop_node::{CodeFlow, IdentityProvider, Seen, chromium};

const SCOPE: &str = "mso_mdoc:org.example.club";
/// Widest of a small phone.
const NARROW: u64 = 360;

/// An issuer with names that are long, or have no place to break.
fn house() -> Daemon {
    let person = format!("[[login.test_user]]\nname = \"{PERSON}\"\nclaims = {{ name = \"{PERSON}\" }}\n");
    let daemon = Daemon::installed(&format!("{person}[login]\nallow_private = true\n"));
    let branding = json!({
        "name": "Mitgliedsausweis des Ruderclubs Lindenau-Plagwitz-Schleussig von 1898",
        "description": "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
        "backgroundColor": "#FFF7E0",
    });
    daemon.management().create_configuration(&changed(membership("org.example.club"), "/branding", branding));
    IdentityProvider::of(
        &daemon,
        &json!({ "name": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" }),
    );
    IdentityProvider::of(&daemon, &json!({ "name": "Town hall" }));
    daemon
}

/// Looks at a page wide and narrow, light and dark, and has axe look, too.
fn looks(name: &str) -> Vec<Value> {
    let mut steps = Vec::new();
    for scheme in ["light", "dark"] {
        steps.push(json!(["scheme", scheme]));
        for width in [800, NARROW] {
            steps.extend([
                json!(["width", width]),
                json!(["look", format!("{name}-{scheme}-{width}")]),
                json!(["audit"]),
            ]);
        }
    }
    steps
}

/// What the looks at one page have noted, from `place` on: nothing sticks out, axe finds nothing, dark is dark.
#[track_caller]
fn are_good(seen: &Seen, place: usize, language: &str) {
    let look = |which: usize| seen.noted(place + 2 * which);
    for which in 0..4 {
        let facts = look(which);
        assert_eq!(facts["width"], facts["window"], "{} sticks out", facts["name"]);
        assert_eq!(facts["language"], language, "{}", facts["name"]);
        assert_eq!(seen.noted(place + 2 * which + 1), &json!([]), "{}", facts["name"]);
    }
    assert_ne!(look(0)["background"], look(2)["background"]);
    assert_ne!(look(0)["color"], look(2)["color"]);
}

#[track_caller]
fn walk(daemon: &Daemon, name: &str, setup: &Value, words: [&str; 3]) -> Seen {
    let [sign_in, consent, agree] = words;
    let flow = CodeFlow::start(&["--issuer", &daemon.ready.issuer, "--scope", SCOPE]);
    let mut steps = vec![json!(["open", flow.authorize]), json!(["await", "heading", sign_in])];
    steps.extend(looks("login"));
    steps.extend([json!(["press", PERSON]), json!(["await", "heading", consent])]);
    steps.extend(looks("consent"));
    // By the keyboard alone: the first stop is the way on.
    steps.extend([json!(["tabs"]), json!(["keys", "Enter"]), json!(["await", "heading", "Back in the wallet"])]);
    let seen = chromium(name, setup, &steps);
    assert_eq!(seen.noted(16)[0], agree);
    assert_eq!(flow.end()["credentials"].as_array().unwrap().len(), 1);
    seen
}

#[test]
fn pages_fit_every_window_in_light_and_dark() {
    let daemon = house();
    let words = ["Sign in", "Get your credential?", "Agree and continue"];
    let seen = walk(&daemon, "pages", &json!({ "javaScript": true }), words);
    are_good(&seen, 0, "en");
    are_good(&seen, 8, "en");
    assert_eq!(seen.said_by(&daemon.ready.issuer), [""; 0]);
}

#[test]
fn pages_are_in_german_for_those_who_read_german() {
    let daemon = house();
    let words = ["Anmelden", "Nachweis abholen?", "Zustimmen und weiter"];
    let seen = walk(&daemon, "pages-de", &json!({ "javaScript": true, "locale": "de-AT" }), words);
    are_good(&seen, 0, "de");
    are_good(&seen, 8, "de");
}

// BCP-4.2-01, SEC-XSS-01
#[test]
fn a_script_that_got_into_a_page_does_not_run() {
    let daemon = house();
    let flow = CodeFlow::start(&["--issuer", &daemon.ready.issuer, "--scope", SCOPE]);
    let issuer = daemon.ready.issuer.as_str();
    let steps = [
        json!(["open", flow.authorize]),
        json!(["await", "heading", "Sign in"]),
        json!(["inject"]),
        json!(["press", PERSON]),
        json!(["await", "heading", "Get your credential?"]),
        json!(["inject"]),
        json!(["open", format!("{issuer}/v1/oauth/error?reason=over")]),
        json!(["inject"]),
    ];
    let seen = chromium("injected", &json!({ "javaScript": true }), &steps);
    for place in 0..3 {
        assert_eq!(seen.noted(place), &json!({ "ran": false, "loaded": false }));
    }
    let said = seen.said_by(issuer);
    let about =
        |what: &str| said.iter().filter(|line| line.contains("Content Security Policy") && line.contains(what)).count();
    assert_eq!((about("script"), about("image")), (3, 3), "{said:?}");
}

#[test]
fn errors_are_pages_with_a_url_of_their_own() {
    let daemon = house();
    let issuer = daemon.ready.issuer.as_str();
    let mut steps = vec![json!(["open", format!("{issuer}/v1/oauth/error?reason=unknown_request")])];
    steps.push(json!(["await", "alert"]));
    steps.extend(looks("error"));
    let lost =
        format!("{issuer}/v1/oauth/authorize?client_id=x&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Alost");
    steps.extend([json!(["open", lost]), json!(["await", "alert"]), json!(["look", "authorize"])]);
    let seen = chromium("error", &json!({ "javaScript": true }), &steps);
    are_good(&seen, 0, "en");
    for place in [0, 8] {
        for shown in ["heading \"Something went wrong\" [level=1]", "alert: The request of your wallet is unknown"] {
            assert!(seen.tree(place).contains(shown), "{shown} in {}", seen.tree(place));
        }
    }
}
