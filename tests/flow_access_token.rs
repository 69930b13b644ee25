//! Access tokens at the credential endpoint (VCI-8.3.1.1-01, F2-5.3.4-01).

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey, Request, Wallet};

struct Ready {
    daemon: Daemon,
    wallet: Wallet,
    token: String,
}

fn ready() -> Ready {
    let daemon = Daemon::start();
    let management = daemon.management();
    let wallet = daemon.wallet();
    let token = wallet.redeem(&management.offer_of(daemon.configuration(MDL), &mdl(&management.country())));
    Ready { daemon, wallet, token }
}

impl Ready {
    /// A good request but for the token.
    fn request(&self) -> Request {
        let key = HolderKey::es256();
        let proof = self.wallet.proof(&key).sign(&key);
        let body = request_body(self.daemon.configuration(MDL), &[proof]);
        Request::new("POST", &self.wallet.credential_path()).json(&body)
    }
}

// BRR-3-01
#[test]
fn brr_3_01_a_request_without_a_token_is_challenged() {
    let ready = ready();
    let answer = ready.wallet.send(&ready.request()).expect(401);
    assert_eq!(answer.header("www-authenticate").map(str::to_ascii_lowercase).as_deref(), Some("bearer"));
    assert!(answer.lists("cache-control", "no-store"));
    // HTP-JSON-01: an error body names an error, though the challenge must not.
    assert_eq!(answer.json()["error"], "invalid_token");
    ready.wallet.send(&ready.request().bearer(&ready.token)).expect(200);
}

// BRR-3.1-01
#[test]
fn brr_3_1_01_a_token_that_is_not_valid_is_refused() {
    let ready = ready();
    let mut flipped = ready.token.clone().into_bytes();
    flipped[0] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let long = "A".repeat(4_000);
    // SEC-TOK-01, OPS-03: a token of the management API is none here.
    for token in ["nonsense", &flipped, &ready.token[1..], &long, &ready.daemon.ready.access_token] {
        let answer = ready.wallet.send(&ready.request().bearer(token));
        let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
        assert!(challenge.starts_with("Bearer") && challenge.contains("error=\"invalid_token\""), "{challenge}");
        // VCI-8-01: the token does not come back.
        assert!(!answer.text().contains(token) && !challenge.contains(token));
        answer.expect_error(401, "invalid_token");
    }
}

// BRR-3.1-03
#[test]
fn brr_3_1_03_a_malformed_authorization_is_refused() {
    let ready = ready();
    let token = &ready.token;
    for value in [
        "Bearer".to_owned(),
        "Bearer ".into(),
        format!("Bearer {token} {token}"),
        format!("Basic {token}"),
        token.clone(),
    ] {
        let answer = ready.wallet.send(&ready.request().header("Authorization", &value));
        assert!(matches!(answer.status, 400 | 401), "{value}: {}", answer.text());
    }
    let twice = ready.request().bearer(token).bearer(token);
    assert!(matches!(ready.wallet.send(&twice).status, 400 | 401));
    // DPP-7.2-01: the token is bound to no key.
    let dpop = ready.request().header("Authorization", &format!("DPoP {token}"));
    assert!(matches!(ready.wallet.send(&dpop).status, 400 | 401));
    ready.wallet.send(&ready.request().bearer(token)).expect(200);
}

// HTP-9110-04
#[test]
fn htp_9110_04_the_scheme_is_case_insensitive() {
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let ready = ready();
        let value = format!("{scheme} {}", ready.token);
        // BRR-2.1-01
        let answer = ready.wallet.send(&ready.request().header("aUTHORIZATION", &value)).expect(200);
        assert_eq!(credentials(&answer).len(), 1);
    }
}

// BRR-2.3-01
#[test]
fn brr_2_3_01_a_token_in_the_query_or_the_body_is_not_seen() {
    let ready = ready();
    let mut request = ready.request();
    request.target = format!("{}?access_token={}", request.target, ready.token);
    ready.wallet.send(&request).expect(401);
    let form = [("access_token", ready.token.as_str())];
    ready.wallet.send(&Request::new("POST", &ready.wallet.credential_path()).form(form)).expect(401);
}

// SEC-PROOF-01
#[test]
fn sec_proof_01_a_proof_is_used_once_whatever_the_token() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let claims = mdl(&management.country());
    let [mine, other] = [(); 2].map(|()| wallet.redeem(&management.offer_of(configuration, &claims)));
    let key = HolderKey::es256();
    let body = request_body(configuration, &[wallet.proof(&key).sign(&key)]);
    wallet.credential(&mine, &body).expect(200);
    // VCI-13.8-02
    wallet.credential(&other, &body).expect_error(400, "invalid_nonce");
    wallet.ask(&other, configuration, &[HolderKey::es256()]).expect(200);
}

// SEC-TOK-02
#[test]
fn sec_tok_02_a_proof_is_no_token_and_a_token_no_proof() {
    let ready = ready();
    let key = HolderKey::es256();
    let proof = ready.wallet.proof(&key).sign(&key);
    ready.wallet.send(&ready.request().bearer(&proof)).expect_error(401, "invalid_token");
    let management = Request::get("/v1/openid/offers").bearer(&ready.token).send(ready.daemon.ready.management);
    management.expect(401);
    // Of all that the daemon signs or wallets sign for it, nothing stands in for another.
    let management = Request::get("/v1/openid/offers").bearer(&proof).send(ready.daemon.ready.management);
    management.expect(401);
    for token in [&ready.daemon.ready.access_token, &ready.token, &ready.wallet.nonce()] {
        let body = request_body(ready.daemon.configuration(MDL), std::slice::from_ref(token));
        ready.wallet.credential(&ready.token, &body).expect_error(400, "invalid_proof");
    }
}
