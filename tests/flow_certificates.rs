//! IACAs, document signers and CRLs: profiles, activation, limits, revocation.

use issuerd_tests::certificate::{Certificate, hex, openssl};
use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{IACAS, Management, SIGNERS, details};
use issuerd_tests::offer::path;
use issuerd_tests::prometheus::samples;
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};
use x509_parser::extensions::{GeneralName, ParsedExtension};

const DAY: i64 = 86_400;

/// Claims an mDL and returns the document signer's certificate.
fn signer(daemon: &Daemon) -> Certificate {
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&management.country()));
    daemon.wallet().claim(&offer, &[HolderKey::es256()])[0].signer().clone()
}

/// CRT-ALL-01 to CRT-ALL-06.
fn common_profile(certificate: &Certificate) {
    let parsed = certificate.parsed();
    assert_eq!(parsed.version().0, 2);
    let serial = certificate.serial();
    assert!(serial.len() <= 20 && serial[0] & 0x80 == 0 && serial.len() >= 8, "{serial:02x?}");
    // ecdsa-with-SHA256, inside and outside.
    assert_eq!(parsed.signature_algorithm.algorithm.to_id_string(), "1.2.840.10045.4.3.2");
    assert_eq!(parsed.tbs_certificate.signature.algorithm, parsed.signature_algorithm.algorithm);
    // Uncompressed point of P-256.
    assert!(certificate.public_key().len() == 65 && certificate.public_key()[0] == 4);
    let country = certificate.attribute("C").unwrap();
    assert!(country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()), "{country}");
    let critical: Vec<_> =
        parsed.extensions().iter().filter(|one| one.critical).map(|one| one.oid.to_id_string()).collect();
    // basicConstraints, keyUsage, extKeyUsage.
    assert!(critical.iter().all(|oid| ["2.5.29.19", "2.5.29.15", "2.5.29.37"].contains(&oid.as_str())), "{critical:?}");
}

/// CRT-IACA-06, CRT-IACA-07, CRT-IACA-08 and CRT-DS-06: what both profiles have.
fn links(certificate: &Certificate) {
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate.public_key());
    assert_eq!(certificate.subject_key_id(), digest.as_ref());
    let alternative = |one: &ParsedExtension<'_>| matches!(one, ParsedExtension::IssuerAlternativeName(_));
    certificate.extension("issuerAltName", alternative, |extension| {
        assert!(!extension.critical);
        let ParsedExtension::IssuerAlternativeName(names) = extension.parsed_extension() else { unreachable!() };
        let fits = |name: &GeneralName<'_>| matches!(name, GeneralName::URI(_) | GeneralName::RFC822Name(_));
        assert!(names.general_names.iter().any(fits), "{names:?}");
    });
    assert!(certificate.crl_url().starts_with("http"), "{}", certificate.crl_url());
}

// CRT-IACA-01
#[test]
fn crt_iaca_01_the_root_follows_its_profile() {
    let daemon = Daemon::start();
    let iaca = daemon.management().iaca();
    common_profile(&iaca);
    links(&iaca);
    iaca.signed(&iaca);
    // CRT-IACA-02
    assert!(iaca.attribute("CN").is_some());
    // CRT-IACA-03
    let (from, until) = iaca.validity();
    assert!(until - from <= 20 * 366 * DAY);
    let parsed = iaca.parsed();
    // CRT-IACA-04
    let constraints = parsed.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca && constraints.value.path_len_constraint == Some(0));
    // CRT-IACA-05
    let usage = parsed.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    assert_eq!(usage.value.flags, (1 << 5) | (1 << 6), "{}", usage.value);
}

// CRT-DS-01
#[test]
fn crt_ds_01_the_document_signer_follows_its_profile() {
    let daemon = Daemon::start();
    let (iaca, signer) = (daemon.management().iaca(), signer(&daemon));
    common_profile(&signer);
    links(&signer);
    iaca.signed(&signer);
    // CRT-DS-02
    let ((from, until), (iaca_from, iaca_until)) = (signer.validity(), iaca.validity());
    assert!(until - from <= 457 * DAY && iaca_from <= from && until <= iaca_until);
    // CRT-DS-03
    assert_eq!((signer.attribute("C"), signer.attribute("ST")), (iaca.attribute("C"), iaca.attribute("ST")));
    assert!(signer.attribute("CN").is_some());
    let parsed = signer.parsed();
    // CRT-DS-04
    let usage = parsed.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    assert_eq!(usage.value.flags, 1, "{}", usage.value);
    // CRT-DS-05
    let extended = parsed.extended_key_usage().unwrap().unwrap();
    assert!(extended.critical);
    let purposes: Vec<_> = extended.value.other.iter().map(x509_parser::der_parser::oid::Oid::to_id_string).collect();
    assert_eq!(purposes, ["1.0.18013.5.1.2"]);
    // CRT-DS-07
    assert!(parsed.basic_constraints().unwrap().is_none_or(|constraints| !constraints.value.ca));
}

