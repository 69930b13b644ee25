//! Key proofs: one defect at a time. After each, the same token still issues.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::proof::seconds_now;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey, Proof, Wallet};
use serde_json::{Value, json};

struct Bench {
    daemon: Daemon,
    wallet: Wallet,
    token: String,
    key: HolderKey,
}

impl Bench {
    fn new() -> Self {
        let daemon = Daemon::start();
        let management = daemon.management();
        let wallet = daemon.wallet();
        let token = wallet.redeem(&management.offer_of(daemon.configuration(MDL), &mdl(&management.country())));
        Self { daemon, wallet, token, key: HolderKey::es256() }
    }

    fn good(&self) -> Proof {
        self.wallet.proof(&self.key)
    }

    #[track_caller]
    fn refused(&self, why: &str, proof: &str, error: &str) {
        let answer =
            self.wallet.credential(&self.token, &request_body(self.daemon.configuration(MDL), &[proof.to_owned()]));
        assert_eq!(answer.status, 400, "{why}: {}", answer.text());
        assert_eq!(answer.json()["error"], error, "{why}: {}", answer.text());
        answer.expect_error(400, error);
    }

    #[track_caller]
    fn accepted(&self, proof: &str) {
        let answer =
            self.wallet.credential(&self.token, &request_body(self.daemon.configuration(MDL), &[proof.to_owned()]));
        assert_eq!(credentials(&answer.expect(200)).len(), 1);
    }
}

// VCI-F.1-01
#[test]
fn vci_f_1_01_the_header_must_say_what_the_token_is() {
    let bench = Bench::new();
    let good = || bench.good();
    for typ in [json!(null), json!("JWT"), json!("openid4vci-proof"), json!("dpop+jwt"), json!(7)] {
        bench.refused("typ", &good().header("typ", typ).sign(&bench.key), "invalid_proof");
    }
    // VCI-F.1-02, SEC-ALG-01
    for alg in [
        json!(null),
        json!("none"),
        json!("NONE"),
        json!("HS256"),
        json!("RS256"),
        json!("ES512"),
        json!("es256"),
        json!(-7),
    ] {
        bench.refused("alg", &good().header("alg", alg).sign(&bench.key), "invalid_proof");
    }
    // VCI-F.1-15
    bench.refused("crit", &good().header("crit", json!(["exp"])).header("exp", 1).sign(&bench.key), "invalid_proof");
    bench.refused("crit", &good().header("crit", json!([])).sign(&bench.key), "invalid_proof");
    let b64 = good().header("b64", false).header("crit", json!(["b64"]));
    bench.refused("b64", &b64.sign(&bench.key), "invalid_proof");
    // VCI-F.1-14
    bench.refused("trust_chain", &good().header("trust_chain", json!(["x"])).sign(&bench.key), "invalid_proof");
    bench.accepted(&good().sign(&bench.key));
}

// VCI-F.1-04
#[test]
fn vci_f_1_04_the_signature_must_be_of_the_named_key() {
    let bench = Bench::new();
    let other = HolderKey::es256();
    bench.refused("another key", &bench.good().sign(&other), "invalid_proof");
    let signed = bench.good().sign(&bench.key);
    let (head, signature) = signed.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    bench.refused("a flipped bit", &format!("{head}.{flipped}{}", &signature[1..]), "invalid_proof");
    bench.refused("no signature", &format!("{head}."), "invalid_proof");
    bench.refused("two parts", head, "invalid_proof");
    bench.refused("padding", &format!("{signed}="), "invalid_proof");
    bench.refused("zeros", &bench.good().with_signature(&[0; 64]), "invalid_proof");
    bench.refused("too short", &bench.good().with_signature(&[1; 32]), "invalid_proof");
    // An HMAC keyed with the public key.
    let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, bench.key.public());
    let confused = bench.good().header("alg", "HS256");
    let tag = ring::hmac::sign(&hmac, b"header.claims");
    bench.refused("HS256", &confused.with_signature(tag.as_ref()), "invalid_proof");
    bench.accepted(&bench.good().sign(&bench.key));
}

// VCI-F.1-06
#[test]
fn vci_f_1_06_the_audience_must_be_this_issuer() {
    let bench = Bench::new();
    let issuer = bench.wallet.issuer.clone();
    // SEC-PROOF-05
    for audience in [
        json!(null),
        json!(format!("{issuer}/")),
        json!(issuer.to_uppercase()),
        json!(issuer.replace("http:", "https:")),
        json!(issuer.replace("127.0.0.1", "localhost")),
        json!(format!("{issuer}{}", bench.wallet.credential_path())),
        json!("https://other.example"),
        json!([issuer, "https://other.example"]),
        json!([]),
        json!({ "aud": issuer }),
        json!(7),
    ] {
        bench.refused(&audience.to_string(), &bench.good().claim("aud", audience).sign(&bench.key), "invalid_proof");
    }
    bench.accepted(&bench.good().sign(&bench.key));
}

