//! An IACA whose key is held elsewhere: its document signers are certified there.

use std::path::Path;

use issuerd_tests::certificate::{Certificate, openssl};
use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{IACAS, Management, SIGNERS, details};
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};

/// An IACA made with openssl, by the profile of ISO/IEC 18013-5 table B.1.
fn root(folder: &Path, country: &str) -> Certificate {
    let extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
        subjectKeyIdentifier=hash\nissuerAltName=URI:https://iaca.example\n\
        crlDistributionPoints=URI:https://iaca.example/crl\n";
    std::fs::write(folder.join("root.ext"), format!("[req]\ndistinguished_name=dn\n[dn]\n[v3]\n{extensions}")).unwrap();
    openssl(folder, &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "root.key"]);
    let subject = format!("/C={country}/CN=Outside IACA");
    let arguments = [
        "req",
        "-x509",
        "-new",
        "-key",
        "root.key",
        "-sha256",
        "-days",
        "3650",
        "-subj",
        &subject,
        "-extensions",
        "v3",
    ];
    openssl(folder, &[&arguments, ["-config", "root.ext", "-out", "root.pem"].as_slice()].concat());
    Certificate::from_pem(&std::fs::read_to_string(folder.join("root.pem")).unwrap())
}

/// Certifies a request by the profile of table B.3, with some of it changed.
fn certify(folder: &Path, csr: &str, days: &str, change: impl Fn(String) -> String) -> String {
    std::fs::write(folder.join("signer.csr"), csr).unwrap();
    let extensions = change(
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,1.0.18013.5.1.2\nsubjectKeyIdentifier=hash\n\
        authorityKeyIdentifier=keyid\nissuerAltName=URI:https://iaca.example\ncrlDistributionPoints=URI:https://iaca.example/crl\n"
            .to_owned(),
    );
    std::fs::write(folder.join("signer.ext"), extensions).unwrap();
    let arguments = [
        "x509",
        "-req",
        "-in",
        "signer.csr",
        "-CA",
        "root.pem",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-days",
        days,
    ];
    openssl(folder, &[&arguments, ["-sha256", "-extfile", "signer.ext", "-out", "signer.pem"].as_slice()].concat());
    std::fs::read_to_string(folder.join("signer.pem")).unwrap()
}

fn register(management: &Management, root: &Certificate) -> Value {
    let made = management.post(IACAS, &json!({ "certificatePem": root.pem() })).expect(201).json();
    assert_eq!((&made["active"], &made["isManaged"]), (&json!(false), &json!(false)));
    assert_eq!(Certificate::from_pem(made["certificatePem"].as_str().unwrap()), *root);
    made
}

fn new_signer(management: &Management, iaca: &Value) -> (String, String) {
    let signer = management.post(SIGNERS, &json!({ "iacaId": iaca["id"] })).expect(201).json();
    assert_eq!((&signer["active"], &signer["iacaId"]), (&json!(false), &iaca["id"]));
    let text = |name: &str| signer[name].as_str().unwrap().to_owned();
    (format!("{SIGNERS}/{}", text("id")), text("csrPem"))
}

// CRT-DS-11
#[test]
fn crt_ds_11_a_signer_is_certified_outside_and_signs() {
    let daemon = Daemon::start();
    let (management, folder) = (daemon.management(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let country = management.country();
    let root = root(folder, &country);
    let iaca = register(&management, &root);
    let (signer, csr) = new_signer(&management, &iaca);
    assert!(openssl_verifies_request(folder, &csr));
    // Not without a certificate.
    assert_eq!(details(&management.put(&signer, &json!({ "active": true })))[0].0, "active");
    let pem = certify(folder, &csr, "400", |extensions| extensions);
    let updated = management.put(&signer, &json!({ "certificatePem": pem, "active": true })).expect(200).json();
    assert_eq!(updated["active"], true);
    assert_eq!(updated["certificateData"]["country"], country);
    // The order of the reference: signer, then IACA; and the old one goes.
    let target = format!("{IACAS}/{}", iaca["id"].as_str().unwrap());
    management.put(&target, &json!({ "active": true })).expect(200);
    for other in management.list(IACAS).iter().filter(|other| other["isManaged"] == true) {
        let target = format!("{IACAS}/{}", other["id"].as_str().unwrap());
        management.put(&target, &json!({ "active": false })).expect(200);
    }
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&country));
    let mdoc = daemon.wallet().claim(&offer, &[HolderKey::es256()]).remove(0);
    mdoc.verify(&root);
    assert_eq!(*mdoc.signer(), Certificate::from_pem(&pem));
    // Its CA revokes it, not this API; and it can be deleted.
    management.post(&format!("{signer}/revoke"), &json!({})).expect(400);
    management.delete(&signer).expect(204);
    management.get(&signer).expect(404);
}

