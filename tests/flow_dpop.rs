//! `DPoP` (RFC 9449) in the pre-authorized code flow.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::proof::seconds_now;
use issuerd_tests::volley::Volley;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Answer, Daemon, HolderKey, Offer, Proof, Request, Wallet};
use serde_json::{Value, json};

fn offer(daemon: &Daemon) -> Offer {
    let management = daemon.management();
    management.offer_of(daemon.configuration(MDL), &mdl(&management.country()))
}

/// A bound token and what its requests need.
struct Bound {
    daemon: Daemon,
    wallet: Wallet,
    key: HolderKey,
    token: String,
}

impl Bound {
    fn with(options: Options) -> Self {
        let daemon = Daemon::with(options);
        let (wallet, key) = (daemon.wallet(), HolderKey::es256());
        let token = wallet.redeem_bound(&offer(&daemon).code, &key);
        Self { daemon, wallet, key, token }
    }

    fn new() -> Self {
        Self::with(Options::default())
    }

    /// A good request but for the token and its proof.
    fn request(&self) -> Request {
        let holder = HolderKey::es256();
        let proof = self.wallet.proof(&holder).sign(&holder);
        let body = request_body(self.daemon.configuration(MDL), &[proof]);
        Request::new("POST", &self.wallet.credential_path()).json(&body)
    }

    fn proof(&self) -> Proof {
        self.wallet.credential_dpop(&self.key, &self.token)
    }

    fn send(&self, proofs: &[&str]) -> Answer {
        let request = self.request().header("Authorization", &format!("DPoP {}", self.token));
        self.wallet.send(&proofs.iter().fold(request, |request, proof| request.dpop(proof)))
    }
}

/// Fails unless a protected resource refused with this challenge.
#[track_caller]
fn challenged(answer: Answer, code: &str) {
    let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
    assert_eq!(challenge, format!("DPoP error=\"{code}\", algs=\"ES256 ES384 EdDSA\""), "{}", answer.text());
    assert!(answer.header("dpop-nonce").is_some());
    answer.expect_error(401, code);
}

/// Every way to break a proof for either endpoint, with the error. `good` makes a proof that is good until it is changed.
fn broken(good: &impl Fn() -> Proof, key: &HolderKey, elsewhere: &str) -> Vec<(&'static str, Vec<String>)> {
    let sign = |proof: Proof| vec![proof.sign(key)];
    let header = |name: &str, value: Value| sign(good().header(name, value));
    let claim = |name: &str, value: Value| sign(good().claim(name, value));
    let mut private = key.jwk();
    private["d"] = "AA".into();
    let mut off = key.jwk();
    off["y"] = off["x"].clone();
    let twice = good().sign(key);
    vec![
        ("DPP-4.3-01 two headers", vec![twice.clone(), good().sign(key)]),
        ("DPP-4.3-01 joined", vec![format!("{twice}, {}", good().sign(key))]),
        ("DPP-4.3-02", vec!["abc".into()]),
        ("DPP-4.3-03 typ", header("typ", Value::Null)),
        ("DPP-4.3-03 jwk", header("jwk", Value::Null)),
        ("DPP-4.3-03 alg", header("alg", Value::Null)),
        ("DPP-4.3-03 jti", claim("jti", Value::Null)),
        ("DPP-4.3-03 htm", claim("htm", Value::Null)),
        ("DPP-4.3-03 htu", claim("htu", Value::Null)),
        ("DPP-4.3-03 iat", claim("iat", Value::Null)),
        ("DPP-4.3-04", header("typ", json!("JWT"))),
        ("SEC-TOK-02", header("typ", json!("openid4vci-proof+jwt"))),
        ("DPP-4.3-05 none", header("alg", json!("none"))),
        ("DPP-4.3-05 HS256", header("alg", json!("HS256"))),
        ("DPP-4.3-05 RS256", header("alg", json!("RS256"))),
        ("DPP-11.6-01 curve", header("alg", json!("ES384"))),
        ("DPP-11.6-01 point", header("jwk", off)),
        ("DPP-4.3-06 signature", vec![good().with_signature(&[7; 64])]),
        ("DPP-4.3-06 other key", header("jwk", HolderKey::es256().jwk())),
        ("DPP-4.3-07", header("jwk", private)),
        ("DPP-4.3-08 method", claim("htm", json!("GET"))),
        ("DPP-4.3-08 case", claim("htm", json!("post"))),
        ("SEC-DPOP-02 elsewhere", claim("htu", json!(elsewhere))),
        ("SEC-DPOP-02 host", claim("htu", json!("https://evil.example/v1/oauth/token"))),
        ("DPP-4.3-11 past", claim("iat", json!(seconds_now() - 3_600))),
        ("DPP-4.3-11 future", claim("iat", json!(seconds_now() + 3_600))),
        ("SEC-DPOP-05", claim("iat", json!(seconds_now() + 3_000))),
        ("DPP-4.3-11 text", claim("iat", json!("now"))),
        ("DPP-4.2-02", claim("jti", json!("x".repeat(4_000)))),
    ]
}

