//! Encrypted credential requests and responses.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::jwe::{Jwe, ResponseKey};
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Answer, Daemon, HolderKey, Mdoc, Proof, Wallet};
use serde_json::{Value, json};

const KEYS: &str = "/v1/openid/encryption-keys";

/// A daemon, an access token and the body of a good request with it.
struct Asking {
    daemon: Daemon,
    token: String,
    key: HolderKey,
}

impl Asking {
    fn start() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let daemon = Daemon::with(options);
        let token = fresh_token(&daemon);
        Self { daemon, token, key: HolderKey::es256() }
    }

    fn wallet(&self) -> Wallet {
        self.daemon.wallet()
    }

    fn body(&self) -> Value {
        let wallet = self.wallet();
        let proof = Proof::new(&self.key, &wallet.issuer, &wallet.nonce()).sign(&self.key);
        request_body(self.daemon.configuration(MDL), &[proof])
    }

    /// A body that asks for an encrypted response.
    fn asking(&self, parameters: &Value) -> Value {
        let mut body = self.body();
        body["credential_response_encryption"] = parameters.clone();
        body
    }

    fn encrypted(&self, body: &Value) -> Answer {
        self.wallet().send(&self.wallet().encrypted_request(&self.token, body))
    }

    #[track_caller]
    fn is_issued(&self, content: &Value) {
        use base64::Engine as _;
        let text = content["credentials"][0]["credential"].as_str().unwrap_or_else(|| panic!("{content}"));
        let mdoc = Mdoc::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap());
        mdoc.verify(&self.daemon.management().iaca());
        assert!(mdoc.is_bound_to(&self.key));
    }
}

fn fresh_token(daemon: &Daemon) -> String {
    let management = daemon.management();
    daemon.wallet().redeem(&management.offer_of(daemon.configuration(MDL), &mdl(&management.country())))
}

// VCI-12.2.4-07, VCI-12.2.4-08, VCI-12.2.4-09
#[test]
fn the_metadata_says_what_is_encrypted_and_how() {
    let daemon = Daemon::start();
    let metadata = daemon.wallet().metadata();
    let request = &metadata["credential_request_encryption"];
    let [key] = request["jwks"]["keys"].as_array().unwrap().as_slice() else { panic!("{request}") };
    let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!((&key["alg"], &key["use"], &key["crv"]), (&json!("ECDH-ES"), &json!("enc"), &json!("P-256")));
    let response = &metadata["credential_response_encryption"];
    assert_eq!(response["alg_values_supported"], json!(["ECDH-ES"]));
    for part in [request, response] {
        assert_eq!(part["enc_values_supported"], json!(["A128GCM", "A256GCM"]));
        assert_eq!(part["encryption_required"], false);
        assert!(part.get("zip_values_supported").is_none());
    }
    let off = Daemon::with(Options::default().environment("ISSUERD_ENCRYPTION_OFFERED", "false"));
    let metadata = off.wallet().metadata();
    assert!(metadata.get("credential_request_encryption").is_none());
    assert!(metadata.get("credential_response_encryption").is_none());
}

// VCI-10-01, VCI-10-03, VCI-10-04, JWE-7518-01, JWE-7518-04
#[test]
fn a_credential_is_claimed_encrypted_in_both_directions() {
    for (enc, kid) in [("A128GCM", None), ("A256GCM", Some("w1"))] {
        let asking = Asking::start();
        let key = kid.map_or_else(ResponseKey::new, |kid| ResponseKey::new().named(kid));
        let body = asking.asking(&key.parameters(enc));
        let (jwe, jwk) = Jwe::for_issuer(&asking.wallet().metadata(), enc, &body);
        let text = jwe.header("apu", "QWxpY2U").header("apv", "Qm9i").encrypt(&jwk);
        let answer = asking.wallet().send(&asking.wallet().encrypted(&asking.token, &text)).expect(200);
        let (header, content) = key.open_answer(&answer);
        assert_eq!((&header["alg"], &header["enc"]), (&json!("ECDH-ES"), &json!(enc)));
        assert_eq!(header.get("kid").and_then(Value::as_str), kid);
        assert!(header.get("zip").is_none());
        asking.is_issued(&content);
    }
}

// VCI-8.3-09
#[test]
fn an_encrypted_request_that_does_not_ask_for_it_gets_a_plain_response() {
    let asking = Asking::start();
    let answer = asking.encrypted(&asking.body()).expect(200);
    assert_eq!(answer.media_type(), "application/json");
    asking.is_issued(&answer.json());
}

