//! Private keys of an IACA, and of a document signer while it asks for its certificate.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::PkiError;
use crate::base::secret::Secret;

/// A P-256 key that signs certificates, requests and CRLs.
pub struct CertificateKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl CertificateKey {
    /// Reads PKCS#8.
    #[expect(clippy::disallowed_methods, reason = "ring's ECDSA nonces take no other generator")]
    pub fn from_pkcs8(pkcs8: &Secret) -> Result<Self, PkiError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.expose(), &random);
        Ok(Self { pair: pair.map_err(|_| PkiError::Key)?, random })
    }

    /// The uncompressed point.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

impl rcgen::PublicKeyData for CertificateKey {
    fn der_bytes(&self) -> &[u8] {
        self.public_key()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for CertificateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_ref().to_vec())
    }
}
