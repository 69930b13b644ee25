//! Checks of RSA signatures, which others make: this issuer has no RSA key.

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents};

/// Longest modulus that is looked at, in bytes (8192 bits).
const MOST_MODULUS: usize = 1024;
/// Longest exponent, in bytes: a larger one only buys work.
const MOST_EXPONENT: usize = 4;

/// An RSA public key of 2048 to 8192 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// A signature scheme (RFC 7518 3.3 and 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl RsaKey {
    /// A key from its big-endian numbers; `None` when one has a length that no accepted key has.
    #[must_use]
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let plain = |number: &[u8]| number.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
        let key = Self { modulus: plain(modulus), exponent: plain(exponent) };
        let fits =
            (256..=MOST_MODULUS).contains(&key.modulus.len()) && (1..=MOST_EXPONENT).contains(&key.exponent.len());
        fits.then_some(key)
    }

    /// Whether `signature` over `message` was made with the private half.
    #[must_use]
    pub fn verifies(&self, scheme: RsaScheme, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match scheme {
            RsaScheme::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            RsaScheme::Ps256 => &RSA_PSS_2048_8192_SHA256,
        };
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(parameters, message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-P2C-01
    #[test]
    fn keys_of_unusual_sizes_are_refused() {
        assert!(RsaKey::new(&[1; 256], &[1, 0, 1]).is_some());
        assert!(RsaKey::new(&[&[0], [1; 256].as_slice()].concat(), &[1, 0, 1]).is_some());
        assert!(RsaKey::new(&[1; 128], &[1, 0, 1]).is_none());
        assert!(RsaKey::new(&[1; 2048], &[1, 0, 1]).is_none());
        assert!(RsaKey::new(&[1; 256], &[1; 256]).is_none());
        assert!(RsaKey::new(&[1; 256], &[0]).is_none());
        assert!(RsaKey::new(&[0; 256], &[1, 0, 1]).is_none());
    }
}
