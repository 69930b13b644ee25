//! Certificates of the issuer, read by others, and mistakes in certificates of others.

mod mistakes;

use jiff::{SignedDuration, Timestamp};

use super::certificate::{Facts, key_identifier};
use super::crl::{CrlContent, RevokedCertificate, make};
use super::issue::{Authority, Content, Leaf, Links, Subject, iaca, leaf, leaf_request};
use super::key::CertificateKey;
use super::testing::Openssl;
use super::{PkiError, Validity, check, days_after, pem};
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::random::SystemRandom;
use crate::signer::{Algorithm, SoftwareKey};

fn key() -> CertificateKey {
    CertificateKey::from_pkcs8(&SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap()).unwrap()
}

fn subject(common_name: &str) -> Subject {
    Subject { country: "US".into(), state_or_province: Some("US-AL".into()), common_name: common_name.into() }
}

fn links() -> Links {
    Links { issuer: "https://issuer.example/acme".into(), crl: "https://issuer.example/acme/crl".into() }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct Root {
    key: CertificateKey,
    der: Vec<u8>,
    validity: Validity,
}

impl Root {
    fn new() -> Self {
        let now = Timestamp::from_second(SystemClock.now().as_second()).unwrap();
        Self::valid(Validity { not_before: now, not_after: days_after(now, 3652) })
    }

    fn valid(validity: Validity) -> Self {
        let key = key();
        let content = Content { subject: &subject("Example IACA"), validity, links: &links() };
        let der = iaca(&key, &content, &SystemRandom::default()).unwrap();
        Self { key, der, validity }
    }

    fn authority(&self) -> Authority<'_> {
        Authority { certificate: &self.der, key: &self.key }
    }

    fn sign(&self, subject: &Subject, days: i64) -> Result<Vec<u8>, PkiError> {
        let not_before = self.validity.not_before;
        let validity = Validity { not_before, not_after: days_after(not_before, days) };
        let content = Content { subject, validity, links: &links() };
        leaf(Leaf::Document, &self.authority(), &key(), &content, &SystemRandom::default())
    }
}

