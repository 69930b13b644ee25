//! Rules of pushed authorization requests, of the authorization endpoint and of codes, one after the other.

use std::collections::BTreeSet;

use issuerd_tests::client::WalletProvider;
use issuerd_tests::club::{Club, PAR, SCOPE};
use issuerd_tests::login::{CLIENT, REDIRECT_URI, VERIFIER, code_of};
use issuerd_tests::{Connection, HolderKey, Proof, Request};
use serde_json::json;
use tempfile::TempDir;

// PAR-2.1-01, PAR-2.3-01, PAR-2.3-02, HTP-9110-05
#[test]
fn a_push_is_a_posted_form_and_its_errors_are_answers() {
    let club = Club::start();
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = Request::new(method, PAR).send(club.daemon.public()).expect(405);
        assert!(answer.lists("allow", "POST") && answer.header("location").is_none(), "{method}");
    }
    let json = Request::post(PAR).json(&json!({ "client_id": CLIENT })).send(club.daemon.public());
    json.expect_error(415, "invalid_request");
    // Announced and never sent: the answer comes from the announcement.
    let head = "POST /v1/oauth/par HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let mut connection = Connection::open(club.daemon.public());
    connection.write(format!("{head}Content-Length: 70000\r\n\r\n").as_bytes()).unwrap();
    let answer = connection.read(false).unwrap();
    assert_eq!((answer.status, answer.header("location")), (413, None));
    let twice = club.push_request(&[]);
    let doubled = [twice.body.clone().unwrap(), b"&scope=x".to_vec()].concat();
    let doubled = Request { headers: Vec::new(), ..twice }.content("application/x-www-form-urlencoded", doubled);
    doubled.send(club.daemon.public()).expect_error(400, "invalid_request");
    let answer = club.push(&[("code_challenge_method", "plain")]);
    assert!(answer.header("location").is_none());
    answer.expect_error(400, "invalid_request");
    // Parameters in the URL of the push are not read.
    let empty = Request::post(&format!("{PAR}?client_id=x&scope=y")).form([("client_id", CLIENT)]);
    empty.send(club.daemon.public()).expect_error(400, "invalid_request");
}

// PAR-2.1-02, PAR-2.1-06, OAU-2.3-01
#[test]
fn a_push_proves_its_client_before_anything_else() {
    let (folder, provider, instance) = (TempDir::new().unwrap(), WalletProvider::new(), HolderKey::es256());
    let club = Club::with(&provider.trusted(folder.path(), ""));
    let key = HolderKey::es256();
    let body = json!({
        "clientId": "bank", "authentication": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
        "redirectUris": ["https://bank.example/cb"],
    });
    club.daemon.management().post("/v1/openid/clients", &body).expect(201);
    // All is wrong with it, and of that the client counts.
    let wrong = [("client_id", "bank"), ("redirect_uri", "x"), ("request_uri", "y"), ("response_type", "z")];
    club.push(&wrong).expect_error(401, "invalid_client");
    let issuer = club.daemon.ready.issuer.clone();
    let forged = Proof::assertion(&key, "bank", &issuer).sign(&HolderKey::es256());
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let forged = [kind, ("client_assertion", forged.as_str()), ("redirect_uri", "x"), ("client_id", "bank")];
    club.push(&forged).expect_error(401, "invalid_client");
    let attested = |fields: &[(&str, &str)]| {
        let attestation = provider.sign(&provider.attestation(CLIENT, &instance));
        let pop = Proof::attestation_pop(&instance, &issuer).sign(&instance);
        club.push_request(fields).attested(&attestation, &pop).send(club.daemon.public())
    };
    attested(&[("client_id", "other"), ("redirect_uri", "x")]).expect_error(401, "invalid_client");
    attested(&[("redirect_uri", "x")]).expect_error(400, "invalid_request");
    attested(&[]).expect(201);
    // Its attestation names it.
    attested(&[("client_id", "")]).expect(201);
}

