//! The authorization code grant for a wallet that others wrote: pushed requests with PKCE, `DPoP` with nonces of the server, wallet
//! attestation with challenges, attested keys, refresh.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use issuerd_tests::attester::Attester;
use issuerd_tests::browser::Browser;
use issuerd_tests::client::WalletProvider;
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::{MDL, Options, PID};
use issuerd_tests::login::{MDL_SCOPE, PERSON};
use issuerd_tests::management::OFFERS;
use issuerd_tests::{Daemon, Mdoc};
use serde_json::{Value, json};

use super::interop_node::{CodeFlow, node, vouchers};
use super::verify;

const CLUB_SCOPE: &str = "mso_mdoc:org.example.club";

/// Opens the wallet's URL in a browser without scripts, logs in at the page of the issuer itself, decides, and follows to the wallet.
#[track_caller]
fn log_in(daemon: &Daemon, flow: &CodeFlow, decision: &str) {
    let mut browser = Browser::new(daemon.public());
    let opened = browser.get(&flow.authorize).expect(303);
    let login = browser.follow(opened).expect(200);
    let chosen = browser.submit(&login, &[("user", PERSON)]).expect(303);
    let consent = browser.follow(chosen).expect(200);
    let done = browser.submit(&consent, &[("decision", decision)]).expect(303);
    let back = browser.get(done.header("location").unwrap()).expect(200);
    assert!(back.text().contains("Back in the wallet"));
}

fn offer(daemon: &Daemon, configurations: &[&str]) -> Value {
    let body = json!({ "credentials": configurations, "issuerState": true });
    daemon.management().post(OFFERS, &body).expect(200).json()
}

fn link<'a>(offer: &'a Value, name: &str) -> &'a str {
    offer[name].as_str().unwrap()
}

fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn requests<'a>(answer: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    list(answer, "asked").iter().filter(move |one| one["path"].as_str().unwrap().ends_with(path))
}

/// Status and error of each request to a path that ends so.
fn asked<'a>(answer: &'a Value, path: &str) -> Vec<(u64, &'a str)> {
    let status = |one: &'a Value| (one["status"].as_u64().unwrap(), one["error"].as_str().unwrap_or_default());
    requests(answer, path).map(status).collect()
}

/// The headers of each request to a path that ends so, of those that say who the wallet is.
fn sent<'a>(answer: &'a Value, path: &str) -> Vec<&'a Value> {
    let all: Vec<_> = requests(answer, path).map(|one| &one["sent"]).collect();
    assert!(!all.is_empty(), "nothing was sent to {path}");
    all
}

#[track_caller]
fn mdoc(credential: &Value) -> Mdoc {
    Mdoc::decode(&B64.decode(credential["credential"].as_str().unwrap()).unwrap())
}

// VCI-4.1.1-16, VCI-5.1.2-01, PAR-4-02, PKC-4.3-01, ISS-2-01, DPP-5-01, VCI-14.5-01
#[test]
fn an_authorization_code_offer_is_claimed_and_its_credential_renewed() {
    let daemon = Daemon::start();
    let offer = offer(&daemon, &[daemon.configuration(MDL), daemon.configuration(PID)]);
    for name in ["uri", "credentialOfferUri"] {
        let flow = CodeFlow::start(&["--offer", link(&offer, name), "--refresh", "--copies", "2"]);
        log_in(&daemon, &flow, "approve");
        let answer = flow.end();
        assert_eq!((&answer["tokenType"], &answer["returned"]["iss"]), (&json!("DPoP"), &json!(daemon.ready.issuer)));
        for issued in ["credentials", "renewed"] {
            let credentials = list(&answer, issued);
            let kinds: Vec<_> = credentials.iter().map(|one| one["docType"].as_str().unwrap()).collect();
            assert_eq!(kinds, [MDL, MDL, PID, PID], "{issued}");
            verify(&daemon, credentials);
            assert_eq!(mdoc(&credentials[0]).value("given_name").as_text(), Some("Mika"));
        }
        assert_eq!(asked(&answer, "/par"), [(201, "")]);
        for path in ["/par", "/token", "/credential"] {
            assert!(sent(&answer, path).iter().all(|headers| **headers == json!(["dpop"])), "{path}");
        }
    }
}

// VCI-3.3.3-01
#[test]
fn a_wallet_comes_on_its_own_initiative() {
    let daemon = Daemon::start();
    let flow = CodeFlow::start(&["--issuer", &daemon.ready.issuer, "--scope", MDL_SCOPE]);
    log_in(&daemon, &flow, "approve");
    verify(&daemon, list(&flow.end(), "credentials"));
}