/// The text of openssl without the indentation, so that a heading and its value can be looked for together.
fn shown(openssl: &Openssl, name: &str, der: &[u8]) -> String {
    openssl.write(name, der);
    let text = openssl.run(&format!("x509 -inform DER -in {name} -noout -text"));
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

// CRT-ALL-01, CRT-ALL-02, CRT-ALL-05, CRT-IACA-01, CRT-IACA-02, CRT-IACA-03, CRT-IACA-04, CRT-IACA-05, CRT-IACA-06,
// CRT-IACA-07, CRT-IACA-08, CRT-IACA-09
#[test]
fn openssl_reads_an_iaca_of_the_profile() {
    let (root, openssl) = (Root::new(), Openssl::new());
    let text = shown(&openssl, "root.der", &root.der);
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256\nIssuer: C = US, ST = US-AL, CN = Example IACA",
        "Subject: C = US, ST = US-AL, CN = Example IACA\nSubject Public Key Info:\nPublic Key Algorithm: id-ecPublicKey",
        "NIST CURVE: P-256",
        "X509v3 Basic Constraints: critical\nCA:TRUE, pathlen:0\n",
        "X509v3 Key Usage: critical\nCertificate Sign, CRL Sign\n",
        "X509v3 Issuer Alternative Name:\nURI:https://issuer.example/acme\n",
        "X509v3 CRL Distribution Points:\nFull Name:\nURI:https://issuer.example/acme/crl\n",
        "X509v3 Subject Key Identifier:\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert_eq!(text.matches("critical").count(), 2);
    assert_eq!(text.matches("X509v3 ").count(), 6, "five extensions and their heading in {text}");
    openssl.run("x509 -inform DER -in root.der -out root.pem");
    openssl.run("verify -x509_strict -check_ss_sig -CAfile root.pem root.pem");
    assert_eq!(check::iaca(&root.der), Vec::<&str>::new());
}

// CRT-IACA-06, CRT-ALL-05
#[test]
fn the_key_identifier_is_the_sha1_of_the_uncompressed_point() {
    let (root, openssl) = (Root::new(), Openssl::new());
    openssl.write("root.der", &root.der);
    openssl.run("x509 -inform DER -in root.der -noout -pubkey -out key.pem");
    openssl.run("pkey -pubin -in key.pem -outform DER -out key.der");
    let spki = openssl.read("key.der");
    let point = &spki[spki.len() - 65..];
    assert_eq!(point[0], 4);
    openssl.write("point", point);
    let digest = openssl.run("dgst -sha1 -r point");
    let shown = openssl.run("x509 -inform DER -in root.der -noout -ext subjectKeyIdentifier");
    let shown = shown.lines().last().unwrap().trim().replace(':', "").to_lowercase();
    assert_eq!(digest.split(' ').next().unwrap(), shown);
    assert_eq!(key_identifier(point).len(), 20);
}

// CRT-ALL-04, CRT-ALL-06
#[test]
fn dates_and_countries_have_the_encodings_of_the_profile() {
    for (end, kind) in [("2049-12-31T23:59:59Z", "UTCTIME"), ("2050-01-01T00:00:00Z", "GENERALIZEDTIME")] {
        let validity = Validity { not_before: instant("2035-06-01T00:00:00Z"), not_after: instant(end) };
        let (root, openssl) = (Root::valid(validity), Openssl::new());
        openssl.write("root.der", &root.der);
        let shown = openssl.run("asn1parse -inform DER -in root.der");
        let times: Vec<_> = shown.lines().filter(|line| line.contains("TIME")).collect();
        assert!(times[0].contains("UTCTIME") && times[0].contains("350601000000Z"), "{times:?}");
        assert!(times[1].contains(kind) && times[1].ends_with('Z'), "{times:?}");
        assert_eq!(shown.matches("PRINTABLESTRING   :US\n").count(), 2, "{shown}");
    }
}

// CRT-ALL-01
#[test]
fn serial_numbers_are_positive_random_and_short() {
    let validity = Root::new().validity;
    let serials: std::collections::HashSet<_> =
        (0..200).map(|_| Facts::read(&Root::valid(validity).der).unwrap().serial).collect();
    assert_eq!(serials.len(), 200);
    for serial in &serials {
        assert!(serial.len() == 16 && serial[0] & 0x80 == 0 && serial[0] & 0x40 != 0);
    }
    // The lowest bit of each octet after the first takes both values: nothing there is fixed.
    for octet in 1..16 {
        let ones = serials.iter().filter(|serial| serial[octet] & 1 == 1).count();
        assert!((40..160).contains(&ones));
    }
}

// CRT-DS-01, CRT-DS-02, CRT-DS-03, CRT-DS-04, CRT-DS-05, CRT-DS-06, CRT-DS-07, CRT-ALL-02, CRT-ALL-03
#[test]
fn openssl_reads_a_document_signer_of_the_profile() {
    let (root, openssl) = (Root::new(), Openssl::new());
    let signer = root.sign(&subject("Example signer"), 457).unwrap();
    let text = shown(&openssl, "signer.der", &signer);
    for expected in [
        "Version: 3 (0x2)",
        "Issuer: C = US, ST = US-AL, CN = Example IACA\n",
        "Subject: C = US, ST = US-AL, CN = Example signer\n",
        "X509v3 Key Usage: critical\nDigital Signature\n",
        "X509v3 Extended Key Usage: critical\n1.0.18013.5.1.2\n",
        "X509v3 Issuer Alternative Name:\nURI:https://issuer.example/acme\n",
        "X509v3 CRL Distribution Points:\nFull Name:\nURI:https://issuer.example/acme/crl\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert_eq!(text.matches("critical").count(), 2);
    assert!(!text.contains("Basic Constraints"));
    openssl.write("root.pem", pem::certificate(&root.der));
    openssl.write("signer.pem", pem::certificate(&signer));
    openssl.run("verify -x509_strict -CAfile root.pem signer.pem");
    let identifier = |file: &str, extension: &str| {
        let shown = openssl.run(&format!("x509 -in {file} -noout -ext {extension}"));
        shown.lines().nth(1).unwrap().trim().to_owned()
    };
    assert_eq!(
        identifier("signer.pem", "authorityKeyIdentifier"),
        identifier("root.pem", "subjectKeyIdentifier"),
        "authority key identifier"
    );
    // 1.0.18013.5.1.2 in DER
    assert!(signer.windows(9).any(|it| it == [0x06, 0x07, 0x28, 0x81, 0x8c, 0x5d, 0x05, 0x01, 0x02]));
}

// CRT-DS-02, CRT-DS-03
#[test]
fn a_document_signer_outside_its_profile_is_not_made() {
    let root = Root::new();
    let elsewhere = Subject { country: "UT".into(), ..subject("Example signer") };
    let stateless = Subject { state_or_province: None, ..subject("Example signer") };
    for (made, expected) in [
        (root.sign(&subject("Example signer"), 458), "must be valid for at most 457 days"),
        (root.sign(&elsewhere, 30), "countryName must be the IACA's"),
        (root.sign(&stateless, 30), "stateOrProvinceName must be the IACA's"),
    ] {
        assert_eq!(made, Err(PkiError::Profile(expected)));
    }
    let short = Root::valid(Validity { not_after: days_after(root.validity.not_before, 100), ..root.validity });
    assert_eq!(
        short.sign(&subject("Example signer"), 101),
        Err(PkiError::Profile("must be valid only while the IACA is"))
    );
}

// CRT-IACA-03, CRT-ALL-06
#[test]
fn an_iaca_outside_its_profile_is_not_made() {
    let not_before = instant("2026-03-01T00:00:00Z");
    let made = |country: &str, end: &str| {
        let subject = Subject { country: country.into(), ..subject("Example IACA") };
        let validity = Validity { not_before, not_after: instant(end) };
        iaca(&key(), &Content { subject: &subject, validity, links: &links() }, &SystemRandom::default())
    };
    assert!(made("US", "2046-03-01T00:00:00Z").is_ok());
    assert_eq!(made("US", "2046-03-01T00:00:01Z"), Err(PkiError::Profile("must be valid for at most 20 years")));
    assert_eq!(made("US", "2026-03-01T00:00:00Z"), Err(PkiError::Profile("must have notBefore before notAfter")));
    for country in ["us", "USA", "U"] {
        let expected = "must have one countryName: two upper-case letters as PrintableString";
        assert_eq!(made(country, "2027-03-01T00:00:00Z"), Err(PkiError::Profile(expected)));
    }
}

#[test]
fn openssl_reads_a_certificate_request_for_the_usages_of_the_profile() {
    let openssl = Openssl::new();
    let request = leaf_request(Leaf::Document, &key(), &subject("Example signer")).unwrap();
    openssl.write("signer.csr", pem::request(&request));
    let text = openssl.run("req -in signer.csr -noout -text -verify");
    for expected in [
        "verify OK",
        "Subject: C = US, ST = US-AL, CN = Example signer",
        "NIST CURVE: P-256",
        "Digital Signature",
        "1.0.18013.5.1.2",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

// CRT-CRL-01
#[test]
fn openssl_reads_and_heeds_a_crl() {
    let (root, openssl) = (Root::new(), Openssl::new());
    let signer = root.sign(&subject("Example signer"), 30).unwrap();
    let serial = Facts::read(&signer).unwrap().serial;
    let now = root.validity.not_before;
    let crl = |number, revoked: &[RevokedCertificate<'_>]| {
        let content = CrlContent { number, this_update: now, next_update: days_after(now, 7), revoked };
        make(&root.authority(), &content).unwrap()
    };
    openssl.write("root.pem", pem::certificate(&root.der));
    openssl.write("signer.pem", pem::certificate(&signer));
    openssl.write("empty.crl", crl(1, &[]));
    openssl.write("full.crl", crl(200, &[RevokedCertificate { serial: &serial, at: now }]));
    for (name, number, entries) in [("empty", "1", 0), ("full", "200", 1)] {
        openssl.run(&format!("crl -inform DER -in {name}.crl -CAfile root.pem -noout -verify -out {name}.txt"));
        let text = openssl.run(&format!("crl -inform DER -in {name}.crl -noout -text"));
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        assert!(lines.contains(&"Version 2 (0x1)"), "{text}");
        assert!(lines.contains(&"Issuer: C = US, ST = US-AL, CN = Example IACA"), "{text}");
        assert!(lines.join("\n").contains(&format!("X509v3 CRL Number:\n{number}\n")), "{text}");
        assert!(text.contains("Next Update:") && text.contains("X509v3 Authority Key Identifier"), "{text}");
        assert_eq!(text.matches("Serial Number:").count(), entries);
        openssl.run(&format!("crl -inform DER -in {name}.crl -out {name}.pem"));
    }
    let verify =
        |crl: &str| openssl.attempt(&format!("verify -crl_check -CAfile root.pem -CRLfile {crl}.pem signer.pem"));
    assert!(verify("empty").0, "{}", verify("empty").1);
    let (accepted, told) = verify("full");
    assert!(!accepted && told.contains("certificate revoked"), "{told}");
}

#[test]
fn a_pem_text_holds_one_certificate() {
    let root = pem::certificate(&Root::new().der);
    assert!(pem::read_certificate(&root).is_ok());
    assert!(pem::read_certificate(&root.replace('\n', "\r\n")).is_ok());
    for (text, expected) in [
        (String::new(), "must be PEM"),
        ("certificate".into(), "must be PEM"),
        (root.replace("-----END", "----END"), "must be PEM"),
        (format!("{root}{root}"), "must hold one certificate only"),
        (root.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "must be a CERTIFICATE block"),
        ("x".repeat(pem::MAX_PEM + 1), "is too long for one certificate"),
    ] {
        assert_eq!(pem::read_certificate(&text), Err(expected), "{text}");
    }
}

#[test]
fn a_validity_ends_a_second_early() {
    let (start, end) = (instant("2026-01-01T00:00:00Z"), instant("2026-01-02T00:00:00Z"));
    let validity = Validity { not_before: start, not_after: end };
    let second = SignedDuration::from_secs(1);
    assert!(validity.contains(start) && validity.contains(end - second));
    assert!(!validity.contains(start - second) && !validity.contains(end));
}
