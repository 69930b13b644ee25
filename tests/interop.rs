//! Wallets and verifiers that others wrote: the `OpenWallet` Foundation's `OpenID4VCI` library claims, Auth0's mdoc library and the crate
//! isomdl verify digests, signature, chain to the IACA and validity.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is the failure of the test"
)]

mod interop_plugins;
mod interop_sd_jwt;
mod interop_status;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use isomdl::cbor;
use isomdl::definitions::helpers::Tag24;
use isomdl::definitions::x509::X5Chain;
use isomdl::definitions::x509::trust_anchor::{PemTrustAnchor, TrustAnchorRegistry, TrustPurpose};
use isomdl::definitions::x509::validation::ValidationRuleset;
use isomdl::definitions::{DigestId, IssuerSigned, Mso};
use isomdl::presentation::authentication::mdoc::issuer_authentication;
use issuerd_tests::claims::{mdl, pid};
use issuerd_tests::client::WalletProvider;
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::{MDL, Options, PID};
use issuerd_tests::{Daemon, HolderKey, Mdoc, Offer};
use serde_json::{Value, json};

/// Runs a script of `interop/` and reads the line that it prints.
#[track_caller]
fn node(script: &str, arguments: &[&str], input: &str) -> Result<Value, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    assert!(
        folder.join("node_modules").exists(),
        "the foreign wallet is not installed: run `npm ci` in {} (`cargo xtask test` does)",
        folder.display()
    );
    let mut command = Command::new("node");
    command
        .current_dir(&folder)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("node, version 20 or later, must be installed");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// Claims with the foreign wallet.
fn claim(link: &str, tx_code: Option<&str>, copies: usize) -> Result<Vec<Value>, String> {
    let copies = copies.to_string();
    let mut arguments = vec!["--offer", link, "--copies", &copies];
    arguments.extend(tx_code.into_iter().flat_map(|code| ["--tx-code", code]));
    node("wallet.mjs", &arguments, "").map(|answer| answer["credentials"].as_array().unwrap().clone())
}

/// The same with an access token that is bound to a key.
fn claim_bound(link: &str) -> Vec<Value> {
    let answer = node("wallet.mjs", &["--offer", link, "--dpop"], "").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer["tokenType"], "DPoP");
    answer["credentials"].as_array().unwrap().clone()
}

/// Verifies with both foreign verifiers, and the tests' own reader.
#[track_caller]
fn verify(daemon: &Daemon, credentials: &[Value]) {
    let iaca = daemon.management().iaca();
    let input = json!({ "iaca": iaca.pem(), "credentials": credentials }).to_string();
    let answer = node("verify.mjs", &[], &input).unwrap_or_else(|error| panic!("{error}"));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), credentials.len());
    for (result, credential) in results.iter().zip(credentials) {
        auth0(result);
        let bytes = B64.decode(credential["credential"].as_str().unwrap()).unwrap();
        spruce(&bytes, &iaca.pem(), credential["docType"].as_str().unwrap());
        Mdoc::decode(&bytes).verify(&iaca);
    }
}

