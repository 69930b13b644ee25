use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// DER.
    pub der: Vec<u8>,
}

impl Certificate {
    /// From DER; nothing may follow it.
    #[track_caller]
    pub fn from_der(der: &[u8]) -> Self {
        let (rest, _) = X509Certificate::from_der(der).unwrap();
        assert!(rest.is_empty(), "bytes after the certificate");
        Self { der: der.to_vec() }
    }

    /// From one PEM block.
    #[track_caller]
    pub fn from_pem(pem: &str) -> Self {
        let lines: Vec<_> = pem.trim().lines().collect();
        assert_eq!(lines.first(), Some(&"-----BEGIN CERTIFICATE-----"), "{pem}");
        assert_eq!(lines.last(), Some(&"-----END CERTIFICATE-----"), "{pem}");
        Self::from_der(&STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap())
    }

    /// As one PEM block.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Parsed.
    pub fn parsed(&self) -> X509Certificate<'_> {
        X509Certificate::from_der(&self.der).unwrap().1
    }

    /// The uncompressed point, or the bytes of an Ed25519 key.
    pub fn public_key(&self) -> Vec<u8> {
        self.parsed().public_key().subject_public_key.data.to_vec()
    }

    /// An attribute of the subject: `C`, `CN`, `ST`.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let certificate = self.parsed();
        let subject = certificate.subject();
        let mut values = match name {
            "C" => subject.iter_country().collect::<Vec<_>>(),
            "CN" => subject.iter_common_name().collect(),
            "ST" => subject.iter_state_or_province().collect(),
            _ => panic!("unknown attribute {name}"),
        };
        assert!(values.len() <= 1, "{name} twice");
        values.pop().map(|value| value.as_str().unwrap().to_owned())
    }

    /// Seconds since 1970 of both ends of the validity.
    pub fn validity(&self) -> (i64, i64) {
        let certificate = self.parsed();
        let validity = certificate.validity();
        (validity.not_before.timestamp(), validity.not_after.timestamp())
    }

    /// Serial number, big-endian.
    pub fn serial(&self) -> Vec<u8> {
        self.parsed().raw_serial().to_vec()
    }

    /// Calls `look` with the extension that `pick` chooses.
    #[track_caller]
    pub fn extension<T>(
        &self,
        name: &str,
        pick: impl Fn(&ParsedExtension<'_>) -> bool,
        look: impl Fn(&X509Extension<'_>) -> T,
    ) -> T {
        let certificate = self.parsed();
        let found = certificate.extensions().iter().find(|extension| pick(extension.parsed_extension()));
        look(found.unwrap_or_else(|| panic!("no {name}")))
    }

    /// The key identifier of the subject.
    #[track_caller]
    pub fn subject_key_id(&self) -> Vec<u8> {
        let pick = |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::SubjectKeyIdentifier(_));
        self.extension("subjectKeyIdentifier", pick, |extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => id.0.to_vec(),
            _ => Vec::new(),
        })
    }

    /// The key identifier of the issuer.
    #[track_caller]
    pub fn authority_key_id(&self) -> Vec<u8> {
        let pick = |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::AuthorityKeyIdentifier(_));
        self.extension("authorityKeyIdentifier", pick, |extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0.to_vec()).unwrap_or_default()
            }
            _ => Vec::new(),
        })
    }

    /// The URI of the one CRL distribution point.
    #[track_caller]
    pub fn crl_url(&self) -> String {
        let pick = |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::CRLDistributionPoints(_));
        self.extension("cRLDistributionPoints", pick, |extension| {
            let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else { panic!() };
            // CRT-IACA-08: no reasons, no cRLIssuer.
            assert!(points.points.iter().all(|point| point.reasons.is_none() && point.crl_issuer.is_none()));
            let shown = format!("{:?}", points.points);
            let start = shown.find("URI(\"").unwrap_or_else(|| panic!("{shown}")) + 5;
            shown[start..].split('"').next().unwrap().to_owned()
        })
    }

    /// Whether this certificate signed `other`: names byte for byte, key identifiers, signature.
    #[track_caller]
    pub fn signed(&self, other: &Self) {
        let (iaca, leaf) = (self.parsed(), other.parsed());
        assert_eq!(leaf.issuer().as_raw(), iaca.subject().as_raw());
        leaf.verify_signature(Some(iaca.public_key())).expect("the signature of the certificate");
        if self != other {
            assert_eq!(other.authority_key_id(), self.subject_key_id());
        }
    }
}

/// Bytes as hexadecimal digits, lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Runs the `openssl` command in `folder`; fails when it fails.
#[track_caller]
pub fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().expect("the openssl command");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "openssl {}: {err}", arguments.join(" "));
    format!("{out}{err}")
}
