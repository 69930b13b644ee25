//! Claim sources that attack, in the real daemon: nothing is issued, nothing leaks, everything else goes on.

use issuerd_tests::configurations::{changed, mapped, membership};
use issuerd_tests::guests::{Hostile, Server, http};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, HolderKey, Request};
use serde_json::{Value, json};

use crate::flow_plugin_claims::{CLUB, offer};

/// Names that belong to the issuer, as docs/plugins.md lists them.
pub(crate) const RESERVED: [&str; 20] = [
    "iss",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "credential_issuer",
    "authenticationProvider",
    "validityInfo",
    "deviceKeyInfo",
    "docType",
    "digestAlgorithm",
    "valueDigests",
    "_sd",
    "_sd_alg",
    "...",
];
const GOOD: &str = r#"{"name":"Mika Sommer"}"#;
const SECRET: &str = "kHq7-register-token-41";

/// A hostile claim source, and a redeemed offer of a credential that it gives the claims of.
struct Site {
    hostile: Hostile,
    offer: String,
    configuration: String,
    token: String,
}

impl Site {
    fn start() -> Self {
        let hostile = Hostile::claim_source(CLUB);
        // A configuration that would show what it may not.
        let claims = "/claimMappings/org.example.membership";
        let body = changed(membership(CLUB), &format!("{claims}/status"), mapped("status", "string"));
        let body = changed(body, &format!("{claims}/status/required"), false);
        let configuration = hostile.daemon.management().create_configuration(&body);
        let offer = offer(&hostile.daemon, &configuration, &json!({ "employee": "1042", "name": "Mika Winter" }));
        let token = hostile.daemon.wallet().redeem(&offer);
        Self { hostile, offer: offer.id, configuration, token }
    }

    fn ask(&self) -> Answer {
        self.hostile.daemon.wallet().ask(&self.token, &self.configuration, &[HolderKey::es256()])
    }

    /// Lets the plugin attack, which ends so and gives nothing; the daemon is well afterwards.
    #[track_caller]
    fn attack(&self, outcome: &str) {
        let before = self.hostile.calls(outcome);
        let answer = self.ask();
        assert!(!answer.text().contains("credentials\""), "{}", answer.text());
        answer.expect_error(500, "server_error");
        assert_eq!(self.hostile.calls(outcome), before + 1, "{outcome}");
        self.is_well();
    }

    #[track_caller]
    fn is_well(&self) {
        let management = self.hostile.daemon.management();
        Request::get("/healthz").send(management.address).expect(200);
        assert_eq!(management.offer_state(&self.offer), "redeemed");
    }

    /// The plugin comes to its senses: the same token gets a credential.
    #[track_caller]
    fn recovers(&self) {
        self.hostile.say(GOOD);
        let mdoc = credentials(&self.ask().expect(200)).remove(0);
        mdoc.verify(&self.hostile.daemon.management().iaca());
        assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
        assert_eq!(self.hostile.daemon.management().offer_state(&self.offer), "issued");
    }
}

#[test]
fn no_claim_of_the_issuer_is_taken_from_a_plugin() {
    let site = Site::start();
    for name in RESERVED {
        site.hostile.say(&json!({ "name": "Mika Sommer", name: "x" }).to_string());
        site.attack("invalid");
    }
    let all: serde_json::Map<String, Value> = RESERVED.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    site.hostile.say(&Value::from(all).to_string());
    site.attack("invalid");
    site.recovers();
}

#[test]
fn no_word_of_selective_disclosure_is_taken_at_any_depth() {
    let site = Site::start();
    for name in ["_sd", "_sd_alg", "..."] {
        site.hostile.say(&json!({ "name": { "lines": [{ name: ["x"] }] } }).to_string());
        site.attack("invalid");
    }
    site.recovers();
}

#[test]
fn claims_that_are_no_claims_are_not_taken() {
    let site = Site::start();
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(200 << 10));
    for claims in ["", "null", "[]", "{\"name\":", "{\"name\":\"a\",\"name\":\"b\"}", &deep, &large] {
        site.hostile.say(claims);
        site.attack("invalid");
    }
    site.recovers();
}

#[test]
fn a_guest_that_takes_too_much_ends_at_its_limits() {
    let site = Site::start();
    for (mode, outcome) in [("loop", "cpu"), ("trap", "trap"), ("memory", "memory"), ("output", "oversize")] {
        site.hostile.set("", &[("mode", mode)]);
        site.attack(outcome);
    }
    site.recovers();
}

#[test]
fn a_refusal_shows_no_text_that_an_answer_cannot_carry() {
    let site = Site::start();
    for text in ["not today", "heute nicht möglich", "a\r\nset-cookie: x", "quote \" quote", &"x".repeat(100 << 10)] {
        site.hostile.set("", &[("mode", "deny"), ("text", text)]);
        let answer = site.ask();
        let shown = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert_eq!(shown == text, text == "not today", "{shown}");
        assert!(shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && shown.len() <= 300, "{shown}");
        answer.expect_error(400, "credential_request_denied");
        site.is_well();
    }
    assert_eq!(site.hostile.calls("denied"), 5);
    site.recovers();
}