// DPP-4.3-01 to DPP-4.3-11, DPP-4.2-02, DPP-11.6-01, SEC-DPOP-02, SEC-DPOP-05, SEC-DPOP-06, SEC-ALG-01, SEC-KEY-02
#[test]
fn a_bad_proof_at_the_token_endpoint_is_refused_and_spends_no_code() {
    let daemon = Daemon::start();
    let (wallet, key, offer) = (daemon.wallet(), HolderKey::es256(), offer(&daemon));
    let elsewhere = format!("{}/v1/openid/credential", wallet.issuer);
    for (defect, proofs) in broken(&|| wallet.token_dpop(&key), &key, &elsewhere) {
        let request = wallet.token_request(&offer.code, None);
        let answer = wallet.send(&proofs.iter().fold(request, |request, proof| request.dpop(proof)));
        assert_eq!(answer.status, 400, "{defect}: {}", answer.text());
        answer.expect_error(400, "invalid_dpop_proof");
    }
    // DPP-4.3-09, DPP-4.2-01
    let uri = format!("{}/./v1/oauth/%74oken?x#y", wallet.issuer.replace("http://", "HTTP://"));
    let proof =
        wallet.token_dpop(&key).claim("htu", uri).claim("x_unknown", json!([1])).claim("iat", seconds_now() - 10);
    wallet.send(&wallet.token_request(&offer.code, None).dpop(&proof.sign(&key))).expect(200);
}

// The same at the credential endpoint; DPP-4.3-12, SEC-DPOP-03
#[test]
fn a_bad_proof_at_the_credential_endpoint_is_challenged_and_spends_nothing() {
    let bound = Bound::new();
    let elsewhere = format!("{}/v1/oauth/token", bound.wallet.issuer);
    let mut all = broken(&|| bound.proof(), &bound.key, &elsewhere);
    for (defect, hash) in [("missing", Value::Null), ("wrong", json!("AAAA"))] {
        all.push((defect, vec![bound.proof().claim("ath", hash).sign(&bound.key)]));
    }
    all.push(("ath of another token", vec![bound.proof().ath("another").sign(&bound.key)]));
    all.push(("DPP-7.1-01 none", vec![]));
    for (defect, proofs) in all {
        let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
        let answer = bound.send(&proofs);
        assert_eq!(answer.status, 401, "{defect}: {}", answer.text());
        challenged(answer, "invalid_dpop_proof");
    }
    // SEC-DPOP-03: a good proof of another key.
    let other = HolderKey::es256();
    let foreign = bound.wallet.credential_dpop(&other, &bound.token).sign(&other);
    challenged(bound.send(&[&foreign]), "invalid_token");
    let answer = bound.send(&[&bound.proof().sign(&bound.key)]).expect(200);
    assert_eq!(credentials(&answer).len(), 1);
}

// VCI-6.1-08: keys of each algorithm; HTP-9110-04
#[test]
fn a_credential_is_claimed_with_each_algorithm_and_in_any_case_of_the_scheme() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for (key, scheme) in [(HolderKey::es256(), "DPoP"), (HolderKey::es384(), "dpop"), (HolderKey::eddsa(), "DPOP")] {
        let token = wallet.redeem_bound(&offer(&daemon).code, &key);
        let holder = HolderKey::es256();
        let body = request_body(daemon.configuration(MDL), &[wallet.proof(&holder).sign(&holder)]);
        let request = Request::new("POST", &wallet.credential_path())
            .json(&body)
            .header("Authorization", &format!("{scheme} {token}"))
            .dpop(&wallet.credential_dpop(&key, &token).sign(&key));
        let mdoc = credentials(&wallet.send(&request).expect(200)).remove(0);
        mdoc.verify(&daemon.management().iaca());
    }
}