#[track_caller]
fn auth0(result: &Value) {
    assert_eq!((&result["failed"], &result["sameKey"]), (&json!([]), &json!(true)), "{result}");
    let passed: BTreeSet<_> = result["passed"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    for check in [
        "ISSUER_CERTIFICATE_VALIDITY",
        "ISSUER_SIGNATURE_VALIDITY",
        "MSO_SIGNED_DATE_WITHIN_CERTIFICATE_VALIDITY",
        "MSO_VALIDITY_AT_VERIFICATION_TIME",
        "ISSUER_SUBJECT_COUNTRY_NAME_PRESENCE",
        "ATTRIBUTE_DIGEST_MATCH",
    ] {
        assert!(passed.contains(check), "{check} is not among {passed:?}");
    }
}

/// Verifies with isomdl.
#[track_caller]
fn spruce(credential: &[u8], iaca: &str, doc_type: &str) {
    let issuer_signed: IssuerSigned = cbor::from_slice(credential).unwrap();
    let chain =
        X5Chain::builder().with_der_certificate(&Mdoc::decode(credential).signer().der).unwrap().build().unwrap();
    issuer_authentication(chain.clone(), &issuer_signed).expect("the issuer's signature");
    let anchor = PemTrustAnchor { certificate_pem: iaca.to_owned(), purpose: TrustPurpose::Iaca };
    let anchors = TrustAnchorRegistry::from_pem_certificates(vec![anchor]).unwrap();
    let outcome = ValidationRuleset::Mdl.validate(&chain, &anchors);
    assert!(outcome.success(), "{:?}", outcome.errors);
    let mso: Tag24<Mso> = cbor::from_slice(issuer_signed.issuer_auth.payload.as_ref().unwrap()).unwrap();
    let mso = mso.into_inner();
    assert_eq!(mso.doc_type, doc_type);
    for (namespace, items) in issuer_signed.namespaces.as_ref().unwrap().iter() {
        for item in items.iter() {
            let id: DigestId = item.as_ref().digest_id;
            let digest = ring::digest::digest(&ring::digest::SHA256, &cbor::to_vec(item).unwrap());
            assert_eq!(mso.value_digests[namespace][&id].as_ref() as &[u8], digest.as_ref());
        }
    }
}

fn offer(daemon: &Daemon, more: &Value) -> Offer {
    let management = daemon.management();
    let mut body = json!({ "credentials": [daemon.configuration(MDL)], "claims": mdl(&management.country()) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    management.offer(&body)
}

#[test]
fn an_offer_by_value_is_claimed() {
    let daemon = Daemon::start();
    let offer = offer(&daemon, &json!({}));
    let credentials = claim(&offer.uri, None, 1).unwrap();
    verify(&daemon, &credentials);
    assert_eq!(daemon.management().offer_state(&offer.id), "issued");
    // A second claim is refused.
    let refused = claim(&offer.uri, None, 1).unwrap_err();
    assert!(refused.contains("invalid_grant"), "{refused}");
}

#[test]
fn an_offer_by_reference_is_claimed() {
    let daemon = Daemon::start();
    let offer = offer(&daemon, &json!({}));
    verify(&daemon, &claim(&offer.reference_uri, None, 1).unwrap());
}

#[test]
fn an_offer_with_a_transaction_code_is_claimed_either_way() {
    let daemon = Daemon::start();
    let tx_code =
        json!({ "transactionCodeConfiguration": { "inputMode": "numeric", "description": "From our letter" } });
    let (by_value, by_reference) = (offer(&daemon, &tx_code), offer(&daemon, &tx_code));
    let wrong = claim(&by_value.uri, Some("x"), 1).unwrap_err();
    assert!(wrong.contains("invalid_grant"), "{wrong}");
    verify(&daemon, &claim(&by_value.uri, by_value.tx_code.as_deref(), 1).unwrap());
    verify(&daemon, &claim(&by_reference.reference_uri, by_reference.tx_code.as_deref(), 1).unwrap());
}

// DPP-4.3-01 to DPP-4.3-12, DPP-9-01
#[test]
fn a_credential_is_claimed_with_a_bound_token_also_where_a_nonce_is_required() {
    for required in ["false", "true"] {
        let options = Options::default().environment("ISSUERD_DPOP_REQUIRE_NONCE", required);
        let daemon = Daemon::with(options.environment("ISSUERD_DPOP_REQUIRED", "true"));
        let offer = offer(&daemon, &json!({}));
        let refused = claim(&offer.uri, None, 1).unwrap_err();
        assert!(refused.contains("invalid_dpop_proof"), "{refused}");
        verify(&daemon, &claim_bound(&offer.uri));
        assert_eq!(daemon.management().offer_state(&offer.id), "issued");
    }
}

#[test]
fn a_batch_of_five_is_claimed() {
    let daemon = Daemon::start();
    let credentials = claim(&offer(&daemon, &json!({})).uri, None, 5).unwrap();
    assert_eq!(credentials.len(), 5);
    let keys: BTreeSet<_> = credentials.iter().map(|one| one["jwk"]["x"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 5);
    verify(&daemon, &credentials);
}

#[test]
fn a_pid_and_an_unknown_type_are_claimed_from_one_offer() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let club = management.create_configuration(&membership("org.example.club"));
    let mut claims = pid(&management.country());
    claims["name"] = "Mika Sommer".into();
    let offer = management.offer(&json!({ "credentials": [daemon.configuration(PID), club], "claims": claims }));
    let credentials = claim(&offer.uri, None, 1).unwrap();
    assert_eq!(
        credentials.iter().map(|one| one["docType"].as_str().unwrap()).collect::<Vec<_>>(),
        [PID, "org.example.club"]
    );
    verify(&daemon, &credentials);
}

// ABC-4-05, ABC-5.1-04, ABC-5.1-05: an attestation and its proof as the foreign library makes them, with iss in both.
#[test]
fn an_attested_foreign_wallet_claims_where_attestation_is_required() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), WalletProvider::new());
    let daemon = Daemon::installed(&provider.trusted(folder.path(), "required = true"));
    let club = daemon.management().create_configuration(&membership("org.example.club"));
    let offer = daemon.management().offer_of(&club, &json!({ "name": "Mika Sommer" }));
    let refused = claim(&offer.uri, None, 1).unwrap_err();
    assert!(refused.contains("invalid_client"), "{refused}");
    let (key, certificate) = (STANDARD.encode(provider.pkcs8()), STANDARD.encode(provider.certificate()));
    let arguments = ["--offer", &offer.uri, "--attestation-key", &key, "--attestation-certificate", &certificate];
    let answer = node("wallet.mjs", &arguments, "").unwrap_or_else(|error| panic!("{error}"));
    verify(&daemon, answer["credentials"].as_array().unwrap());
}

