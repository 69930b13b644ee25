//! Chains of certificates up to trust anchors that the operator lists (RFC 5280 6), as wallets send them in `x5c` (RFC 7515 4.1.6).
//!
//! webpki walks the path: signatures, times, CA flags, path lengths, name constraints, unknown critical extensions. What it leaves to
//! others is checked here: key usages, and that a leaf is not its own issuer. Revocation is not looked up.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::ring::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{parse, public_key};
use crate::base::key::PublicKey;

/// Most certificates in a chain.
pub const MOST_CERTIFICATES: usize = 5;
/// Most bytes of a chain.
pub const MOST_BYTES: usize = 32 * 1024;

/// Signature algorithms of certificates; RSA for authorities that have had their key for long.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 8] = [
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    ED25519,
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
];

/// Why a chain gives no trust. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// None, too many, or too large.
    #[error("must have 1 to {MOST_CERTIFICATES} certificates of at most {MOST_BYTES} bytes in all")]
    Length,
    /// Not a certificate in DER.
    #[error("has something that is not a certificate")]
    Unreadable,
    /// The key of the first is of another kind.
    #[error("must start with a certificate of a P-256, P-384 or Ed25519 key")]
    Key,
    /// The first is signed by itself.
    #[error("must not start with a self-signed certificate")]
    SelfSigned,
    /// A key may not be used for what it was used for.
    #[error("has a certificate whose key usage does not permit its use")]
    Usage,
    /// A certificate has ended or is not yet valid.
    #[error("has a certificate that is not valid now")]
    Time,
    /// No path leads to an anchor.
    #[error("does not lead to a trust anchor")]
    Untrusted,
}

/// What is trusted.
#[derive(Default)]
pub struct Anchors {
    certificates: Vec<TrustAnchor<'static>>,
    keys: Vec<PublicKey>,
}

impl Anchors {
    /// Adds the `CERTIFICATE` and `PUBLIC KEY` blocks of a PEM text: the former are authorities, the latter signers named by key.
    pub fn read(&mut self, pem: &str) -> Result<(), String> {
        let blocks = pem::parse_many(pem).map_err(|_| "is not PEM")?;
        if blocks.is_empty() {
            return Err("has no PEM block".into());
        }
        for (place, block) in blocks.iter().enumerate() {
            let wrong = |what: &str| format!("block {}: {what}", place + 1);
            match block.tag() {
                "CERTIFICATE" => self.certificates.push(anchor(block.contents()).map_err(wrong)?),
                "PUBLIC KEY" => {
                    let read = key(block.contents());
                    self.keys.push(read.ok_or_else(|| wrong("is no P-256, P-384 or Ed25519 key"))?);
                }
                _ => return Err(wrong("must be a CERTIFICATE or a PUBLIC KEY")),
            }
        }
        Ok(())
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.keys.is_empty()
    }

    /// The keys that are trusted by themselves.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key of the first of these certificates (DER), if they lead to an anchor at this time. An anchor among them gives no trust.
    pub fn leaf(&self, chain: &[Vec<u8>], now: Timestamp) -> Result<PublicKey, ChainError> {
        let size = chain.iter().map(Vec::len).sum::<usize>();
        let (first, others) = chain.split_first().ok_or(ChainError::Length)?;
        if chain.len() > MOST_CERTIFICATES || size > MOST_BYTES {
            return Err(ChainError::Length);
        }
        let leaf = parse(first).map_err(|_| ChainError::Unreadable)?;
        let found = public_key(leaf.public_key()).ok_or(ChainError::Key)?;
        if leaf.issuer().as_raw() == leaf.subject().as_raw() {
            return Err(ChainError::SelfSigned);
        }
        check_usages(&leaf, others)?;
        self.walk(first, others, now)?;
        Ok(found)
    }

    fn walk(&self, first: &[u8], others: &[Vec<u8>], now: Timestamp) -> Result<(), ChainError> {
        let (first, others): (_, Vec<_>) =
            (CertificateDer::from(first), others.iter().map(|der| CertificateDer::from(der.as_slice())).collect());
        let end = EndEntityCert::try_from(&first).map_err(|_| ChainError::Unreadable)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let walked = end.verify_for_usage(&ALGORITHMS, &self.certificates, &others, time, AnyUsage, None, None);
        walked.map(drop).map_err(|error| match error {
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } | Error::InvalidCertValidity => ChainError::Time,
            _ => ChainError::Untrusted,
        })
    }
}

/// Extended key usages are not looked at: none is defined for what is attested, and the anchors serve nothing else.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, iter: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        for usage in iter {
            usage?;
        }
        Ok(())
    }
}

fn anchor(der: &[u8]) -> Result<TrustAnchor<'static>, &'static str> {
    parse(der).map_err(|_| "is not a certificate")?;
    let der = CertificateDer::from(der);
    anchor_from_trusted_cert(&der)
        .map(|anchor| anchor.to_owned())
        .map_err(|_| "is a certificate that cannot be an anchor")
}

fn key(spki: &[u8]) -> Option<PublicKey> {
    let ([], spki) = SubjectPublicKeyInfo::from_der(spki).ok()? else { return None };
    public_key(&spki)
}

/// A leaf signs, its authorities certify (RFC 5280 4.2.1.3); a certificate without the extension may do either.
fn check_usages(leaf: &X509Certificate<'_>, others: &[Vec<u8>]) -> Result<(), ChainError> {
    let usage = |certificate: &X509Certificate<'_>| match certificate.key_usage() {
        Ok(usage) => Ok(usage.map(|usage| (usage.value.digital_signature(), usage.value.key_cert_sign()))),
        Err(_) => Err(ChainError::Unreadable),
    };
    if usage(leaf)?.is_some_and(|(signs, _)| !signs) {
        return Err(ChainError::Usage);
    }
    for der in others {
        let certificate = parse(der).map_err(|_| ChainError::Unreadable)?;
        if usage(&certificate)?.is_some_and(|(_, certifies)| !certifies) {
            return Err(ChainError::Usage);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