// DPP-7.2-01, SEC-TOK-04
#[test]
fn a_bound_token_is_no_bearer_token_and_a_bearer_token_is_not_bound() {
    let bound = Bound::new();
    let plain = bound.request().bearer(&bound.token);
    challenged(bound.wallet.send(&plain), "invalid_token");
    challenged(bound.wallet.send(&plain.dpop(&bound.proof().sign(&bound.key))), "invalid_token");
    let bearer = bound.wallet.redeem(&offer(&bound.daemon));
    let proof = bound.wallet.credential_dpop(&bound.key, &bearer).sign(&bound.key);
    let request = bound.request().header("Authorization", &format!("DPoP {bearer}")).dpop(&proof);
    challenged(bound.wallet.send(&request), "invalid_token");
    bound.wallet.send(&bound.request().bearer(&bearer)).expect(200);
    // A token that nobody gave out.
    let unknown = bound.request().header("Authorization", "DPoP nonsense").dpop(&bound.proof().sign(&bound.key));
    challenged(bound.wallet.send(&unknown), "invalid_token");
    bound.send(&[&bound.proof().sign(&bound.key)]).expect(200);
}

// DPP-11.1-01, SEC-DPOP-01
#[test]
fn sec_dpop_01_a_proof_is_used_once_also_after_a_restart() {
    let bound = Bound::new();
    let proof = bound.wallet.token_dpop(&bound.key).sign(&bound.key);
    let again = offer(&bound.daemon);
    bound
        .wallet
        .send(&bound.wallet.token_request("no-such-code", None).dpop(&proof))
        .expect_error(400, "invalid_grant");
    let replay = bound.wallet.token_request(&again.code, None).dpop(&proof);
    bound.wallet.send(&replay).expect_error(400, "invalid_dpop_proof");
    let Bound { daemon, key, .. } = bound;
    let daemon = daemon.restart();
    let wallet = daemon.wallet();
    wallet.send(&wallet.token_request(&again.code, None).dpop(&proof)).expect_error(400, "invalid_dpop_proof");
    wallet.redeem_bound(&again.code, &key);
}

// SEC-DPOP-01
#[test]
fn of_a_hundred_requests_with_one_proof_one_is_served() {
    let daemon = Daemon::start();
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let proof = wallet.token_dpop(&key).sign(&key);
    let requests: Vec<_> = (0..100).map(|_| wallet.token_request(&offer(&daemon).code, None).dpop(&proof)).collect();
    let answers = Volley::open(daemon.public(), requests.len()).fire(&requests);
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (1, 99));
    for answer in refused {
        answer.expect_error(400, "invalid_dpop_proof");
    }
}

// DPP-8-02, DPP-8.2-01, DPP-8-03, VCI-7.2-DPoP
#[test]
fn nonces_come_with_every_response_and_are_good_at_both_endpoints() {
    let bound = Bound::new();
    let wallet = &bound.wallet;
    let from_nonce_endpoint = wallet.send(&Request::post(&wallet.nonce_path())).expect(200);
    let from_token_endpoint = wallet.token("no-such-code", None);
    for answer in [&from_nonce_endpoint, &from_token_endpoint] {
        assert_eq!(answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("dpop-nonce")).count(), 1);
        assert!(answer.lists("cache-control", "no-store"));
        let nonce = answer.header("dpop-nonce").unwrap();
        assert!(nonce.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{nonce}");
        let good = wallet.token_dpop(&bound.key).claim("nonce", nonce).sign(&bound.key);
        wallet.send(&wallet.token_request(&offer(&bound.daemon).code, None).dpop(&good)).expect(200);
    }
    // DPP-4.3-10, DPP-9-01; SEC-PROOF-02: a c_nonce is none.
    let c_nonce = wallet.nonce();
    for wrong in ["garbage", &c_nonce] {
        let proof = wallet.token_dpop(&bound.key).claim("nonce", wrong).sign(&bound.key);
        let request = wallet.token_request(&offer(&bound.daemon).code, None).dpop(&proof);
        let answer = wallet.send(&request);
        assert!(answer.header("dpop-nonce").is_some());
        answer.expect_error(400, "use_dpop_nonce");
        challenged(bound.send(&[&bound.proof().claim("nonce", wrong).sign(&bound.key)]), "use_dpop_nonce");
    }
    let nonce = from_token_endpoint.header("dpop-nonce").unwrap();
    bound.send(&[&bound.proof().claim("nonce", nonce).sign(&bound.key)]).expect(200);
}

// A wallet whose clock is ten minutes slow succeeds with a nonce (4.3, 11th check).
#[test]
fn a_slow_clock_needs_a_nonce() {
    let daemon = Daemon::start();
    let (wallet, key, offer) = (daemon.wallet(), HolderKey::es256(), offer(&daemon));
    let slow = || wallet.token_dpop(&key).claim("iat", seconds_now() - 600);
    let answer = wallet.send(&wallet.token_request(&offer.code, None).dpop(&slow().sign(&key)));
    let nonce = answer.header("dpop-nonce").unwrap().to_owned();
    answer.expect_error(400, "use_dpop_nonce");
    wallet.send(&wallet.token_request(&offer.code, None).dpop(&slow().claim("nonce", nonce).sign(&key))).expect(200);
}

