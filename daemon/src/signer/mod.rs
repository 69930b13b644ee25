//! Keys that sign, wherever they are kept, and the check of signatures made by others.
//!
//! A [`Signer`] gets the exact bytes to be signed and answers with the signature in the form of JOSE and COSE, so that a key in
//! hardware or behind a network fits as well as the keys in memory of [`SoftwareKey`].

pub mod rsa;
mod software;

use futures_util::future::BoxFuture;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::base::key::PublicKey;
pub use software::SoftwareKey;

/// A signature algorithm; each goes with one kind of key (RFC 7518 3.4, RFC 9053 2.1 and 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Es384, Self::EdDsa];

    /// The algorithm that a key of this kind signs with.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        match key {
            PublicKey::P256 { .. } => Self::Es256,
            PublicKey::P384 { .. } => Self::Es384,
            PublicKey::Ed25519 { .. } => Self::EdDsa,
        }
    }

    /// Its name in JOSE.
    #[must_use]
    pub fn jose(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Its number in COSE.
    #[must_use]
    pub fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::EdDsa => -8,
        }
    }

    /// The algorithm with this JOSE name; `None` for all that are not accepted, `none` and MACs among them.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.jose() == name)
    }
}

/// A signature could not be made; says nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct SigningError;

/// A private key.
pub trait Signer: Send + Sync + 'static {
    /// What it signs with.
    fn algorithm(&self) -> Algorithm;

    /// Its public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs the bytes of `message`. An ECDSA signature is r and s at full length, one after the other (RFC 9053 2.1).
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>>;
}

/// Whether `signature` over `message` was made with the private half of `key`, by the algorithm of that kind of key.
#[must_use]
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match Algorithm::of(key) {
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDsa => &ED25519,
    };
    UnparsedPublicKey::new(algorithm, key.bytes()).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(algorithm: Algorithm) -> SoftwareKey {
        SoftwareKey::from_pkcs8(algorithm, &SoftwareKey::generate_pkcs8(algorithm).unwrap()).unwrap()
    }

    // COS-9053-01, COS-9053-02
    #[test]
    fn signatures_have_fixed_length_and_verify_only_for_their_message_and_key() {
        for (algorithm, length) in [(Algorithm::Es256, 64), (Algorithm::Es384, 96), (Algorithm::EdDsa, 64)] {
            let (ours, other) = (key(algorithm), key(algorithm));
            for round in 0_u8..50 {
                let mut signature = ours.sign_now(&[round]).unwrap();
                assert_eq!(signature.len(), length);
                assert!(verify(ours.public_key(), &[round], &signature));
                assert!(!verify(ours.public_key(), &[round, 0], &signature));
                assert!(!verify(other.public_key(), &[round], &signature));
                signature[0] ^= 1;
                assert!(!verify(ours.public_key(), &[round], &signature));
            }
        }
    }

    // COS-9053-04
    #[test]
    fn no_r_is_used_twice_even_for_one_message() {
        let key = key(Algorithm::Es256);
        let drawn: HashSet<_> = (0..10_000).map(|_| key.sign_now(b"same").unwrap()[..32].to_vec()).collect();
        assert_eq!(drawn.len(), 10_000);
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es384).unwrap();
        assert!(SoftwareKey::from_pkcs8(Algorithm::Es256, &pkcs8).is_err());
        assert!(SoftwareKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).is_err());
    }

    #[test]
    fn only_accepted_algorithms_have_a_name() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::named(algorithm.jose()), Some(algorithm));
        }
        for name in ["none", "HS256", "RS256", "es256", "ES512", ""] {
            assert_eq!(Algorithm::named(name), None);
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = key(Algorithm::Es256);
        assert_eq!(format!("{key:?}"), "SoftwareKey(Es256)");
    }
}
