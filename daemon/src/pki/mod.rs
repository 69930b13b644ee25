//! Certificates by the profiles of ISO/IEC 18013-5 Annex B: [`issue`] makes them and [`crl`] revokes them, [`check`] compares
//! a certificate with its profile, [`certificate`] reads one.
//!
//! All that is made here is checked against the same profiles as what is uploaded before it is given out, so an input that
//! would bend a certificate out of its profile ends as an error and not as a credential that verifiers refuse.

pub mod certificate;
pub mod chain;
pub mod check;
pub mod crl;
pub mod issue;
pub mod key;
pub mod metadata;
pub mod pem;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod tls;

use jiff::{SignedDuration, Timestamp};
use x509_parser::time::ASN1Time;

use crate::base::random::NoEntropy;

/// Longest life of a document signer (Table B.3).
pub const DOCUMENT_SIGNER_DAYS: i64 = 457;
/// Longest life of a status list signer (Table B.9).
pub const STATUS_SIGNER_DAYS: i64 = 1187;
/// Longest life of an IACA in calendar years (Table B.1).
pub const IACA_YEARS: i64 = 20;

/// The extended key usage of an mdoc document signer, 1.0.18013.5.1.2.
const MDL_DOCUMENT_SIGNER: [u64; 6] = [1, 0, 18013, 5, 1, 2];

/// A certificate, a request or a CRL could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PkiError {
    /// Not a DER certificate.
    #[error("not an X.509 certificate")]
    Unreadable,
    /// The private key is not a P-256 key.
    #[error("the private key could not be used")]
    Key,
    /// A value cannot be written in a certificate.
    #[error("could not be encoded: {0}")]
    Encoding(String),
    /// What came out does not follow its profile.
    #[error("does not follow its profile: {0}")]
    Profile(&'static str),
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// A span of time in whole seconds, both ends included (RFC 5280 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From when.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether `instant` lies within. The last second is left out, so that nothing is signed at the very end.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.not_before <= instant && instant < self.not_after
    }
}

/// `days` after `instant`, or the end of time.
#[must_use]
pub fn days_after(instant: Timestamp, days: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_hours(days.saturating_mul(24))).unwrap_or(Timestamp::MAX)
}

/// The instant as certificates write it, without fractions.
fn asn1_time(instant: Timestamp) -> Result<ASN1Time, PkiError> {
    ASN1Time::from_timestamp(instant.as_second()).map_err(|_| PkiError::Encoding("a date is out of range".into()))
}