// ABC-9.4-01, SEC-ATT-02
#[test]
fn a_code_is_for_the_instance_that_pushed() {
    let (folder, provider) = (TempDir::new().unwrap(), WalletProvider::new());
    let (instance, other) = (HolderKey::es256(), HolderKey::es256());
    let club = Club::with(&provider.trusted(folder.path(), ""));
    let wallet = club.daemon.wallet();
    let attest = |request: Request, instance: &HolderKey| {
        let attestation = provider.sign(&provider.attestation(CLIENT, instance));
        let pop = Proof::attestation_pop(instance, &wallet.issuer).sign(instance);
        wallet.send(&request.attested(&attestation, &pop))
    };
    let pushed = attest(club.push_request(&[]), &instance).expect(201).json();
    let code = code_of(&wallet.approved(CLIENT, pushed["request_uri"].as_str().unwrap(), "mika"));
    let key = HolderKey::es256();
    attest(wallet.code_request(&code, &key), &other).expect_error(400, "invalid_grant");
    wallet.send(&wallet.code_request(&code, &key)).expect_error(400, "invalid_grant");
    let granted = attest(wallet.code_request(&code, &key), &instance).expect(200).json();
    // ABC-9.3-01
    let refresh = granted["refresh_token"].as_str().unwrap();
    attest(wallet.refresh_request(refresh, &key), &other).expect_error(400, "invalid_grant");
    attest(wallet.refresh_request(refresh, &key), &instance).expect(200);
}

// PAR-7.5-01, PAR-2.2-04
#[test]
fn whoever_opens_a_pushed_request_sees_whose_it_is() {
    let club = Club::start();
    let request_uri = club.request_uri(&[("state", "of the wallet")]);
    // The URL has found its way to somebody else.
    let mut other = club.browser();
    let login =
        club.open(&mut other, &request_uri, "&client_name=Trusted&redirect_uri=https%3A%2F%2Fother.example%2Fcb");
    let login = login.expect(200);
    assert!(login.text().contains(CLIENT), "{}", login.text());
    let next = other.submit(&login, &[("user", "ada")]).expect(303);
    let consent = other.follow(next).expect(200).text();
    assert!(
        consent.contains(CLIENT) && !consent.contains("Trusted") && !consent.contains("other.example"),
        "{consent}"
    );
    // With the name of another client it is not opened at all.
    let foreign = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "https://trusted.example"), ("request_uri", request_uri.as_str())])
        .finish();
    let page = club.browser().get(&format!("/v1/oauth/authorize?{foreign}"));
    assert_eq!((page.status, page.header("location")), (400, None));
}

// OAU-3.1-02, VCI-5.1.2-03
#[test]
fn empty_parameters_are_none_and_unknown_ones_do_no_harm() {
    let club = Club::start();
    let fields = [("state", ""), ("foo", "bar"), ("login_hint", ""), ("authorization_details", ""), ("request", "")];
    let location = club.daemon.wallet().approved(CLIENT, &club.request_uri(&fields), "mika");
    assert!(location.contains("?code=") && !location.contains("state="), "{location}");
    club.push(&[("redirect_uri", "")]).expect_error(400, "invalid_request");
    // Where nothing that is known is left, there is nothing to give.
    for scope in ["", "unknown", "openid profile", " "] {
        club.push(&[("scope", scope)]).expect_error(400, "invalid_scope");
    }
    club.push(&[("scope", &format!("unknown {SCOPE}"))]).expect(201);
}