// DPP-8-01, DPP-11.3-01, DPP-9-01
#[test]
fn dpp_11_3_01_where_a_nonce_is_required_both_endpoints_ask_for_it() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_DPOP_REQUIRE_NONCE", "true"));
    let (wallet, key, offer) = (daemon.wallet(), HolderKey::es256(), offer(&daemon));
    let request = |proof: Proof| wallet.token_request(&offer.code, None).dpop(&proof.sign(&key));
    let answer = wallet.send(&request(wallet.token_dpop(&key)));
    let nonce = answer.header("dpop-nonce").unwrap().to_owned();
    answer.expect_error(400, "use_dpop_nonce");
    // One that is not ours, or not any more, is no better than none.
    let answer = wallet.send(&request(wallet.token_dpop(&key).claim("nonce", "of another day")));
    assert!(answer.header("dpop-nonce").is_some());
    answer.expect_error(400, "use_dpop_nonce");
    let answer = wallet.send(&request(wallet.token_dpop(&key).claim("nonce", nonce.as_str()))).expect(200).json();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let bound = Bound { daemon, wallet, key, token };
    challenged(bound.send(&[&bound.proof().sign(&bound.key)]), "use_dpop_nonce");
    bound.send(&[&bound.proof().claim("nonce", nonce).sign(&bound.key)]).expect(200);
}

// DPP-5-04
#[test]
fn dpp_5_04_where_a_proof_is_required_there_is_no_bearer_token() {
    let daemon = Daemon::with(Options::default().environment("ISSUERD_DPOP_REQUIRED", "true"));
    let (wallet, offer) = (daemon.wallet(), offer(&daemon));
    wallet.token(&offer.code, None).expect_error(400, "invalid_dpop_proof");
    let answer = wallet.credential("nonsense", &json!({}));
    answer.expect_error(401, "invalid_token");
    wallet.redeem_bound(&offer.code, &HolderKey::es256());
}

// DPP-7.1-01: the metadata and the challenge say what works, and nothing when it is off.
#[test]
fn metadata_and_challenges_say_whether_tokens_are_bound() {
    const SERVER: &str = "/.well-known/oauth-authorization-server";
    for (enabled, schemes) in [("true", vec!["Bearer", "DPoP algs=\"ES256 ES384 EdDSA\""]), ("false", vec!["Bearer"])] {
        let daemon = Daemon::with(Options::default().environment("ISSUERD_DPOP_ENABLED", enabled));
        let (wallet, key) = (daemon.wallet(), HolderKey::es256());
        let algorithms = wallet.get(SERVER).expect(200).json()["dpop_signing_alg_values_supported"].clone();
        let expected = if enabled == "true" { json!(["ES256", "ES384", "EdDSA"]) } else { Value::Null };
        assert_eq!(algorithms, expected);
        let answer = wallet.send(&Request::post(&wallet.credential_path())).expect(401);
        let challenges = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        assert_eq!(challenges.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), schemes);
        if enabled == "false" {
            // A header of an extension that is not offered is not looked at.
            let request = wallet.token_request(&offer(&daemon).code, None).dpop(&wallet.token_dpop(&key).sign(&key));
            let answer = wallet.send(&request).expect(200);
            assert_eq!(answer.header("dpop-nonce"), None);
            let token = answer.json();
            assert_eq!(token["token_type"], "Bearer");
            let token = token["access_token"].as_str().unwrap();
            wallet.ask(token, daemon.configuration(MDL), &[HolderKey::es256()]).expect(200);
        }
    }
}

// VCI-8-01, OPS-08: neither proof nor key nor token is logged.
#[test]
fn nothing_of_a_proof_is_logged() {
    let bound = Bound::with(Options::default().environment("ISSUERD_LOG_LEVEL", "trace"));
    let proof = bound.proof().sign(&bound.key);
    bound.send(&[&proof]).expect(200);
    challenged(bound.send(&[&proof]), "invalid_dpop_proof");
    let log = bound.daemon.stderr() + &bound.daemon.stdout();
    let signature = proof.rsplit_once('.').unwrap().1;
    for secret in [signature, &bound.token, &bound.key.thumbprint(), bound.key.jwk()["x"].as_str().unwrap()] {
        assert!(!log.contains(secret), "{secret}");
    }
}