// CRT-CRL-01
#[test]
fn crt_crl_01_the_crl_is_served_to_anybody_and_verifies() {
    let daemon = Daemon::start();
    let iaca = daemon.management().iaca();
    // CRT-CRL-02
    let answer = daemon.wallet().get(&path(&iaca.crl_url())).expect(200);
    assert_eq!(answer.media_type(), "application/pkix-crl");
    assert!(answer.header("cache-control").is_some());
    let said = openssl_crl(&iaca, &answer.body);
    assert!(said.contains("verify OK"), "{said}");
    assert!(said.contains("Version 2") && said.contains("X509v3 CRL Number"), "{said}");
    assert!(said.contains("X509v3 Authority Key Identifier") && said.contains("No Revoked Certificates"), "{said}");
    assert!(said.contains("Next Update"), "{said}");
    let unknown = "/v2/credentials/mobile/iacas/00000000-0000-4000-8000-000000000000/crl";
    daemon.wallet().get(&daemon.wallet().path(unknown)).expect(404);
}

fn openssl_crl(iaca: &Certificate, crl: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("iaca.pem"), iaca.pem()).unwrap();
    std::fs::write(folder.path().join("crl.der"), crl).unwrap();
    openssl(folder.path(), &["crl", "-inform", "DER", "-in", "crl.der", "-CAfile", "iaca.pem", "-text", "-noout"])
}

// CRT-CRL-04
#[test]
fn crt_crl_04_a_revoked_signer_is_on_the_crl_and_signs_no_more() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let before = signer(&daemon);
    let listed = management.list(SIGNERS);
    let current =
        listed.iter().find(|one| one["certificatePem"].as_str().map(Certificate::from_pem) == Some(before.clone()));
    let id = current.expect("the signer is listed")["id"].as_str().unwrap().to_owned();
    let revoked = management.post(&format!("{SIGNERS}/{id}/revoke"), &json!({})).expect(200).json();
    assert_eq!(revoked["revoked"], true);
    let _: jiff::Timestamp = revoked["revocationDate"].as_str().unwrap().parse().unwrap();
    let after = signer(&daemon);
    assert_ne!(after.serial(), before.serial());
    assert_ne!(after.public_key(), before.public_key());
    // CRT-CRL-03
    let iaca = management.iaca();
    let said = openssl_crl(&iaca, &daemon.wallet().get(&path(&iaca.crl_url())).expect(200).body);
    let serial = before.serial();
    let serial = hex(if serial[0] == 0 { &serial[1..] } else { &serial }).to_uppercase();
    assert!(said.contains(&serial) && said.contains("verify OK"), "{serial} in {said}");
    // Again changes nothing.
    let again = management.post(&format!("{SIGNERS}/{id}/revoke"), &json!({})).expect(200).json();
    assert_eq!(again, revoked);
    let counted = samples(&management.metrics());
    let seen = |event: &str| counted[&format!("issuerd_analytics_events_total{{event=\"{event}\"}}")];
    assert!((seen("MOBILE_CREDENTIAL_DOCUMENT_SIGNER_KEY_DELETE_SUCCESS") - 1.0).abs() < 0.5);
    // The first one and its successor, made without a request.
    assert!((seen("MOBILE_CREDENTIAL_DOCUMENT_SIGNER_CREATE_SUCCESS") - 2.0).abs() < 0.5);
}

#[test]
fn an_iaca_is_created_inactive_and_listed_by_facts() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "commonName": "Utopia IACA 2", "country": "UT", "stateOrProvinceName": "UT-AB",
        "notAfter": "2035-01-01T00:00:00Z" });
    let made = management.post(IACAS, &body).expect(201).json();
    assert_eq!(made["active"], false);
    assert_eq!(made["isManaged"], true);
    let certificate = Certificate::from_pem(made["certificatePem"].as_str().unwrap());
    common_profile(&certificate);
    links(&certificate);
    certificate.signed(&certificate);
    let data = &made["certificateData"];
    assert_eq!((data["commonName"].as_str(), data["country"].as_str()), (Some("Utopia IACA 2"), Some("UT")));
    assert_eq!(data["stateOrProvinceName"], "UT-AB");
    assert_eq!(certificate.attribute("ST").as_deref(), Some("UT-AB"));
    let fingerprint = ring::digest::digest(&ring::digest::SHA256, &certificate.der);
    assert_eq!(made["certificateFingerprint"].as_str().unwrap().to_ascii_lowercase(), hex(fingerprint.as_ref()));
    let id = made["id"].as_str().unwrap();
    assert_eq!(management.get(&format!("{IACAS}/{id}")).expect(200).json(), made);
    assert!(management.list(IACAS).contains(&made));
}