// VCI-8.2-15, VCI-8.2-17, VCI-8.3.1.2-02, VCI-8.3.1.2-04, JWE-JWK-01
#[test]
fn parameters_that_do_not_work_are_refused_in_clear_and_use_nothing_up() {
    let asking = Asking::start();
    let good = ResponseKey::new().parameters("A128GCM");
    let plain = asking.wallet().credential(&asking.token, &asking.asking(&good));
    plain.expect_error(400, "invalid_encryption_parameters");
    let with = |path: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    let mut zip = good.clone();
    zip["zip"] = "DEF".into();
    let mut private = good.clone();
    private["jwk"]["d"] = private["jwk"]["x"].clone();
    for parameters in [
        with("/enc", json!("A128CBC-HS256")),
        with("/enc", json!(7)),
        with("/jwk/alg", json!("RSA-OAEP-256")),
        with("/jwk/alg", Value::Null),
        with("/jwk/crv", json!("P-384")),
        with("/jwk/y", good["jwk"]["x"].clone()),
        with("/jwk", json!({ "kty": "RSA", "alg": "RSA-OAEP-256", "n": "AQAB", "e": "AQAB" })),
        zip,
        private,
        Value::Null,
        json!([]),
    ] {
        let answer = asking.encrypted(&asking.asking(&parameters));
        answer.expect_error(400, "invalid_encryption_parameters");
    }
    asking.is_issued(&asking.wallet().credential(&asking.token, &asking.body()).expect(200).json());
}

// VCI-8.3.1.2-02: whatever else is wrong is told in clear as well.
#[test]
fn errors_are_never_encrypted() {
    let asking = Asking::start();
    let key = ResponseKey::new();
    let mut body = asking.asking(&key.parameters("A128GCM"));
    body["proofs"] = json!({ "jwt": ["e30.e30.AA"] });
    asking.encrypted(&body).expect_error(400, "invalid_proof");
    body["credential_configuration_id"] = "nothing".into();
    asking.encrypted(&body).expect_error(400, "unknown_credential_configuration");
    asking.encrypted(&json!({ "x": 1 })).expect_error(400, "invalid_credential_request");
    // The token is looked at first.
    let answer = asking.wallet().send(&asking.wallet().encrypted_request("nonsense", &body));
    answer.expect_error(401, "invalid_token");
}

// VCI-10-02, JWE-7518-02, JWE-7518-03, JWE-7516-01, SEC-P2C-01
#[test]
fn a_message_that_is_not_for_this_issuer_is_refused() {
    let asking = Asking::start();
    let wallet = asking.wallet();
    let (jwe, jwk) = Jwe::for_issuer(&wallet.metadata(), "A128GCM", &asking.body());
    let send = |jwe: &Jwe| wallet.send(&wallet.encrypted(&asking.token, &jwe.encrypt(&jwk)));
    let off_curve = json!({ "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["x"] });
    for (name, value) in [
        ("alg", json!("dir")),
        ("alg", json!("RSA1_5")),
        ("alg", json!("PBES2-HS512+A256KW")),
        ("alg", json!("ECDH-ES+A128KW")),
        ("enc", json!("A192GCM")),
        ("kid", json!("nobody")),
        ("kid", Value::Null),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("epk", off_curve),
        ("epk", json!({ "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"], "d": jwk["x"] })),
    ] {
        let mut changed = jwe.clone().header(name, value.clone());
        if name == "alg" {
            changed = changed.header("p2c", 2_147_483_647_u32).header("p2s", "AAAA");
        }
        send(&changed).expect_error(400, "invalid_encryption_parameters");
    }
    asking.is_issued(&send(&jwe).expect(200).json());
}

// JWE-7516-02, SEC-ERR-01
#[test]
fn what_cannot_be_decrypted_is_refused_with_one_answer() {
    let asking = Asking::start();
    let wallet = asking.wallet();
    let (jwe, jwk) = Jwe::for_issuer(&wallet.metadata(), "A128GCM", &asking.body());
    let (good, other) = (jwe.encrypt(&jwk), jwe.encrypt(&jwk));
    let (good, other): (Vec<_>, Vec<_>) = (good.split('.').collect(), other.split('.').collect());
    let mut answers = Vec::new();
    for place in [0, 2, 3, 4] {
        let mut mixed = good.clone();
        mixed[place] = other[place];
        let answer = wallet.send(&wallet.encrypted(&asking.token, &mixed.join("."))).expect(400);
        answers.push(answer.text());
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0] && answer.contains("could not be decrypted")),
        "{answers:?}"
    );
}

// VCI-10-07, VCI-10-08, VCI-8.2-01, HTP-9110-02
#[test]
fn content_and_its_label_agree() {
    let asking = Asking::start();
    let wallet = asking.wallet();
    let (jwe, jwk) = Jwe::for_issuer(&wallet.metadata(), "A128GCM", &asking.body());
    let as_json = wallet.encrypted(&asking.token, &jwe.encrypt(&jwk));
    let as_json = issuerd_tests::Request { headers: Vec::new(), ..as_json }.bearer(&asking.token);
    wallet.send(&as_json.header("Content-Type", "application/json")).expect_error(400, "invalid_credential_request");
    let plain = wallet.encrypted(&asking.token, &asking.body().to_string());
    wallet.send(&plain).expect_error(400, "invalid_encryption_parameters");
    let off = Asking::with(Options::default().environment("ISSUERD_ENCRYPTION_OFFERED", "false"));
    let refused = off.wallet().send(&off.wallet().encrypted(&off.token, &jwe.encrypt(&jwk)));
    refused.expect_error(415, "invalid_credential_request");
    let answer = off.wallet().credential(&off.token, &off.asking(&ResponseKey::new().parameters("A128GCM")));
    answer.expect_error(400, "invalid_encryption_parameters");
}

