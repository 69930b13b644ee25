//! Auth hooks that attack, in the real daemon.

use issuerd_tests::configurations::membership;
use issuerd_tests::guests::Hostile;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, HolderKey, Offer, Request};
use serde_json::json;

use crate::flow_plugin_claims::{CLUB, offer};
use crate::flow_plugin_hostile::RESERVED;

const PHASES: [&str; 2] = ["token-request", "credential-request"];

/// A hook in a phase, and an offer that is as far as the phase.
struct Site {
    hostile: Hostile,
    offer: Offer,
    configuration: String,
    /// When the phase is that of the credential request.
    token: Option<String>,
}

impl Site {
    fn start(phase: &str) -> Self {
        let hostile = Hostile::auth_hook(phase);
        let configuration = hostile.daemon.management().create_configuration(&membership(CLUB));
        let offer = offer(&hostile.daemon, &configuration, &json!({ "name": "Mika Sommer" }));
        let token = (phase == "credential-request").then(|| hostile.daemon.wallet().redeem(&offer));
        Self { hostile, offer, configuration, token }
    }

    /// The request that the hook is asked about.
    fn ask(&self) -> Answer {
        let wallet = self.hostile.daemon.wallet();
        match &self.token {
            Some(token) => wallet.ask(token, &self.configuration, &[HolderKey::es256()]),
            None => wallet.token(&self.offer.code, None),
        }
    }

    #[track_caller]
    fn attack(&self, outcome: &str) {
        let before = self.hostile.calls(outcome);
        self.ask().expect_error(500, "server_error");
        assert_eq!(self.hostile.calls(outcome), before + 1, "{outcome}");
        self.is_well();
    }

    /// Nothing is used up, and the daemon lives.
    #[track_caller]
    fn is_well(&self) {
        let management = self.hostile.daemon.management();
        Request::get("/healthz").send(management.address).expect(200);
        let state = if self.token.is_some() { "redeemed" } else { "open" };
        assert_eq!(management.offer_state(&self.offer.id), state);
    }

    /// The hook lets the same request through; the credential says this name.
    #[track_caller]
    fn recovers(&self, claims: &str, name: &str) {
        self.hostile.say(claims);
        let wallet = self.hostile.daemon.wallet();
        let token = self.token.clone().unwrap_or_else(|| wallet.redeem(&self.offer));
        let answer = wallet.ask(&token, &self.configuration, &[HolderKey::es256()]).expect(200);
        assert_eq!(credentials(&answer).remove(0).value("name").as_text(), Some(name));
    }
}

#[test]
fn no_claim_of_the_issuer_is_taken_from_a_hook() {
    for phase in PHASES {
        let site = Site::start(phase);
        for name in RESERVED {
            site.hostile.say(&json!({ "name": "Mika Herbst", name: {} }).to_string());
            site.attack("invalid");
        }
        site.recovers(r#"{"name":"Mika Herbst","salary":1}"#, "Mika Herbst");
    }
}

#[test]
fn a_hook_that_takes_too_much_ends_at_its_limits() {
    for phase in PHASES {
        let site = Site::start(phase);
        for (mode, outcome) in [("loop", "cpu"), ("trap", "trap"), ("memory", "memory"), ("output", "oversize")] {
            site.hostile.set("", &[("mode", mode)]);
            site.attack(outcome);
        }
        site.recovers("{}", "Mika Sommer");
    }
}

#[test]
fn a_hook_adds_no_huge_or_broken_claims() {
    for phase in PHASES {
        let site = Site::start(phase);
        for claims in ["", "[]", "{\"name\":", &format!("{{\"name\":\"{}\"}}", "x".repeat(200 << 10))] {
            site.hostile.say(claims);
            site.attack("invalid");
        }
        // Thousands of names that nothing maps go nowhere.
        let many: serde_json::Map<String, serde_json::Value> =
            (0..5_000).map(|number| (format!("n{number}"), number.into())).collect();
        site.recovers(&serde_json::Value::from(many).to_string(), "Mika Sommer");
    }
}

#[test]
fn a_refusal_of_a_hook_shows_no_text_that_an_answer_cannot_carry() {
    for (phase, code) in PHASES.into_iter().zip(["access_denied", "credential_request_denied"]) {
        let site = Site::start(phase);
        for text in ["come to our counter", "Schalter geöffnet", "a\r\nset-cookie: x", &"x".repeat(100 << 10)] {
            site.hostile.set("", &[("mode", "deny"), ("text", text)]);
            let answer = site.ask();
            let shown = answer.json()["error_description"].as_str().unwrap().to_owned();
            assert_eq!(shown == text, text == "come to our counter", "{shown}");
            assert!(shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && shown.len() <= 300, "{shown}");
            answer.expect_error(400, code);
            site.is_well();
        }
        assert_eq!(site.hostile.calls("denied"), 4);
        site.recovers("{}", "Mika Sommer");
    }
}
