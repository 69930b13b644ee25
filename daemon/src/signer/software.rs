//! Keys in memory, by ring.

use std::fmt;

use futures_util::future::{BoxFuture, ready};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair,
};

use super::{Algorithm, Signer, SigningError};
use crate::base::key::PublicKey;
use crate::base::secret::Secret;

/// A private key in memory. ring wipes nothing on drop, so it lives as long as it is used and is kept sealed otherwise.
pub struct SoftwareKey {
    pair: Pair,
    public: PublicKey,
    random: SystemRandom,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// ring accepts no generator but its own, so [`crate::base::random::Random`] cannot be handed to it.
#[expect(clippy::disallowed_methods, reason = "ring's key generation and ECDSA nonces take no other generator")]
fn system_random() -> SystemRandom {
    SystemRandom::new()
}

fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDsa => None,
    }
}

impl SoftwareKey {
    /// Makes a key and returns it as PKCS#8, to be sealed and stored.
    pub fn generate_pkcs8(algorithm: Algorithm) -> Result<Secret, SigningError> {
        let random = system_random();
        let document = match ecdsa(algorithm) {
            Some(algorithm) => EcdsaKeyPair::generate_pkcs8(algorithm, &random),
            None => Ed25519KeyPair::generate_pkcs8(&random),
        };
        document.map(|document| Secret::new(document.as_ref().to_vec())).map_err(|_| SigningError)
    }

    /// Reads a key; fails when it is not one of `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &Secret) -> Result<Self, SigningError> {
        let random = system_random();
        let pair = match ecdsa(algorithm) {
            Some(algorithm) => EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.expose(), &random).map(Pair::Ecdsa),
            None => Ed25519KeyPair::from_pkcs8(pkcs8.expose()).map(Pair::Ed25519),
        };
        let pair = pair.map_err(|_| SigningError)?;
        let public = public_key(algorithm, &pair).ok_or(SigningError)?;
        Ok(Self { pair, public, random })
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs without waiting: the key is at hand.
    pub fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                pair.sign(&self.random, message).map_err(|_| SigningError).map(|s| s.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

fn public_key(algorithm: Algorithm, pair: &Pair) -> Option<PublicKey> {
    let bytes = match pair {
        Pair::Ecdsa(pair) => pair.public_key().as_ref().strip_prefix(&[4])?,
        Pair::Ed25519(pair) => pair.public_key().as_ref(),
    };
    let (x, y) = bytes.split_at_checked(bytes.len() / 2)?;
    Some(match algorithm {
        Algorithm::Es256 => PublicKey::P256 { x: x.try_into().ok()?, y: y.try_into().ok()? },
        Algorithm::Es384 => PublicKey::P384 { x: x.try_into().ok()?, y: y.try_into().ok()? },
        Algorithm::EdDsa => PublicKey::Ed25519 { x: bytes.try_into().ok()? },
    })
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({:?})", self.algorithm())
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::of(&self.public)
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        Box::pin(ready(self.sign_now(message)))
    }
}