fn openssl_verifies_request(folder: &Path, csr: &str) -> bool {
    std::fs::write(folder.join("check.csr"), csr).unwrap();
    openssl(folder, &["req", "-in", "check.csr", "-verify", "-noout"]).contains("verify OK")
}

// CRT-DS-09
#[test]
fn crt_ds_09_certificates_off_the_profile_are_refused() {
    let daemon = Daemon::start();
    let (management, folder) = (daemon.management(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let root_certificate = root(folder, &management.country());
    let iaca = register(&management, &root_certificate);
    let (signer, csr) = new_signer(&management, &iaca);
    let (other, other_csr) = new_signer(&management, &iaca);
    let refuse = |pem: &str, why: &str| {
        let answer = management.put(&signer, &json!({ "certificatePem": pem }));
        assert_eq!(answer.status, 400, "{why}: {}", answer.text());
        assert_eq!(details(&answer)[0].0, "certificatePem", "{why}");
    };
    refuse(&certify(folder, &csr, "458", |it| it), "too long");
    refuse(
        &certify(folder, &csr, "400", |it| it.replace("critical,digitalSignature", "critical,keyCertSign")),
        "keyUsage",
    );
    refuse(&certify(folder, &csr, "400", |it| it.replace("1.0.18013.5.1.2", "1.0.18013.5.1.6")), "extendedKeyUsage");
    refuse(&certify(folder, &csr, "400", |it| it.replace("critical,1.0", "1.0")), "extendedKeyUsage not critical");
    refuse(&certify(folder, &csr, "400", |it| it + "basicConstraints=critical,CA:TRUE\n"), "a CA");
    refuse(&certify(folder, &other_csr, "400", |it| it), "another key");
    refuse(&root_certificate.pem(), "the root");
    refuse("nonsense", "no PEM");
    let good = certify(folder, &csr, "400", |it| it);
    // Another root of the same name.
    let elsewhere = tempfile::tempdir().unwrap();
    root(elsewhere.path(), &management.country());
    refuse(&certify(elsewhere.path(), &csr, "400", |it| it), "another root");
    management.put(&signer, &json!({ "certificatePem": good })).expect(200);
    management.delete(&other).expect(204);
}

// CRT-IACA-01
#[test]
fn crt_iaca_01_roots_off_the_profile_are_refused() {
    let daemon = Daemon::start();
    let (management, folder) = (daemon.management(), tempfile::tempdir().unwrap());
    let root_certificate = root(folder.path(), "UT");
    register(&management, &root_certificate);
    let refuse = |body: &Value| {
        assert_eq!(details(&management.post(IACAS, body))[0].0, "certificatePem", "{body}");
    };
    // Registered already, not self-signed, not a CA, private key.
    refuse(&json!({ "certificatePem": root_certificate.pem() }));
    refuse(&json!({ "certificatePem": management.list(SIGNERS)[0]["certificatePem"] }));
    refuse(&json!({ "certificatePem": Certificate::from_der(&HolderKey::es256().certificate()).pem() }));
    refuse(&json!({ "certificatePem": std::fs::read_to_string(folder.path().join("root.key")).unwrap() }));
    let both = json!({ "certificatePem": root_certificate.pem(), "country": "UT" });
    assert!(details(&management.post(IACAS, &both)).iter().any(|(param, _)| param == "country"));
}

#[test]
fn five_signers_are_the_limit() {
    let daemon = Daemon::start();
    let (management, folder) = (daemon.management(), tempfile::tempdir().unwrap());
    let iaca = register(&management, &root(folder.path(), "UT"));
    for _ in 0..5 {
        new_signer(&management, &iaca);
    }
    assert_eq!(management.post(SIGNERS, &json!({ "iacaId": iaca["id"] })).expect(409).json()["code"], "Conflict");
    // The IACA goes with its signers.
    management.delete(&format!("{IACAS}/{}", iaca["id"].as_str().unwrap())).expect(204);
    assert!(management.list(SIGNERS).iter().all(|signer| signer["iacaId"] != iaca["id"]));
}