// VCI-F.1-07
#[test]
fn vci_f_1_07_the_time_must_be_near() {
    let bench = Bench::new();
    let now = seconds_now();
    // SEC-NUM-01
    for iat in [
        json!(null),
        json!("now"),
        json!(now.to_string()),
        json!(now - 86_400),
        json!(now + 3_600),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!({}),
        json!([now]),
        json!(true),
    ] {
        bench.refused(&iat.to_string(), &bench.good().claim("iat", iat).sign(&bench.key), "invalid_proof");
    }
    bench.accepted(&bench.good().claim("iat", now + 5).sign(&bench.key));
}

// VCI-F.1-08
#[test]
fn vci_f_1_08_a_nonce_must_be_there() {
    let bench = Bench::new();
    bench.refused("no nonce", &bench.good().claim("nonce", Value::Null).sign(&bench.key), "invalid_proof");
    for nonce in [json!(7), json!(["x"]), json!({}), json!(true)] {
        bench.refused("wrong type", &bench.good().claim("nonce", nonce).sign(&bench.key), "invalid_proof");
    }
    // VCI-F.1-09
    bench.refused("unknown", &bench.good().claim("nonce", "nonsense").sign(&bench.key), "invalid_nonce");
    // SEC-PROOF-02: handles of other kinds are no nonces.
    for other in [&bench.token, &bench.daemon.ready.access_token] {
        bench.refused("a token", &bench.good().claim("nonce", other.as_str()).sign(&bench.key), "invalid_nonce");
    }
    bench.accepted(&bench.good().sign(&bench.key));
}

// VCI-F.1-11
#[test]
fn vci_f_1_11_an_anonymous_wallet_has_no_iss() {
    let bench = Bench::new();
    bench.refused("iss", &bench.good().claim("iss", "https://wallet.example/app").sign(&bench.key), "invalid_proof");
    bench.accepted(&bench.good().sign(&bench.key));
}

// VCI-F.1-10
#[test]
fn vci_f_1_10_iss_is_the_client_of_the_token() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let offer = management.offer_of(configuration, &mdl(&management.country()));
    let client = "https://wallet.example/app";
    let grant = issuerd_tests::offer::PRE_AUTHORIZED;
    let answer =
        wallet.token_with(&[("grant_type", grant), ("pre-authorized_code", &offer.code), ("client_id", client)]);
    let token = answer.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let key = HolderKey::es256();
    let ask = |iss: &str| {
        let proof = wallet.proof(&key).claim("iss", iss).sign(&key);
        wallet.credential(&token, &request_body(configuration, &[proof]))
    };
    ask("https://other.example").expect_error(400, "invalid_proof");
    ask(client).expect(200);
}

// HTP-JSON-02
#[test]
fn htp_json_02_a_member_twice_in_header_or_claims_is_refused() {
    let bench = Bench::new();
    // SEC-DUP-01
    let proof = bench.good();
    let doubled = |text: String, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    let (header, claims) = (proof.header.to_string(), proof.claims.to_string());
    let sign = |header: &str, claims: &str| Proof::sign_bytes(header.as_bytes(), claims.as_bytes(), &bench.key);
    bench.refused("alg", &sign(&doubled(header.clone(), "\"alg\":\"ES256\""), &claims), "invalid_proof");
    bench.refused(
        "aud",
        &sign(&header, &doubled(claims.clone(), "\"aud\":\"https://other.example\"")),
        "invalid_proof",
    );
    bench.refused("array", &sign("[]", &claims), "invalid_proof");
    bench.refused("claims", &sign(&header, "\"x\""), "invalid_proof");
    bench.refused("not JSON", &sign(&header, "{"), "invalid_proof");
    bench.refused(
        "not UTF-8",
        &Proof::sign_bytes(header.as_bytes(), b"{\"aud\":\"\xff\"}", &bench.key),
        "invalid_proof",
    );
    // SEC-DEPTH-01
    let deep = format!("{{\"x\":{}1{},{}", "[".repeat(1_000), "]".repeat(1_000), &claims[1..]);
    bench.refused("depth", &sign(&header, &deep), "invalid_proof");
    // Unknown members are fine (HTP-JSON-03).
    bench.accepted(&sign(&doubled(header, "\"x_unknown\":1"), &doubled(claims, "\"x_unknown\":{}")));
}