// CRT-DS-10
#[test]
fn crt_ds_10_issuing_moves_to_another_iaca_without_a_gap() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let old = management.list(IACAS).remove(0);
    let old_certificate = management.iaca();
    let country = management.country();
    let made = management.post(IACAS, &json!({ "commonName": "IACA 2", "country": country })).expect(201).json();
    let activate = |iaca: &Value, active: bool| {
        let target = format!("{IACAS}/{}", iaca["id"].as_str().unwrap());
        assert_eq!(management.put(&target, &json!({ "active": active })).expect(200).json()["active"], active);
    };
    activate(&made, true);
    activate(&old, false);
    let new_certificate = Certificate::from_pem(made["certificatePem"].as_str().unwrap());
    new_certificate.signed(&signer(&daemon));
    // Readers are told of both while credentials of the old one may be about.
    let listed = daemon.wallet().get(&daemon.wallet().path("/v1/openid/iacas")).expect(200).text();
    let shown = |certificate: &Certificate| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&certificate.der);
        listed.replace("\\n", "").contains(&text)
    };
    assert!(shown(&old_certificate) && shown(&new_certificate), "{listed}");
    activate(&made, false);
    // CRT-DS-09: nobody can sign; that is our trouble, not the wallet's (VCI-8.3.1.2-05), and it passes.
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&country));
    let token = daemon.wallet().redeem(&offer);
    let keys = [HolderKey::es256()];
    let answer = daemon.wallet().ask(&token, daemon.configuration(MDL), &keys).expect(503);
    assert!(answer.header("retry-after").is_some());
    // OPS-01
    issuerd_tests::Request::get("/readyz").send(management.address).expect(503);
    assert!(samples(&management.metrics())["issuerd_ready"].abs() < 0.5);
    activate(&old, true);
    issuerd_tests::Request::get("/readyz").send(management.address).expect(200);
    assert!((samples(&management.metrics())["issuerd_ready"] - 1.0).abs() < 0.5);
    // HTP-ERR-03: the failure spent nothing.
    daemon.wallet().ask(&token, daemon.configuration(MDL), &keys).expect(200);
}

#[test]
fn three_iacas_are_the_limit() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let make =
        |number: usize| management.post(IACAS, &json!({ "commonName": format!("IACA {number}"), "country": "UT" }));
    let second = make(2).expect(201).json();
    make(3).expect(201);
    assert_eq!(make(4).expect(409).json()["code"], "Conflict");
    management.delete(&format!("{IACAS}/{}", second["id"].as_str().unwrap())).expect(204);
    make(4).expect(201);
}

#[test]
fn mistakes_in_an_iaca_are_named() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for (body, param) in [
        (json!({ "country": "Utopia" }), "country"),
        (json!({ "country": "ut" }), "country"),
        (json!({ "country": "UT", "commonName": "" }), "commonName"),
        (json!({ "country": "UT", "commonName": "Ümlaut" }), "commonName"),
        (json!({ "country": "UT", "commonName": "a*b" }), "commonName"),
        (json!({ "country": "UT", "stateOrProvinceName": "XX-AB" }), "stateOrProvinceName"),
        (json!({ "country": "UT", "stateOrProvinceName": "ut-ab" }), "stateOrProvinceName"),
        (json!({ "country": "UT", "notBefore": "2020-01-01T00:00:00Z" }), "notBefore"),
        (json!({ "country": "UT", "notAfter": "2020-01-01T00:00:00Z" }), "notAfter"),
        (json!({ "country": "UT", "notAfter": "2050-01-01T00:00:00Z" }), "notAfter"),
        (json!({ "country": "UT", "notAfter": "soon" }), "notAfter"),
        (json!({ "country": "UT", "active": true }), "active"),
        (json!({ "country": "UT", "name": "x" }), "name"),
        (json!({ "certificatePem": "nonsense" }), "certificatePem"),
        (json!({ "certificatePem": 7 }), "certificatePem"),
    ] {
        let details = details(&management.post(IACAS, &body));
        assert!(details.iter().any(|(given, _)| given == param), "{body}: {details:?}");
    }
    assert_eq!(management.list(IACAS).len(), 1);
}

#[test]
fn signers_of_a_managed_iaca_are_not_made_or_changed_by_hand() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let iaca = management.list(IACAS).remove(0);
    assert_eq!(details(&management.post(SIGNERS, &json!({ "iacaId": iaca["id"] })))[0].0, "iacaId");
    let signer = management.list(SIGNERS).remove(0);
    let target = format!("{SIGNERS}/{}", signer["id"].as_str().unwrap());
    management.put(&target, &json!({ "active": false })).expect(400);
    management.delete(&target).expect(400);
    assert_eq!(management.get(&target).expect(200).json(), signer);
    // No view of a key.
    assert!(!format!("{signer}{iaca}").to_ascii_uppercase().contains("PRIVATE"));
}

#[test]
fn unknown_iacas_and_signers_are_404() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = "00000000-0000-4000-8000-000000000000";
    let check = |management: &Management, target: String, body: Value| {
        for answer in [management.get(&target), management.put(&target, &body), management.delete(&target)] {
            assert_eq!(answer.expect(404).json()["code"], "NotFound");
        }
    };
    check(&management, format!("{IACAS}/{id}"), json!({ "active": true }));
    check(&management, format!("{SIGNERS}/{id}"), json!({ "active": true }));
    management.post(&format!("{SIGNERS}/{id}/revoke"), &json!({})).expect(404);
    assert_eq!(details(&management.post(SIGNERS, &json!({ "iacaId": id })))[0].0, "iacaId");
    assert_eq!(details(&management.get(&format!("{IACAS}/nonsense"))).len(), 1);
}