// OAU-4.1.2-02, DPP-10-01
#[test]
fn a_code_is_unguessable_used_once_and_bound_to_all_that_it_was_asked_with() {
    let club = Club::start();
    let (wallet, key) = (club.daemon.wallet(), HolderKey::es256());
    let jkt = key.thumbprint();
    let code = || code_of(&wallet.approved(CLIENT, &club.request_uri(&[("dpop_jkt", &jkt)]), "mika"));
    let codes: BTreeSet<_> = (0..8).map(|_| code()).collect();
    assert_eq!(codes.len(), 8);
    // 256 bits in base64url.
    assert!(codes.iter().all(|code| code.len() == 43), "{codes:?}");
    let code = codes.first().unwrap();
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in [
        ("client_id", "https://other.example"),
        ("redirect_uri", "https://wallet.example/cb2"),
        ("code_verifier", "walnut-harbour-0123456789-violet-meadow-ABCDEFH"),
    ] {
        let fields = good.map(|(field, old)| (field, if field == name { value } else { old }));
        wallet.send(&wallet.bound(&fields, &key)).expect_error(400, "invalid_grant");
    }
    wallet.send(&wallet.bound(&good, &HolderKey::es256())).expect_error(400, "invalid_grant");
    wallet.send(&wallet.bound(&good, &key)).expect(200);
    wallet.send(&wallet.bound(&good, &key)).expect_error(400, "invalid_grant");
    for wrong in ["x", &jkt[1..], &format!("{jkt}=")] {
        club.push(&[("dpop_jkt", wrong)]).expect_error(400, "invalid_request");
    }
}

// OAU-4.1.2.1-02: the codes of errors of the authorization endpoint, which a push gives at once.
#[test]
fn each_mistake_of_a_request_has_its_code() {
    let club = Club::start();
    for (name, value, error) in [
        ("code_challenge", "x", "invalid_request"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("scope", "openid", "invalid_scope"),
        ("authorization_details", "[{}]", "invalid_authorization_details"),
        ("resource", "https://other.example", "invalid_target"),
    ] {
        club.push(&[(name, value)]).expect_error(400, error);
    }
    let mut browser = club.browser();
    let login = club.open(&mut browser, &club.request_uri(&[("state", "s")]), "");
    let done = browser.submit(&login, &[("cancel", "1")]).expect(303);
    let location = done.header("location").unwrap();
    assert!(location.starts_with(&format!("{REDIRECT_URI}?error=access_denied&state=s&iss=")), "{location}");
    let off = Club::with("[authorization_code]\nenabled = false\n");
    off.push(&[]).expect_error(400, "unauthorized_client");
}

// BCP-2.1-02, SEC-REDIR-01, SEC-REDIR-02
#[test]
fn no_page_sends_a_browser_where_a_parameter_says() {
    let club = Club::start();
    let mut browser = club.browser();
    let login = club.open(&mut browser, &club.request_uri(&[]), "").expect(200);
    let fields = issuerd_tests::browser::hidden(&login.text());
    let id = fields.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
    let names =
        ["return", "returnTo", "next", "url", "redirect", "redirect_uri", "continue", "post_logout_redirect_uri"];
    let targets = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"];
    let pages =
        ["authorize", "login", "login/callback", "consent", "hook", "hook/return", "hook/callback", "error", "logout"];
    for page in pages {
        for (name, target) in names.iter().flat_map(|name| targets.iter().map(move |target| (*name, *target))) {
            let pairs = [("interaction", id.as_str()), (name, target)];
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let answer = browser.get(&format!("/v1/oauth/{page}?{query}"));
            let location = answer.header("location").unwrap_or(&club.daemon.ready.issuer).to_owned();
            assert!(location.starts_with(&club.daemon.ready.issuer), "{page}?{query}: {location}");
            assert!(!answer.text().contains("evil.example"), "{page}?{query}");
        }
    }
    // Whoever nobody knows cannot have a browser sent away before its person has done anything.
    let silent = club.request_uri(&[("prompt", "none"), ("redirect_uri", "https://evil.example/cb")]);
    let answer = club.open(&mut club.browser(), &silent, "");
    assert!(answer.status == 200 && answer.header("location").is_none(), "{}", answer.status);
    let plain = Club::with("[authorization_code]\nrequire_pushed_authorization_requests = false\n");
    let wrong = "response_type=token&redirect_uri=https%3A%2F%2Fevil.example%2Fcb&client_id=x";
    let answer = plain.browser().get(&format!("/v1/oauth/authorize?{wrong}"));
    assert_eq!((answer.status, answer.header("location")), (400, None));
}