// OAU-4.1.2.1-01
#[test]
fn a_wallet_hears_that_its_person_refused() {
    let daemon = Daemon::start();
    let flow = CodeFlow::start(&["--offer", link(&offer(&daemon, &[daemon.configuration(MDL)]), "uri")]);
    log_in(&daemon, &flow, "deny");
    let answer = flow.end();
    assert_eq!((&answer["error"], &answer["returned"]["iss"]), (&json!("access_denied"), &json!(daemon.ready.issuer)));
    assert!(asked(&answer, "/token").is_empty());
}

// DPP-8-01, DPP-9-01, DPP-8.2-01
#[test]
fn a_wallet_learns_the_nonces_of_the_server() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_DPOP_REQUIRE_NONCE", "true"));
    let flow = CodeFlow::start(&["--issuer", &daemon.ready.issuer, "--scope", MDL_SCOPE, "--refresh"]);
    log_in(&daemon, &flow, "approve");
    let answer = flow.end();
    verify(&daemon, list(&answer, "renewed"));
    assert_eq!(asked(&answer, "/par"), [(400, "use_dpop_nonce"), (201, "")]);
    // From then on it has one.
    assert_eq!(asked(&answer, "/token"), [(200, ""), (200, "")]);
    assert_eq!(asked(&answer, "/credential"), [(200, ""), (200, "")]);
}

/// An issuer with the rules of HAIP but for TLS, who trusts one wallet provider and one who attests keys.
struct House {
    daemon: Daemon,
    provider: WalletProvider,
    attester: Attester,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let (folder, provider, attester) = (tempfile::tempdir().unwrap(), WalletProvider::new(), Attester::new());
        let anchors = folder.path().join("attesters.pem");
        std::fs::write(&anchors, attester.authority()).unwrap();
        let more = format!(
            "required = true\nrequire_challenge = true\n[key_attestation]\ntrust_anchors = [\"{}\"]\n\
            [clients]\nallow_unregistered = false\n[dpop]\nrequired = true\nrequire_nonce = true\n\
            [[login.test_user]]\nname = \"{PERSON}\"\nclaims = {{ name = \"{PERSON}\" }}\n",
            anchors.display()
        );
        let daemon = Daemon::installed(&provider.trusted(folder.path(), &more));
        let asked = json!({ "keyStorage": ["iso_18045_high"], "userAuthentication": ["iso_18045_moderate"] });
        let club = changed(membership("org.example.club"), "/keyAttestation", asked);
        daemon.management().create_configuration(&club);
        Self { daemon, provider, attester, _folder: folder }
    }
}

// HAIP-4-01, HAIP-4-02, HAIP-4.3-01, HAIP-4.4-01, HAIP-4.4.1-01, HAIP-4.5.1-01, HAIP-7-04, ABC-6.2-01, ABC-9.3-01, VCI-D.1-14
#[test]
fn a_foreign_wallet_gets_what_haip_guards() {
    let house = House::new();
    let vouchers = vouchers(&house.provider, &house.attester);
    let mut arguments =
        vec!["--issuer", &house.daemon.ready.issuer, "--scope", CLUB_SCOPE, "--refresh", "--copies", "3"];
    arguments.extend(vouchers.iter().map(String::as_str));
    let flow = CodeFlow::start(&arguments);
    log_in(&house.daemon, &flow, "approve");
    let answer = flow.end();
    for issued in ["credentials", "renewed"] {
        assert_eq!(list(&answer, issued).len(), 3);
        verify(&house.daemon, list(&answer, issued));
        assert_eq!(mdoc(&list(&answer, issued)[0]).value("name").as_text(), Some(PERSON));
    }
    let attested = json!(["dpop", "oauth-client-attestation", "oauth-client-attestation-pop"]);
    for path in ["/par", "/token"] {
        assert!(sent(&answer, path).iter().all(|headers| **headers == attested), "{path}");
    }
}

// HAIP-4.4.1-01, F2-5.3.2.1-02
#[test]
fn a_wallet_that_nobody_vouches_for_is_not_let_in() {
    let house = House::new();
    let issuer = house.daemon.ready.issuer.as_str();
    let refused = node("code-flow.mjs", &["--issuer", issuer, "--scope", CLUB_SCOPE], "").unwrap_err();
    assert!(refused.contains("invalid_client"), "{refused}");
}
