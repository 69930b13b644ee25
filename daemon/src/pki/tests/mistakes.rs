//! Mistakes in certificates of others, each made with openssl.

use super::super::testing::ForeignIaca;
use super::*;

// CRT-IACA-01, CRT-IACA-02, CRT-IACA-03, CRT-IACA-04, CRT-IACA-05, CRT-IACA-06, CRT-IACA-07, CRT-IACA-08,
// CRT-IACA-09, CRT-ALL-01, CRT-ALL-02, CRT-ALL-03, CRT-ALL-04, CRT-ALL-05, CRT-ALL-06: each mistake is named
#[test]
fn mistakes_of_a_foreign_root_are_named() {
    let day = "-days 100 -sha256";
    let cases: &[(&str, &str, &str, &str, &[&str])] = &[
        ("", "", "prime256v1", day, &[]),
        ("", "", "secp384r1", "-days 100 -sha384", &[]),
        ("", "", "prime256v1", "-days 100 -sha512", &["must be signed by itself with the hash function of its curve"]),
        ("", "", "secp521r1", "-days 100 -sha512", &["must have a P-256, P-384", "must be signed by itself"]),
        ("", "", "prime256v1", "-days 7400 -sha256", &["must be valid for at most 20 years"]),
        ("pathlen:0", "pathlen:1", "prime256v1", day, &["basicConstraints"]),
        (",pathlen:0", "", "prime256v1", day, &["basicConstraints"]),
        ("critical,CA", "CA", "prime256v1", day, &["basicConstraints"]),
        ("CA:TRUE,pathlen:0", "CA:FALSE", "prime256v1", day, &["basicConstraints"]),
        ("keyUsage=critical,", "keyUsage=", "prime256v1", day, &["keyUsage"]),
        ("cRLSign", "cRLSign,digitalSignature", "prime256v1", day, &["keyUsage"]),
        ("subjectKeyIdentifier=hash", "subjectKeyIdentifier=01020304", "prime256v1", day, &["subjectKeyIdentifier"]),
        ("subjectKeyIdentifier=hash", "subjectKeyIdentifier=none", "prime256v1", day, &["subjectKeyIdentifier"]),
        ("email:iaca@utopia.example", "DNS:utopia.example", "prime256v1", day, &["issuerAltName"]),
        ("issuerAltName=email", "issuerAltName=critical,email", "prime256v1", day, &["apart from", "issuerAltName"]),
        ("crlDistributionPoints=URI:https://utopia.example/crl", "", "prime256v1", day, &["cRLDistributionPoints"]),
        ("C=UT", "C=ut", "prime256v1", day, &["countryName"]),
        ("C=UT\n", "", "prime256v1", day, &["countryName"]),
        ("CN=Utopia Root\n", "", "prime256v1", day, &["commonName"]),
        ("[root]", "[root]\nnameConstraints=permitted;DNS:utopia.example", "prime256v1", day, &["constraints"]),
        ("[root]", "[root]\n1.2.3.4=critical,ASN1:NULL", "prime256v1", day, &["must not have critical extensions"]),
    ];
    for (from, to, curve, options, expected) in cases {
        let root = ForeignIaca::with(from, to, curve, options);
        let mistakes = check::iaca(&pem::read_certificate(&root.pem()).unwrap());
        assert_eq!(mistakes.len(), expected.len(), "{from} → {to} {options}: {mistakes:?}");
        for (mistake, expected) in mistakes.iter().zip(*expected) {
            assert!(mistake.contains(expected), "{from} → {to} {options}: {mistake}");
        }
    }
}