// VCI-8.2-16, VCI-10-06
#[test]
fn encryption_can_be_required() {
    let required = Options::default().environment("ISSUERD_ENCRYPTION_RESPONSE_REQUIRED", "true");
    let asking = Asking::with(required.environment("ISSUERD_ENCRYPTION_REQUEST_REQUIRED", "true"));
    let metadata = asking.wallet().metadata();
    for part in ["credential_request_encryption", "credential_response_encryption"] {
        assert_eq!(metadata[part]["encryption_required"], true);
    }
    asking.wallet().credential(&asking.token, &asking.body()).expect_error(400, "invalid_encryption_parameters");
    asking.encrypted(&asking.body()).expect_error(400, "invalid_encryption_parameters");
    let key = ResponseKey::new();
    let (_, content) = {
        let answer = asking.encrypted(&asking.asking(&key.parameters("A256GCM"))).expect(200);
        key.open_answer(&answer)
    };
    asking.is_issued(&content);
}

// VCI-10-04, SEC-ZIP-01
#[test]
fn compression_is_offered_when_it_is_on_and_bounded() {
    let asking = Asking::with(Options::default().environment("ISSUERD_ENCRYPTION_COMPRESSION", "true"));
    let wallet = asking.wallet();
    let metadata = wallet.metadata();
    assert_eq!(metadata["credential_request_encryption"]["zip_values_supported"], json!(["DEF"]));
    assert_eq!(metadata["credential_response_encryption"]["zip_values_supported"], json!(["DEF"]));
    let (bomb, jwk) = Jwe::for_issuer(&metadata, "A128GCM", &json!({}));
    let bomb = Jwe { content: vec![b' '; 128 << 20], ..bomb }.compressed().encrypt(&jwk);
    assert!(bomb.len() > 100_000 && bomb.len() < 350_000, "{}", bomb.len());
    let before = resident(&asking.daemon);
    for _ in 0..4 {
        let refused = wallet.send(&wallet.encrypted(&asking.token, &bomb));
        refused.expect_error(400, "invalid_encryption_parameters");
    }
    let grown = resident(&asking.daemon).saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} kB more");
    let key = ResponseKey::new();
    let mut parameters = key.parameters("A128GCM");
    parameters["zip"] = "DEF".into();
    let (jwe, jwk) = Jwe::for_issuer(&metadata, "A256GCM", &asking.asking(&parameters));
    let answer = wallet.send(&wallet.encrypted(&asking.token, &jwe.compressed().encrypt(&jwk))).expect(200);
    let (header, content) = key.open_answer(&answer);
    assert_eq!(header["zip"], "DEF");
    asking.is_issued(&content);
}

/// Resident memory of the daemon in kB.
fn resident(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

// JWE-JWKS-01, SEC-ROLL-01, OPS-06
#[test]
fn an_old_key_is_accepted_for_a_while_and_can_be_ended_at_once() {
    let asking = Asking::start();
    let (wallet, management) = (asking.wallet(), asking.daemon.management());
    let (jwe, old) = Jwe::for_issuer(&wallet.metadata(), "A128GCM", &json!({}));
    // An empty request, so that nothing is issued: what can be read is told apart from what cannot.
    let send = |daemon: &Daemon| {
        let wallet = daemon.wallet();
        wallet.send(&wallet.encrypted(&asking.token, &jwe.encrypt(&old)))
    };
    send(&asking.daemon).expect_error(400, "invalid_credential_request");
    let made = management.post(KEYS, &json!({})).expect(201).json();
    let (first, second) = (&made["data"][0], &made["data"][1]);
    assert_eq!((&first["kid"], &first["inUse"], &second["inUse"]), (&old["kid"], &json!(false), &json!(true)));
    assert!(first["acceptedUntil"].is_string() && second.get("acceptedUntil").is_none(), "{made}");
    assert!(!made.to_string().contains("sealed"));
    let published = &wallet.metadata()["credential_request_encryption"]["jwks"]["keys"];
    assert_eq!((published.as_array().unwrap().len(), &published[0]["kid"]), (1, &second["kid"]));
    send(&asking.daemon).expect_error(400, "invalid_credential_request");
    let daemon = asking.daemon.kill_and_restart();
    send(&daemon).expect_error(400, "invalid_credential_request");
    let management = daemon.management();
    management.delete(&format!("{KEYS}/{}", old["kid"].as_str().unwrap())).expect(204);
    send(&daemon).expect_error(400, "invalid_encryption_parameters");
    management.delete(&format!("{KEYS}/{}", old["kid"].as_str().unwrap())).expect(404);
    let left = management.get(KEYS).expect(200).json();
    assert_eq!(left["data"].as_array().unwrap().len(), 1);
    // The one in use is replaced at once.
    management.delete(&format!("{KEYS}/{}", second["kid"].as_str().unwrap())).expect(204);
    let now = daemon.wallet().metadata();
    assert_ne!(now["credential_request_encryption"]["jwks"]["keys"][0]["kid"], second["kid"]);
}
