//! Makes certificates and certificate requests: IACA root (Table B.1), document signer (Table B.3), status list signer (Table B.9), PKCS#10 (RFC 2986).

use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType, DnValue,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, SanType, SerialNumber,
};
use yasna::Tag;
use yasna::models::ObjectIdentifier;

use super::certificate::{Facts, key_identifier, parse, subject_key_identifier};
use super::key::CertificateKey;
use super::{MDL_DOCUMENT_SIGNER, PkiError, Validity, asn1_time, check};
use crate::base::random::{Random, bytes};

const SUBJECT_KEY_IDENTIFIER: [u64; 4] = [2, 5, 29, 14];
const ISSUER_ALTERNATIVE_NAME: [u64; 4] = [2, 5, 29, 18];
const EXTENDED_KEY_USAGE: [u64; 4] = [2, 5, 29, 37];

/// Who a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// ISO 3166-2.
    pub state_or_province: Option<String>,
    /// A name for people.
    pub common_name: String,
}

/// What a certificate points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// `issuerAltName`: where the issuer is found.
    pub issuer: String,
    /// CRL distribution point.
    pub crl: String,
}

/// An IACA that signs.
pub struct Authority<'a> {
    /// Its certificate, DER.
    pub certificate: &'a [u8],
    /// Its key.
    pub key: &'a CertificateKey,
}

/// Everything a certificate says apart from its key.
pub struct Content<'a> {
    /// Who it is for.
    pub subject: &'a Subject,
    /// How long it is valid.
    pub validity: Validity,
    /// What it points to.
    pub links: &'a Links,
}

impl Authority<'_> {
    /// The key identifier and the name as rcgen takes them; both exactly as the certificate has them.
    pub(super) fn issuer(&self) -> Result<(Issuer<'static, &CertificateKey>, Vec<u8>), PkiError> {
        let identifier = subject_key_identifier(&parse(self.certificate)?).map(<[u8]>::to_vec);
        let issuer = Issuer::from_ca_cert_der(&self.certificate.into(), self.key)?;
        Ok((issuer, identifier.ok_or(PkiError::Profile("the IACA has no subject key identifier"))?))
    }
}

/// A self-signed IACA root certificate, DER.
pub fn iaca(key: &CertificateKey, content: &Content<'_>, random: &dyn Random) -> Result<Vec<u8>, PkiError> {
    let mut params = params(key, content, random)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let made = params.self_signed(key)?.der().to_vec();
    follows_profile(check::iaca(&made))?;
    Ok(made)
}

/// What a certificate below an IACA signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// Credentials: a document signer (Table B.3).
    Document,
    /// Status lists: a status list signer (Table B.9). The extended key usage for it has no number yet, and none is made up (Token
    /// Status List 10).
    StatusList,
    /// SD-JWT VCs. No profile is agreed on; a document signer's usage is for mdocs alone, so it has none, and the issuer's URL is its
    /// alternative name, which an `iss` can be compared with.
    SdJwt,
}

impl Leaf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Document, Self::StatusList, Self::SdJwt];
}

/// A certificate below `authority`, DER, for `key`.
pub fn leaf(
    of: Leaf,
    authority: &Authority<'_>,
    key: &CertificateKey,
    content: &Content<'_>,
    random: &dyn Random,
) -> Result<Vec<u8>, PkiError> {
    let (issuer, _) = authority.issuer()?;
    let mut params = params(key, content, random)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let octets = yasna::construct_der(|writer| writer.write_bytes(&key_identifier(key.public_key())));
    params.custom_extensions.push(CustomExtension::from_oid_content(&SUBJECT_KEY_IDENTIFIER, octets));
    params.custom_extensions.extend(usage(of));
    if of == Leaf::SdJwt {
        params.subject_alt_names.push(SanType::URI(Ia5String::try_from(content.links.issuer.as_str())?));
    }
    let made = params.signed_by(key, &issuer)?.der().to_vec();
    let public = Facts::read(&made)?.key.ok_or(PkiError::Key)?;
    follows_profile(check::leaf(of, &made, authority.certificate, &public))?;
    Ok(made)
}

/// A request for such a certificate, DER; it asks for the usages of the profile.
pub fn leaf_request(of: Leaf, key: &CertificateKey, subject: &Subject) -> Result<Vec<u8>, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions = usage(of).into_iter().collect();
    Ok(params.serialize_request(key)?.der().to_vec())
}

fn follows_profile(mistakes: Vec<&'static str>) -> Result<(), PkiError> {
    mistakes.into_iter().next().map_or(Ok(()), |first| Err(PkiError::Profile(first)))
}

pub(super) fn params(
    key: &CertificateKey,
    content: &Content<'_>,
    random: &dyn Random,
) -> Result<CertificateParams, PkiError> {
    if !content.links.issuer.is_ascii() || !content.links.crl.is_ascii() {
        return Err(PkiError::Encoding("a URL has characters outside ASCII".into()));
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = name(content.subject)?;
    params.not_before = asn1_time(content.validity.not_before)?.to_datetime();
    params.not_after = asn1_time(content.validity.not_after)?.to_datetime();
    params.serial_number = Some(serial(random)?);
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(key.public_key()));
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![content.links.crl.clone()] }];
    params.custom_extensions = vec![issuer_alternative_name(&content.links.issuer)];
    Ok(params)
}

/// 16 octets, positive, with 126 random bits (Annex B asks for 63, advises 71).
pub(super) fn serial(random: &dyn Random) -> Result<SerialNumber, PkiError> {
    let [first, rest @ ..] = bytes::<16>(random)?;
    let first = (first & 0x3f) | 0x40;
    Ok(SerialNumber::from_slice(&[&[first], rest.as_slice()].concat()))
}

fn name(subject: &Subject) -> Result<DistinguishedName, PkiError> {
    let country = PrintableString::try_from(subject.country.as_str())?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, DnValue::PrintableString(country));
    if let Some(state) = &subject.state_or_province {
        name.push(DnType::StateOrProvinceName, text(state));
    }
    name.push(DnType::CommonName, text(&subject.common_name));
    Ok(name)
}

/// A `PrintableString` where the characters permit it, `UTF8String` otherwise (RFC 5280 4.1.2.4).
fn text(value: &str) -> DnValue {
    PrintableString::try_from(value).map_or_else(|_| DnValue::Utf8String(value.to_owned()), DnValue::PrintableString)
}

/// Whether `text` can be written as a `PrintableString`.
#[must_use]
pub fn is_printable(text: &str) -> bool {
    PrintableString::try_from(text).is_ok()
}

fn issuer_alternative_name(uri: &str) -> CustomExtension {
    let content = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_tagged_implicit(Tag::context(6), |writer| writer.write_ia5_string(uri));
        });
    });
    CustomExtension::from_oid_content(&ISSUER_ALTERNATIVE_NAME, content)
}

fn usage(of: Leaf) -> Option<CustomExtension> {
    match of {
        Leaf::Document => Some(document_signer_usage()),
        Leaf::StatusList | Leaf::SdJwt => None,
    }
}

fn document_signer_usage() -> CustomExtension {
    let content = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| writer.next().write_oid(&ObjectIdentifier::from_slice(&MDL_DOCUMENT_SIGNER)));
    });
    let mut extension = CustomExtension::from_oid_content(&EXTENDED_KEY_USAGE, content);
    extension.set_criticality(true);
    extension
}