#[test]
fn the_verifiers_notice_a_changed_credential() {
    let daemon = Daemon::start();
    let key = HolderKey::es256();
    let mdoc = daemon.wallet().claim(&offer(&daemon, &json!({})), std::slice::from_ref(&key)).remove(0);
    let mut bytes = mdoc.bytes;
    let place = bytes.windows(6).position(|window| window == b"Sommer").unwrap();
    bytes[place] = b'P';
    let credentials = json!([{ "docType": MDL, "credential": B64.encode(bytes), "jwk": key.jwk() }]);
    let input = json!({ "iaca": daemon.management().iaca().pem(), "credentials": credentials }).to_string();
    let answer = node("verify.mjs", &[], &input).unwrap();
    assert_eq!(answer["results"][0]["failed"].as_array().unwrap().len(), 1, "{answer}");
}

// JWE-7518-01, JWE-7518-04, VCI-10-01, VCI-10-03, VCI-12.2.3-02, VCI-12.2.3-04
#[test]
fn a_foreign_jose_library_encrypts_decrypts_and_verifies_the_metadata() {
    let daemon = Daemon::start();
    for (enc, more) in [("A128GCM", ["--kid", "w1"]), ("A256GCM", ["--apu", "Alice"])] {
        let offer = offer(&daemon, &json!({}));
        let arguments = ["--offer", &offer.uri, "--enc", enc, more[0], more[1]];
        let answer = node("jose.mjs", &arguments, "").unwrap_or_else(|error| panic!("{error}"));
        let (metadata, response) = (&answer["metadata"], &answer["response"]);
        assert_eq!(metadata["header"]["typ"], "openidvci-issuer-metadata+jwt");
        assert_eq!(metadata["payload"]["sub"], daemon.ready.issuer.as_str());
        assert_eq!((&response["status"], &response["header"]["enc"]), (&json!(200), &json!(enc)));
        assert_eq!(response["header"].get("kid"), (more[0] == "--kid").then(|| json!("w1")).as_ref());
        let credential = response["content"]["credentials"][0]["credential"].clone();
        verify(&daemon, &[json!({ "docType": MDL, "credential": credential, "jwk": answer["jwk"] })]);
        assert_eq!(daemon.management().offer_state(&offer.id), "issued");
    }
}

// VCI-9.2-01, VCI-9.2-02, VCI-11.1-01
#[test]
fn a_foreign_wallet_comes_back_for_what_is_deferred_and_says_what_became_of_it() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = changed(membership("org.example.strict"), "/approvalRequired", true);
    let configuration = management.create_configuration(&body);
    let offer = management.offer_of(&configuration, &json!({ "name": "Mika Sommer" }));
    let asked = node("later.mjs", &["--offer", &offer.uri], "").unwrap_or_else(|error| panic!("{error}"));
    let text = |name: &str| asked[name].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
    let (transaction, token) = (text("transaction"), text("token"));
    let come_back = || {
        let arguments = ["--issuer", &daemon.ready.issuer, "--transaction", &transaction, "--token", &token];
        node("later.mjs", &arguments, "")
    };
    assert_eq!(come_back().unwrap()["interval"], asked["interval"]);
    let waiting = management.list("/v1/openid/deferred").remove(0);
    management
        .post(&format!("/v1/openid/deferred/{}/approve", waiting["id"].as_str().unwrap()), &json!({}))
        .expect(200);
    let answer = come_back().unwrap_or_else(|error| panic!("{error}"));
    let credential = answer["credentials"][0].clone();
    verify(&daemon, &[json!({ "docType": "org.example.strict", "credential": credential, "jwk": asked["jwk"] })]);
    let user = management.offer_view(&offer.id)["userId"].as_str().unwrap().to_owned();
    let records = management.list(&format!("/v1/users/{user}/credentials"));
    assert_eq!(records[0]["notifications"][0]["event"], "credential_accepted");
    assert!(come_back().unwrap_err().contains("invalid_transaction_id"));
}
