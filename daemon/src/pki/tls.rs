//! Certificates of TLS servers under a CA of our own, for trying things out: none of the profiles of ISO/IEC 18013-5.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
};

use super::issue::{Authority, serial};
use super::key::CertificateKey;
use super::{PkiError, Validity, asn1_time};
use crate::base::random::Random;

/// A self-signed CA certificate, DER, for `key`; it can vouch for servers and for no further CA.
pub fn authority(
    key: &CertificateKey,
    name: &str,
    validity: Validity,
    random: &dyn Random,
) -> Result<Vec<u8>, PkiError> {
    let mut params = params(name, &[], validity, random)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?.der().to_vec())
}

/// A server's certificate, DER, for `key` and `hosts`: names, and addresses without brackets.
pub fn server(
    authority: &Authority<'_>,
    key: &CertificateKey,
    hosts: &[String],
    validity: Validity,
    random: &dyn Random,
) -> Result<Vec<u8>, PkiError> {
    let (issuer, _) = authority.issuer()?;
    let mut params = params("issuerd", hosts, validity, random)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params.signed_by(key, &issuer)?.der().to_vec())
}

fn params(
    name: &str,
    hosts: &[String],
    validity: Validity,
    random: &dyn Random,
) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = asn1_time(validity.not_before)?.to_datetime();
    params.not_after = asn1_time(validity.not_after)?.to_datetime();
    params.serial_number = Some(serial(random)?);
    Ok(params)
}
