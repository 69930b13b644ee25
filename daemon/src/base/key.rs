//! Public keys, whatever document they were written in.

/// A public key of one of the kinds the issuer accepts and signs with. Coordinates have full length, leading zeros kept; a value
/// is only made from a point that was checked to lie on its curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// NIST P-256.
    P256 {
        /// x, big-endian.
        x: [u8; 32],
        /// y, big-endian.
        y: [u8; 32],
    },
    /// NIST P-384.
    P384 {
        /// x, big-endian.
        x: [u8; 48],
        /// y, big-endian.
        y: [u8; 48],
    },
    /// Ed25519.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

impl PublicKey {
    /// The key as ring and X.509 write it: the uncompressed point (SEC 1 2.3.3), or the 32 bytes of an Ed25519 key.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::P256 { x, y } => [&[4], x.as_slice(), y].concat(),
            Self::P384 { x, y } => [&[4], x.as_slice(), y].concat(),
            Self::Ed25519 { x } => x.to_vec(),
        }
    }
}
