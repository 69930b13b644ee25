//! Reads certificates.

use jiff::Timestamp;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_SIG_ED25519, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
    OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
};
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo};

use super::{PkiError, Validity};
use crate::base::key::PublicKey;

/// What the issuer needs to know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `commonName` of the subject.
    pub common_name: Option<String>,
    /// `countryName` of the subject.
    pub country: Option<String>,
    /// `stateOrProvinceName` of the subject.
    pub state_or_province: Option<String>,
    /// Its validity.
    pub validity: Validity,
    /// The content of its serial number's INTEGER.
    pub serial: Vec<u8>,
    /// Its public key, when it is of a kind the issuer knows.
    pub key: Option<PublicKey>,
}

impl Facts {
    /// Reads them from DER.
    pub fn read(der: &[u8]) -> Result<Self, PkiError> {
        let certificate = parse(der)?;
        let subject = certificate.subject();
        Ok(Self {
            common_name: first(subject.iter_common_name()),
            country: first(subject.iter_country()),
            state_or_province: first(subject.iter_state_or_province()),
            validity: validity(&certificate)?,
            serial: certificate.raw_serial().to_vec(),
            key: public_key(certificate.public_key()),
        })
    }
}

fn first<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<String> {
    attributes.next().and_then(|attribute| attribute.as_str().ok()).map(str::to_owned)
}

/// Parses DER; bytes after the certificate are refused, and so are bits left over in its key or signature, which x509-parser
/// would ignore.
pub fn parse(der: &[u8]) -> Result<X509Certificate<'_>, PkiError> {
    let Ok(([], certificate)) = x509_parser::parse_x509_certificate(der) else { return Err(PkiError::Unreadable) };
    let bits = [&certificate.signature_value, &certificate.public_key().subject_public_key];
    if bits.iter().any(|bits| bits.unused_bits != 0) {
        return Err(PkiError::Unreadable);
    }
    Ok(certificate)
}

/// When a certificate is valid.
pub fn validity(certificate: &X509Certificate<'_>) -> Result<Validity, PkiError> {
    let instant =
        |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).map_err(|_| PkiError::Unreadable);
    let validity = certificate.validity();
    Ok(Validity { not_before: instant(validity.not_before)?, not_after: instant(validity.not_after)? })
}

/// The public key: EC with a named curve and an uncompressed point that lies on it (RFC 5480 2), or Ed25519 (RFC 8410).
#[must_use]
pub fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> Option<PublicKey> {
    let bytes = spki.subject_public_key.data.as_ref();
    if spki.algorithm.algorithm == OID_SIG_ED25519 {
        return Some(PublicKey::Ed25519 { x: bytes.try_into().ok()? });
    }
    let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
    let uncompressed = bytes.first() == Some(&4);
    if spki.algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY || !uncompressed {
        return None;
    }
    if curve == OID_EC_P256 {
        let point = p256::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false);
        Some(PublicKey::P256 { x: (*point.x()?).into(), y: (*point.y()?).into() })
    } else if curve == OID_NIST_EC_P384 {
        let point = p384::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false);
        Some(PublicKey::P384 { x: (*point.x()?).into(), y: (*point.y()?).into() })
    } else {
        None
    }
}

/// The subject key identifier.
#[must_use]
pub fn subject_key_identifier<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    let extension = certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER).ok()??;
    match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
        _ => None,
    }
}

/// The key identifier of the authority.
#[must_use]
pub fn authority_key_identifier<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    let extension = certificate.get_extension_unique(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER).ok()??;
    match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    }
}

/// SHA-1 of the public key's bits, which names a key in the profiles (RFC 5280 4.2.1.2, method 1). Not a security measure.
#[must_use]
pub fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, public_key).as_ref().to_vec()
}

/// Whether a certificate names itself as its issuer.
#[must_use]
pub fn is_self_signed(der: &[u8]) -> bool {
    parse(der).is_ok_and(|certificate| certificate.subject() == certificate.issuer())
}

/// SHA-256 of a certificate in lower-case hexadecimal.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    use std::fmt::Write as _;
    crate::base::secret::sha256(der).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
