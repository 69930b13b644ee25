//! Claims that a wallet asks for in `authorization_details`: it gets these, and what the credential cannot be without.

use issuerd_tests::browser::Browser;
use issuerd_tests::configurations::membership;
use issuerd_tests::login::{CLIENT, REDIRECT_URI, challenge, code_of};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, Daemon, HolderKey, Mdoc, Request, Wallet};
use serde_json::{Value, json};

const USERS: &str = "[[login.test_user]]\nname = \"mika\"\nclaims = { name = \"Mika Sommer\", level = \"gold\" }\n\
    [[login.test_user]]\nname = \"ada\"\nclaims = { name = \"Ada Winter\" }\n";
const NAMESPACE: &str = "org.example.membership";
const SCOPE: &str = "mso_mdoc:org.example.club";

struct Club {
    daemon: Daemon,
    wallet: Wallet,
    id: String,
    key: HolderKey,
}

impl Club {
    fn new() -> Self {
        let daemon = Daemon::installed(USERS);
        let mut body = membership("org.example.club");
        // Without a default it is there for those who have a level.
        body["claimMappings"][NAMESPACE]["level"] = json!({ "mapFrom": "claims.level", "type": "string" });
        let id = daemon.management().create_configuration(&body);
        Self { wallet: daemon.wallet(), daemon, id, key: HolderKey::es256() }
    }

    fn details(&self, claims: &Value) -> String {
        let detail = json!({ "type": "openid_credential", "credential_configuration_id": self.id, "claims": claims });
        json!([detail]).to_string()
    }

    fn push(&self, fields: &[(&str, &str)]) -> Answer {
        let challenge = challenge();
        let own = [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        Request::post("/v1/oauth/par").form(own.into_iter().chain(fields.iter().copied())).send(self.daemon.public())
    }

    /// The token response for what was asked for, approved by a person.
    fn granted(&self, fields: &[(&str, &str)], person: &str) -> Value {
        let pushed = self.push(fields).expect(201).json();
        let code = code_of(&self.wallet.approved(CLIENT, pushed["request_uri"].as_str().unwrap(), person));
        self.wallet.send(&self.wallet.code_request(&code, &self.key)).expect(200).json()
    }

    fn ask(&self, granted: &Value) -> Answer {
        let identifier = granted["authorization_details"][0]["credential_identifiers"][0].as_str().unwrap();
        let token = granted["access_token"].as_str().unwrap();
        let selector = ("credential_identifier", identifier);
        self.wallet.send(&self.wallet.bound_credential_request(token, selector, &self.key))
    }

    fn issued(&self, granted: &Value) -> Vec<String> {
        elements(&credentials(&self.ask(granted).expect(200))[0])
    }
}

fn elements(mdoc: &Mdoc) -> Vec<String> {
    let mut names: Vec<_> = mdoc.elements.iter().map(|element| element.identifier.clone()).collect();
    names.sort();
    names
}

fn path(element: &str) -> Value {
    json!({ "path": [NAMESPACE, element] })
}

// VCI-5.1.2-04, VCI-6.2-01, RAR-7-01, VCI-12.2.4-34
#[test]
fn a_credential_has_what_was_asked_for_and_what_is_required() {
    let club = Club::new();
    let all = json!([{ "type": "openid_credential", "credential_configuration_id": club.id }]).to_string();
    let granted = club.granted(&[("authorization_details", &all)], "mika");
    assert!(granted["authorization_details"][0].get("claims").is_none(), "{granted}");
    assert_eq!(club.issued(&granted), ["club", "level", "name"]);
    // With the scope beside it, the details are what counts.
    let details = club.details(&json!([path("level"), { "path": [NAMESPACE, "unknown"] }]));
    let granted = club.granted(&[("authorization_details", &details), ("scope", SCOPE)], "mika");
    assert_eq!(granted["authorization_details"][0]["claims"], json!([path("level")]));
    assert_eq!(club.issued(&granted), ["level", "name"]);
    let refresh = club.wallet.refresh_request(granted["refresh_token"].as_str().unwrap(), &club.key);
    let renewed = club.wallet.send(&refresh).expect(200).json();
    assert_eq!(renewed["authorization_details"], granted["authorization_details"]);
    assert_eq!(club.issued(&renewed), ["level", "name"]);
}

// VCI-15.1-01, VCI-12.2.4-34
#[test]
fn the_person_sees_what_the_wallet_will_get() {
    let club = Club::new();
    let details = club.details(&json!([path("level")]));
    let pushed = club.push(&[("authorization_details", &details)]).expect(201).json();
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", CLIENT), ("request_uri", pushed["request_uri"].as_str().unwrap())])
        .finish();
    let mut browser = Browser::new(club.daemon.public());
    let login = browser.get(&format!("/v1/oauth/authorize?{query}")).expect(303);
    let login = browser.follow(login).expect(200);
    let next = browser.submit(&login, &[("user", "mika")]).expect(303);
    let consent = browser.follow(next).expect(200).text();
    assert!(consent.contains("<li>level</li>") && !consent.contains("<li>club</li>"), "{consent}");
}

// VCI-B.1-01
#[test]
fn what_is_mandatory_to_the_wallet_is_there_or_nothing_is_issued() {
    let club = Club::new();
    let mandatory = club.details(&json!([{ "path": [NAMESPACE, "level"], "mandatory": true }]));
    let granted = club.granted(&[("authorization_details", &mandatory)], "mika");
    assert_eq!(club.issued(&granted), ["level", "name"]);
    let granted = club.granted(&[("authorization_details", &mandatory)], "ada");
    club.ask(&granted).expect_error(400, "credential_request_denied");
    let optional = club.details(&json!([path("level")]));
    assert_eq!(club.issued(&club.granted(&[("authorization_details", &optional)], "ada")), ["name"]);
}

// VCI-5.1.1-04, VCI-B.1-01, VCI-B.3-02, VCI-C.1-01, VCI-C.2-01
#[test]
fn claims_that_cannot_be_asked_for_are_refused_at_once() {
    let club = Club::new();
    for claims in [
        json!([]),
        json!({}),
        json!([{ "path": [] }]),
        json!([{ "path": [NAMESPACE] }]),
        json!([{ "path": [NAMESPACE, null] }]),
        json!([{ "path": [NAMESPACE, "level", -1] }]),
        json!([{ "path": [NAMESPACE, "unknown"], "mandatory": true }]),
        json!([path("level"), path("level")]),
        json!([{ "path": [NAMESPACE, "level", 0] }, { "path": [NAMESPACE, "level", "x"] }]),
    ] {
        let answer = club.push(&[("authorization_details", &club.details(&claims))]);
        assert_eq!(answer.status, 400, "{claims}: {}", answer.text());
        answer.expect_error(400, "invalid_authorization_details");
    }
}