// CRT-DS-01, CRT-DS-02, CRT-DS-03, CRT-DS-04, CRT-DS-05, CRT-DS-06, CRT-DS-07, CRT-DS-11: each mistake is named
#[test]
fn mistakes_of_a_foreign_document_signer_are_named() {
    let (root, other) = (ForeignIaca::new(), ForeignIaca::new());
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
    let place = Subject { country: "UT".into(), state_or_province: Some("UT-9".into()), common_name: "Signer".into() };
    let request =
        |key: &CertificateKey, place: &Subject| pem::request(&leaf_request(Leaf::Document, key, place).unwrap());
    let own = request(&CertificateKey::from_pkcs8(&pkcs8).unwrap(), &place);
    let elsewhere = Subject { country: "US".into(), ..place.clone() };
    let stateless = Subject { state_or_province: None, ..place.clone() };
    let own_at = |place: &Subject| request(&CertificateKey::from_pkcs8(&pkcs8).unwrap(), place);
    let day = "-days 100 -sha256";
    let cases = [
        (root.sign(&own), vec![]),
        (root.sign_with(&own, "", "", "-days 457 -sha256"), vec![]),
        (root.sign_with(&own, "", "", "-days 458 -sha256"), vec!["at most 457 days"]),
        (root.sign_with(&own, "", "", "-days 4000 -sha256"), vec!["at most 457 days", "only while the IACA is"]),
        (root.sign_with(&own, "", "", "-days 100 -sha384"), vec!["signed by the IACA"]),
        (root.sign(&request(&key(), &place)), vec!["for the key of the signer's request"]),
        (root.sign(&own_at(&elsewhere)), vec!["countryName must be the IACA's"]),
        (root.sign(&own_at(&stateless)), vec!["stateOrProvinceName must be the IACA's"]),
        (other.sign(&own), vec!["authorityKeyIdentifier", "signed by the IACA"]),
        (root.sign_with(&own, "keyUsage=critical,", "keyUsage=", day), vec!["keyUsage"]),
        (root.sign_with(&own, "digitalSignature", "digitalSignature,keyAgreement", day), vec!["keyUsage"]),
        (root.sign_with(&own, "extendedKeyUsage=critical,", "extendedKeyUsage=", day), vec!["extendedKeyUsage"]),
        (root.sign_with(&own, "5.1.2", "5.1.2,serverAuth", day), vec!["extendedKeyUsage"]),
        (
            root.sign_with(&own, "subjectKeyIdentifier=hash", "subjectKeyIdentifier=none", day),
            vec!["subjectKeyIdentifier"],
        ),
        (root.sign_with(&own, "\n", "\nbasicConstraints=critical,CA:TRUE\n", day), vec!["must not be a CA"]),
        (root.sign_with(&own, "\n", "\nbasicConstraints=critical,CA:FALSE\n", day), vec![]),
        (root.sign_with(&own, "issuerAltName=URI:https://utopia.example\n", "", day), vec!["issuerAltName"]),
        (
            root.sign_with(&own, "crlDist", "crlDistributionPoints=critical,URI:https://utopia.example/a\n#", day),
            vec!["must not have critical extensions", "cRLDistributionPoints"],
        ),
    ];
    let root = pem::read_certificate(&root.pem()).unwrap();
    for (signer, expected) in cases {
        let der = pem::read_certificate(&signer).unwrap();
        let public = *crate::signer::Signer::public_key(&SoftwareKey::from_pkcs8(Algorithm::Es256, &pkcs8).unwrap());
        let mistakes = check::leaf(Leaf::Document, &der, &root, &public);
        assert_eq!(mistakes.len(), expected.len(), "{expected:?}: {mistakes:?}");
        for (mistake, expected) in mistakes.iter().zip(&expected) {
            assert!(mistake.contains(expected), "{expected}: {mistake}");
        }
    }
}

// CRT-DS-01
#[test]
fn the_issuer_is_compared_byte_for_byte() {
    // The same names under the same key, once as UTF-8 strings and once as printable ones: a reader would call them equal.
    let root = ForeignIaca::with("O=Übermorgen & Søn", "O=Morgen", "prime256v1", "-days 3650 -sha256");
    let der = pem::read_certificate(&root.pem()).unwrap();
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
    let key = CertificateKey::from_pkcs8(&pkcs8).unwrap();
    let place = Subject { country: "UT".into(), state_or_province: Some("UT-9".into()), common_name: "Signer".into() };
    let request = pem::request(&leaf_request(Leaf::Document, &key, &place).unwrap());
    let signer = pem::read_certificate(&root.sign(&request)).unwrap();
    let public = Facts::read(&signer).unwrap().key.unwrap();
    assert_eq!(check::leaf(Leaf::Document, &signer, &der, &public), Vec::<&str>::new());
    let place = signer.windows(6).position(|it| it == b"Morgen").unwrap();
    let mut changed = signer;
    assert_eq!(changed[place - 2], 0x0c, "a UTF8String");
    changed[place - 2] = 0x13;
    let mistakes = check::leaf(Leaf::Document, &changed, &der, &public);
    assert!(mistakes.contains(&"the issuer's name must be the IACA's subject, byte for byte"), "{mistakes:?}");
}

#[test]
fn no_bytes_make_the_reader_fail_badly() {
    let root = Root::new();
    assert_eq!(check::iaca(&[]), ["must be one X.509 certificate in DER"]);
    assert_eq!(check::iaca(&[root.der.as_slice(), &[0]].concat()), ["must be one X.509 certificate in DER"]);
    for place in 0..root.der.len() {
        let mut broken = root.der.clone();
        broken[place] ^= 0x15;
        assert!(!check::iaca(&broken).is_empty(), "octet {place}");
        let _ = check::leaf(Leaf::Document, &broken, &root.der, &Facts::read(&root.der).unwrap().key.unwrap());
        let _ = check::iaca(&broken[..place]);
    }
}
