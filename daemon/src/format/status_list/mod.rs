//! Token Status Lists: an array of the statuses of many credentials, compressed and signed, as a JWT and as a CWT.
//!
//! `bits` is the array, `jwt` and `cwt` are its two signed forms. Like the credential formats, each prepares the bytes to sign and is
//! completed with the signature.

mod bits;
mod cwt;
mod jwt;
#[cfg(test)]
mod tests;

use crate::base::key::PublicKey;

pub use bits::{Bits, StatusArray};
pub use cwt::{PreparedCwt, prepare_cwt};
pub use jwt::{PreparedJwt, prepare_jwt};

/// Media type of the JWT form (Token Status List 14.7).
pub const JWT_TYPE: &str = "application/statuslist+jwt";
/// Media type of the CWT form (Token Status List 14.7); also the `typ` in its header.
pub const CWT_TYPE: &str = "application/statuslist+cwt";

/// The status of one credential (Token Status List 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0: good.
    Valid,
    /// 1: revoked, for good.
    Invalid,
    /// 2: not good for now; needs two bits.
    Suspended,
}

impl Status {
    /// Its number in a list.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
        }
    }
}

/// What a status list token says, besides who signed it.
#[derive(Debug, Clone, Copy)]
pub struct ListClaims<'a> {
    /// `sub`: the URI that credentials name, byte for byte.
    pub uri: &'a str,
    /// `iat`, seconds since 1970.
    pub issued_at: i64,
    /// `exp`, seconds since 1970.
    pub expires_at: i64,
    /// `ttl`: how long it may be kept before it is fetched again, seconds.
    pub ttl: u64,
    /// Bits of an entry.
    pub bits: Bits,
    /// The array as [`StatusArray::compress`] made it.
    pub compressed: &'a [u8],
    /// Where all lists of the issuer are named.
    pub aggregation_uri: &'a str,
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct ListSigner<'a> {
    /// JOSE name of the algorithm.
    pub jose: &'a str,
    /// COSE number of the algorithm.
    pub cose: i64,
    /// Its public key.
    pub key: &'a PublicKey,
    /// Its certificate, DER; without the IACA root.
    pub certificate: &'a [u8],
}
