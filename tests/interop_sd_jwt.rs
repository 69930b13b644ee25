//! SD-JWT VCs with the libraries of others: claimed by the `OpenWallet` Foundation's `OpenID4VCI` library, verified and shown by its SD-JWT VC
//! library (JavaScript) and by the reference implementation (Python).

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use issuerd_tests::configurations::{changed, diploma};
use issuerd_tests::daemon::SD_JWT_PID;
use issuerd_tests::{Daemon, HolderKey, SdJwt};
use serde_json::{Value, json};

use super::{claim, node};

/// Runs a script of `interop/` in the virtual environment that `cargo xtask test` makes.
#[track_caller]
fn python(script: &str, input: &str) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let interpreter = here.join("../target/interop-python/bin/python");
    assert!(interpreter.exists(), "the Python packages are not installed: run `cargo xtask test --only interop`");
    let mut command = Command::new(interpreter);
    command.current_dir(here.join("interop")).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What both verifiers see: all claims, and what is left when only `disclose` is shown.
#[track_caller]
fn seen(daemon: &Daemon, credential: &str, key: Option<&HolderKey>, disclose: &Value, types: &Value) -> Vec<Value> {
    let mut one = json!({ "credential": credential, "disclose": disclose });
    if let Some(key) = key {
        one["privateKey"] = STANDARD.encode(key.pkcs8()).into();
    }
    if !types.is_null() {
        one["types"] = types.clone();
    }
    let input = json!({ "iaca": daemon.management().iaca().pem(), "credentials": [one] }).to_string();
    let answers = [node("verify-sd-jwt.mjs", &[], &input).unwrap(), python("verify_sd_jwt.py", &input)];
    answers.into_iter().map(|answer| answer["results"][0].clone()).collect()
}

fn issued(daemon: &Daemon, body: &Value, key: &HolderKey) -> SdJwt {
    let management = daemon.management();
    let claims = json!({
        "name": "Müller 😀", "born": "1984-02-29", "city": "Lindenau", "country": "UT",
        "degrees": [{ "title": "BSc", "year": 2006 }, { "title": "MSc", "year": 2008 }],
    });
    let offer = management.offer_of(&management.create_sd_jwt(body), &claims);
    daemon.wallet().claim_sd_jwt(&offer, std::slice::from_ref(key)).remove(0)
}

// SDJ-4.2.3-01, SDJ-4.2.6-01, SDJ-4.2-02, VCT-2.2.2.3-02
#[test]
fn both_verifiers_accept_a_presentation_of_some_claims() {
    let daemon = Daemon::start();
    for decoys in [0, 7] {
        let (key, vct) = (HolderKey::es256(), format!("https://types.example/diploma-{decoys}"));
        let credential = issued(&daemon, &changed(diploma(&vct), "/decoys", decoys), &key);
        let disclose = json!({ "address": { "locality": true }, "degrees": [false, { "title": true }] });
        for result in seen(&daemon, &credential.compact, Some(&key), &disclose, &Value::Null) {
            assert_eq!(result["all"], credential.claims(), "{result}");
            let shown = &result["shown"];
            assert_eq!(shown["address"], json!({ "locality": "Lindenau" }), "{result}");
            assert_eq!(shown["degrees"], json!([{ "title": "MSc", "year": 2008 }]), "{result}");
            assert!(shown.get("name").is_none() && shown["university"] == "University of Lindenau", "{result}");
        }
    }
}

#[test]
fn both_verifiers_accept_a_credential_without_key_binding() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = changed(diploma("https://types.example/ticket"), "/keyBinding", false);
    let configuration = management.create_sd_jwt(&body);
    let token = daemon.wallet().redeem(&management.offer_of(&configuration, &json!({ "name": "Mika" })));
    let answer = daemon.wallet().credential(&token, &json!({ "credential_configuration_id": configuration }));
    let credential = issuerd_tests::sd_jwt::credentials(&answer.expect(200)).remove(0);
    for result in seen(&daemon, &credential.compact, None, &json!({ "name": true }), &Value::Null) {
        assert_eq!(result["shown"]["name"], "Mika", "{result}");
    }
}

#[test]
fn both_verifiers_notice_a_changed_credential() {
    let daemon = Daemon::start();
    let key = HolderKey::es256();
    let credential = issued(&daemon, &diploma("https://types.example/diploma"), &key).compact;
    let (jwt, rest) = credential.split_once('~').unwrap();
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    for broken in [
        format!("{signed}.{other}{}~{rest}", &signature[1..]),
        // A disclosure twice, and one that nothing refers to.
        format!("{credential}{}~", rest.split('~').next().unwrap()),
    ] {
        let results = seen(&daemon, &broken, Some(&key), &json!({}), &Value::Null);
        assert!(results.iter().any(|result| result["error"].is_string()), "{results:?}");
    }
}

// VCT-5.3-01, VCT-5.7-01, VCT-6-01: the JavaScript library loads the type and holds the credential against it.
#[test]
fn a_credential_follows_the_metadata_of_its_type() {
    let daemon = Daemon::start();
    let path = "/v1/credentials/sd-jwt/types/diploma";
    let vct = format!("{}{path}", daemon.wallet().issuer);
    let key = HolderKey::es256();
    let credential = issued(&daemon, &changed(diploma(&vct), "/vctIntegrity", true), &key);
    let served = daemon.wallet().get(path).expect(200).json();
    let disclose = json!({ "name": true });
    let good = seen(&daemon, &credential.compact, Some(&key), &disclose, &json!({ vct.clone(): served }));
    assert_eq!(good[0]["shown"]["name"], "Müller 😀", "{}", good[0]);
}

// VCI-8.3-07, VCI-A.3: the foreign wallet takes both formats from one offer.
#[test]
fn a_foreign_wallet_claims_a_pid() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(SD_JWT_PID), &json!({ "family_name": "Sommer" }));
    let credentials = claim(&offer.uri, None, 2).unwrap();
    assert_eq!(credentials.len(), 2);
    for one in &credentials {
        let read = SdJwt::decode(one["credential"].as_str().unwrap());
        read.verify(&management.iaca());
        assert_eq!(read.payload["cnf"]["jwk"], one["jwk"]);
        assert_eq!(read.claims()["family_name"], "Sommer");
    }
    assert_eq!(management.offer_state(&offer.id), "issued");
}
