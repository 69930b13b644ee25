//! Certificate revocation lists, version 2 (RFC 5280 5).

use jiff::Timestamp;
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};

use super::certificate::parse;
use super::issue::Authority;
use super::{PkiError, asn1_time};

/// A certificate on a CRL.
pub struct RevokedCertificate<'a> {
    /// Its serial number, as the certificate has it.
    pub serial: &'a [u8],
    /// When it was revoked.
    pub at: Timestamp,
}

/// What a CRL says.
pub struct CrlContent<'a> {
    /// Its number; each CRL of an IACA has a higher one than the last.
    pub number: u64,
    /// When it was made.
    pub this_update: Timestamp,
    /// When a newer one will be there at the latest.
    pub next_update: Timestamp,
    /// All revoked certificates of the IACA.
    pub revoked: &'a [RevokedCertificate<'a>],
}

/// A CRL signed by the IACA, DER.
pub fn make(authority: &Authority<'_>, content: &CrlContent<'_>) -> Result<Vec<u8>, PkiError> {
    let (issuer, identifier) = authority.issuer()?;
    let revoked = |entry: &RevokedCertificate<'_>| {
        let revocation_time = asn1_time(entry.at)?.to_datetime();
        let serial_number = SerialNumber::from_slice(entry.serial);
        Ok(RevokedCertParams { serial_number, revocation_time, reason_code: None, invalidity_date: None })
    };
    let params = CertificateRevocationListParams {
        this_update: asn1_time(content.this_update)?.to_datetime(),
        next_update: asn1_time(content.next_update)?.to_datetime(),
        crl_number: SerialNumber::from(content.number),
        issuing_distribution_point: None,
        revoked_certs: content.revoked.iter().map(revoked).collect::<Result<_, PkiError>>()?,
        key_identifier_method: KeyIdMethod::PreSpecified(identifier),
    };
    let made = params.signed_by(&issuer)?.der().to_vec();
    signed_by(&made, authority.certificate)?;
    Ok(made)
}

/// That the CRL names its IACA byte for byte and is signed by it.
fn signed_by(crl: &[u8], iaca: &[u8]) -> Result<(), PkiError> {
    let iaca = parse(iaca)?;
    let Ok(([], crl)) = x509_parser::parse_x509_crl(crl) else { return Err(PkiError::Unreadable) };
    if crl.issuer().as_raw() != iaca.subject().as_raw() {
        return Err(PkiError::Profile("the CRL's issuer is not the IACA's subject"));
    }
    crl.verify_signature(iaca.public_key()).map_err(|_| PkiError::Profile("the CRL's signature is wrong"))
}