/// Sends the plugin to `url`, which must be refused.
#[track_caller]
fn refused(site: &Site, grants: &str, url: &str) {
    let before = site.hostile.requests("denied");
    site.hostile.set(grants, &[("mode", "http"), ("url", url)]);
    site.attack("internal");
    assert_eq!(site.hostile.requests("denied"), before + 1, "{url}");
}

#[test]
fn no_request_goes_to_this_machine_or_its_network_unless_that_is_granted() {
    let inside = Server::says("internal");
    let (site, port) = (Site::start(), inside.address.port());
    for url in [
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://[::ffff:7f00:1]:{port}"),
        "https://10.0.0.1".to_owned(),
        "http://192.168.1.1".to_owned(),
        "http://169.254.169.254".to_owned(),
    ] {
        // Granted, but not as private.
        refused(&site, &http(&url, false), &url);
        // Not granted at all.
        refused(&site, &http("https://register.example", false), &url);
    }
    // Other ways to write this machine are read as what they are.
    for host in ["2130706433", "0x7f.1", "127.1", "017700000001"] {
        refused(&site, &http(&format!("http://127.0.0.1:{port}"), false), &format!("http://{host}:{port}/"));
    }
    // A service that knows the keys of a cloud's machine is never reached.
    refused(&site, &http("http://169.254.169.254", true), "http://169.254.169.254/latest/meta-data/");
    assert_eq!(inside.connections(), 0);
    site.recovers();
}

#[test]
fn a_redirect_leads_to_nothing_that_is_not_granted() {
    let inside = Server::says("internal");
    let site = Site::start();
    for place in [
        format!("{}/", inside.origin()),
        format!("http://localhost:{}/", inside.address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        let outside = Server::points_to(place);
        refused(&site, &http(&outside.origin(), true), &format!("{}/", outside.origin()));
        assert_eq!(outside.connections(), 1);
    }
    assert_eq!(site.hostile.requests("3xx"), 3);
    // Also when the place is granted, but not as private.
    let outside = Server::points_to(format!("{}/", inside.origin()));
    let grants = http(&outside.origin(), true) + &http(&inside.origin(), false);
    refused(&site, &grants, &outside.origin());
    assert_eq!(inside.connections(), 0);
    site.recovers();
}

/// Lines of `issuer.toml` for a secret that the plugin may use so.
fn granted(uses: &str) -> String {
    format!("[[plugin.hostile.secret]]\nname = \"token\"\nuse = [\"{uses}\"]\n")
}

#[test]
fn a_secret_is_not_fished_for() {
    let mut site = Site::start();
    let section = site.hostile.secret(SECRET, "https://register.example");
    for grants in [section.clone(), section.clone() + &granted("header"), section.clone() + &granted("hmac")] {
        site.hostile.set(&grants, &[("mode", "fish"), ("secret", "token")]);
        site.attack("internal");
    }
    // One that it may see does not get into the log.
    site.hostile.set(&(section + &granted("reveal")), &[("mode", "blab"), ("secret", "token")]);
    site.attack("internal");
    site.recovers();
    site.hostile.daemon.end();
    let log = site.hostile.daemon.stderr();
    assert!(log.contains("***") && !log.contains(SECRET), "{log}");
}

#[test]
fn a_secret_goes_only_where_it_may_and_does_not_come_back() {
    let echo = Server::start(|head| {
        let line = head.iter().find(|line| line.starts_with("authorization")).cloned();
        (format!("x-again: {}\r\n", line.clone().unwrap_or_default()), line.unwrap_or_else(|| "nothing".to_owned()))
    });
    let other = Server::says("thanks");
    let mut site = Site::start();
    let section = site.hostile.secret(SECRET, &echo.origin());
    let asked = |url: &str| [("mode", "secret".to_owned()), ("secret", "token".to_owned()), ("url", url.to_owned())];
    let set = |grants: &str, url: &str| {
        let config = asked(url);
        site.hostile.set(grants, &config.each_ref().map(|(key, value)| (*key, value.as_str())));
    };
    let places = http(&echo.origin(), true) + &http(&other.origin(), true);
    // Not for headers; and not to that origin.
    set(&(section.clone() + &granted("reveal") + &places), &format!("{}/", echo.origin()));
    site.attack("internal");
    set(&(section.clone() + &granted("header") + &places), &format!("{}/", other.origin()));
    site.attack("internal");
    assert_eq!((echo.connections(), other.connections(), site.hostile.requests("denied")), (0, 0, 2));
    // Where it may go, the answer says it again, and the plugin makes a claim of it.
    set(&(section + &granted("header") + &places), &format!("{}/", echo.origin()));
    let mdoc = credentials(&site.ask().expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("authorization: ***"));
    assert_eq!(echo.connections(), 1);
    let metrics = site.hostile.daemon.management().metrics();
    site.hostile.daemon.end();
    assert!(!metrics.contains(SECRET) && !site.hostile.daemon.stderr().contains(SECRET));
}
