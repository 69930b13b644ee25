//! Signed authorization requests (JAR, RFC 9101), pushed and through a browser.

use issuerd_tests::browser::Browser;
use issuerd_tests::client::WalletProvider;
use issuerd_tests::configurations::membership;
use issuerd_tests::login::{VERIFIER, challenge, code_of};
use issuerd_tests::proof::seconds_now;
use issuerd_tests::{Answer, Daemon, HolderKey, Proof, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

const USERS: &str = "[[login.test_user]]\nname = \"mika\"\nclaims = { name = \"Mika Sommer\" }\n";
const SCOPE: &str = "mso_mdoc:org.example.club";
const BANK: &str = "bank";
const CALLBACK: &str = "https://bank.example/cb";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A daemon with a client that has registered a key.
struct Scene {
    daemon: Daemon,
    key: HolderKey,
}

/// A good request object of a client, not signed yet.
fn object(daemon: &Daemon, client: &str, redirect_uri: &str, key: &HolderKey) -> Proof {
    let now = seconds_now();
    Proof {
        header: json!({ "typ": "oauth-authz-req+jwt", "alg": key.alg() }),
        claims: json!({
            "iss": client, "aud": daemon.ready.issuer, "client_id": client, "nbf": now, "exp": now + 300,
            "response_type": "code", "redirect_uri": redirect_uri, "scope": SCOPE, "state": "of the object",
            "code_challenge": challenge(), "code_challenge_method": "S256",
        }),
    }
}

fn with_club(config: &str) -> Daemon {
    let daemon = Daemon::installed(&format!("{config}{USERS}"));
    daemon.management().create_configuration(&membership("org.example.club"));
    daemon
}

impl Scene {
    fn with(config: &str) -> Self {
        let (daemon, key) = (with_club(config), HolderKey::es256());
        let body = json!({
            "clientId": BANK, "name": "Bank", "authentication": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
            "redirectUris": [CALLBACK],
        });
        daemon.management().post("/v1/openid/clients", &body).expect(201);
        Self { daemon, key }
    }

    fn object(&self) -> Proof {
        object(&self.daemon, BANK, CALLBACK, &self.key)
    }

    /// A push of the bank, which proves itself, with these fields.
    fn push(&self, fields: &[(&str, &str)]) -> Answer {
        let assertion = Proof::assertion(&self.key, BANK, &self.daemon.ready.issuer).sign(&self.key);
        let own = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
        let form = own.into_iter().chain(fields.iter().copied());
        Request::post("/v1/oauth/par").form(form).send(self.daemon.public())
    }

    fn metadata(&self) -> Value {
        self.daemon.wallet().get("/.well-known/oauth-authorization-server").expect(200).json()
    }
}

fn query(fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/v1/oauth/authorize?{query}")
}

// PAR-2.1-08, ASM-2-12
#[test]
fn of_a_signed_push_the_members_of_the_object_count_and_nothing_beside_it() {
    let scene = Scene::with("");
    let metadata = scene.metadata();
    assert_eq!(metadata["request_parameter_supported"], true);
    assert_eq!(metadata["require_signed_request_object"], false);
    assert_eq!(metadata["request_object_signing_alg_values_supported"], json!(["ES256", "ES384", "EdDSA"]));
    let object = scene.object().sign(&scene.key);
    let fields = [
        ("request", object.as_str()),
        ("redirect_uri", "https://evil.example/cb"),
        ("state", "of the form"),
        ("scope", "unknown"),
        ("response_type", "token"),
        ("dpop_jkt", "nonsense"),
    ];
    let pushed = scene.push(&fields).expect(201).json();
    let wallet = scene.daemon.wallet();
    let location = wallet.approved(BANK, pushed["request_uri"].as_str().unwrap(), "mika");
    assert!(location.starts_with(&format!("{CALLBACK}?code=")), "{location}");
    assert!(location.contains("&state=of+the+object&") || location.contains("&state=of%20the%20object&"), "{location}");
    let assertion = Proof::assertion(&scene.key, BANK, &scene.daemon.ready.issuer).sign(&scene.key);
    let code = code_of(&location);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    let granted = wallet.send(&wallet.bound(&fields, &HolderKey::es256())).expect(200).json();
    assert_eq!(granted["scope"], SCOPE);
}

// PAR-2.1-08, SEC-ALG-01, SEC-TOK-02, SEC-SSRF-01
#[test]
fn each_defect_of_an_object_is_invalid_request_object() {
    let scene = Scene::with("");
    let now = seconds_now();
    let good = || scene.object();
    let key = &scene.key;
    for (name, wrong) in [
        ("another key", good().sign(&HolderKey::es256())),
        ("a key of its own", good().header("jwk", HolderKey::es256().jwk()).sign(&HolderKey::es256())),
        ("a URL of keys", good().header("jku", "https://canary.example").sign(&HolderKey::es256())),
        ("alg none", good().header("alg", "none").with_signature(b"")),
        ("alg HS256", good().header("alg", "HS256").sign(key)),
        ("typ", good().header("typ", "dpop+jwt").sign(key)),
        ("iss", good().claim("iss", "other").sign(key)),
        ("aud", good().claim("aud", "https://other.example").sign(key)),
        ("client_id", good().claim("client_id", "other").sign(key)),
        ("no client_id", good().claim("client_id", Value::Null).sign(key)),
        ("exp", good().claim("exp", now - 100).sign(key)),
        ("no exp", good().claim("exp", Value::Null).sign(key)),
        ("long life", good().claim("exp", now + 4_000).sign(key)),
        ("future", good().claim("nbf", now + 100).sign(key)),
        ("request", good().claim("request", "e30.e30.e30").sign(key)),
        ("request_uri", good().claim("request_uri", "https://canary.example").sign(key)),
        ("sub", good().claim("sub", BANK).sign(key)),
        ("an assertion", Proof::assertion(key, BANK, &scene.daemon.ready.issuer).sign(key)),
        ("no JWS", "x".into()),
        ("encrypted", "e30.e30.e30.e30.e30".into()),
        ("large", format!("e30.{}.e30", "A".repeat(33 * 1024))),
    ] {
        let answer = scene.push(&[("request", &wrong)]);
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        answer.expect_error(400, "invalid_request_object");
    }
    // What it asks for is looked at like any other request.
    for (name, value, error) in [
        ("redirect_uri", json!("https://evil.example/cb"), "invalid_request"),
        ("response_type", json!("token"), "unsupported_response_type"),
        ("code_challenge", Value::Null, "invalid_request"),
        ("scope", json!("unknown"), "invalid_scope"),
        ("authorization_details", json!([{ "type": "x" }]), "invalid_authorization_details"),
    ] {
        scene.push(&[("request", &good().claim(name, value).sign(key))]).expect_error(400, error);
    }
    let object = good().claim("jti", "1").sign(key);
    scene.push(&[("request", &object), ("request_uri", "urn:x")]).expect_error(400, "invalid_request");
    scene.push(&[("request", &object), ("client_id", "other")]).expect_error(401, "invalid_client");
    scene.push(&[("request", &object), ("client_id", BANK)]).expect(201);
    scene.push(&[("request", &object)]).expect_error(400, "invalid_request_object");
}

#[test]
fn an_attested_wallet_signs_with_its_attested_key() {
    let (folder, provider, instance) = (TempDir::new().unwrap(), WalletProvider::new(), HolderKey::es256());
    let daemon = with_club(&provider.trusted(folder.path(), ""));
    let (app, callback) = ("https://wallet.example/app", "https://wallet.example/cb");
    let push = |object: &str| {
        let attestation = provider.sign(&provider.attestation(app, &instance));
        let pop = Proof::attestation_pop(&instance, &daemon.ready.issuer).sign(&instance);
        let request = Request::post("/v1/oauth/par").form([("request", object)]);
        request.attested(&attestation, &pop).send(daemon.public())
    };
    let good = object(&daemon, app, callback, &instance);
    push(&good.sign(&HolderKey::es256())).expect_error(400, "invalid_request_object");
    let pushed = push(&good.sign(&instance)).expect(201).json();
    let location = daemon.wallet().approved(app, pushed["request_uri"].as_str().unwrap(), "mika");
    assert!(location.starts_with(&format!("{callback}?code=")), "{location}");
    // A wallet that proves nothing has no key.
    let named = [("client_id", app), ("request", &good.sign(&instance))];
    Request::post("/v1/oauth/par").form(named).send(daemon.public()).expect_error(400, "request_not_supported");
}

// RFC 9101 10.5
#[test]
fn signed_requests_are_required_or_refused_as_configured() {
    let required = Scene::with("[authorization_code]\nsigned_requests = \"required\"\n");
    assert_eq!(required.metadata()["require_signed_request_object"], true);
    let challenge = challenge();
    let plain = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", SCOPE),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    required.push(&plain).expect_error(400, "invalid_request");
    required.push(&[("request", &required.object().sign(&required.key))]).expect(201);
    let refused = Scene::with("[authorization_code]\nsigned_requests = \"refused\"\n");
    assert_eq!(refused.metadata()["request_parameter_supported"], false);
    assert!(refused.metadata().get("request_object_signing_alg_values_supported").is_none());
    refused.push(&[("request", &refused.object().sign(&refused.key))]).expect_error(400, "request_not_supported");
    refused.push(&plain).expect(201);
    let wrong = Daemon::refused("[authorization_code]\nsigned_requests = \"sometimes\"\n");
    assert!(wrong.contains("`authorization_code.signed_requests` must be"), "{wrong}");
}

// PAR-4-03, OAU-3.1.2-01, SEC-REDIR-02
#[test]
fn without_par_a_signed_request_goes_through_the_browser() {
    let scene = Scene::with("[authorization_code]\nrequire_pushed_authorization_requests = false\n");
    let open = |object: &str| {
        let beside = [("client_id", BANK), ("request", object), ("redirect_uri", "https://evil.example/cb")];
        Browser::new(scene.daemon.public()).get(&query(&beside))
    };
    // It may be loaded again: the page is the same as long as the object lives.
    let object = scene.object().claim("jti", "1").sign(&scene.key);
    for _ in 0..2 {
        let login = open(&object).expect(303);
        assert!(login.header("location").unwrap().contains("/v1/oauth/login?interaction="));
    }
    let wrong = scene.object().claim("scope", "unknown").sign(&scene.key);
    let answer = open(&wrong).expect(303);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(&format!("{CALLBACK}?error=invalid_scope&")), "{location}");
    for forged in [scene.object().sign(&HolderKey::es256()), "e30.e30.e30".into()] {
        let page = open(&forged);
        assert_eq!((page.status, page.header("location")), (400, None));
        assert_eq!(page.media_type(), "text/html");
    }
}
