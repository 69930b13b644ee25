//! ECDH-ES on P-256 (RFC 7518 4.6): two halves of a key agreement make the key of one message.

use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{PublicKey as Point, SecretKey};
use ring::digest::{Context, SHA256};

use crate::base::key::PublicKey;
use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::Secret;
use crate::wire::jwe::ContentEncryption;
use crate::wire::point;

/// A private key of the agreement.
pub(super) struct AgreementKey(SecretKey);

/// What both sides put into the key besides the agreement (RFC 7518 4.6.2).
pub(super) struct Parties<'a> {
    pub(super) encryption: ContentEncryption,
    pub(super) apu: &'a [u8],
    pub(super) apv: &'a [u8],
}

impl AgreementKey {
    /// A fresh one.
    pub(super) fn generate(random: &dyn Random) -> Result<Self, NoEntropy> {
        loop {
            let scalar = Secret::new(bytes::<32>(random)?.to_vec());
            // One draw in 2^32 is not below the order of the curve.
            if let Some(key) = Self::read(&scalar) {
                return Ok(key);
            }
        }
    }

    /// Reads the 32 bytes of its scalar.
    pub(super) fn read(scalar: &Secret) -> Option<Self> {
        SecretKey::from_slice(scalar.expose()).ok().map(Self)
    }

    /// The 32 bytes of its scalar.
    pub(super) fn scalar(&self) -> Secret {
        Secret::new(self.0.to_bytes().to_vec())
    }

    /// Its public half; `None` never, since every scalar of a key has one.
    pub(super) fn public(&self) -> Option<PublicKey> {
        point::p256_sec1(self.0.public_key().to_sec1_point(false).as_bytes())
    }

    /// The key of a message to or from the holder of `other`, which must be on P-256.
    pub(super) fn agree(&self, other: &PublicKey, parties: &Parties<'_>) -> Option<Secret> {
        let PublicKey::P256 { .. } = other else { return None };
        // A key is only made of a point that lies on the curve, whose order is prime: there is no small subgroup to fall into.
        let other = Point::from_sec1_bytes(&other.bytes()).ok()?;
        let shared = (other.to_projective() * *self.0.to_nonzero_scalar()).to_affine();
        let shared = Secret::new(shared.x().to_vec());
        Some(derive(&shared, parties))
    }
}

/// The Concat KDF (NIST SP 800-56A 5.8.1) with SHA-256, whose one round fills the longest key.
fn derive(shared: &Secret, parties: &Parties<'_>) -> Secret {
    let length = parties.encryption.key_length();
    let mut hash = Context::new(&SHA256);
    hash.update(&1_u32.to_be_bytes());
    hash.update(shared.expose());
    for part in [parties.encryption.name().as_bytes(), parties.apu, parties.apv] {
        // Each is a few hundred bytes at most.
        hash.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(&u32::try_from(length * 8).unwrap_or(u32::MAX).to_be_bytes());
    let digest = hash.finish();
    Secret::new(digest.as_ref().iter().take(length).copied().collect())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

    use super::*;
    use crate::base::random::SystemRandom;
    use crate::wire::json::Json;
    use crate::wire::jwk;

    fn key(d: &str, x: &str, y: &str) -> (AgreementKey, PublicKey) {
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        let public = jwk::p256(&Json::parse(jwk.as_bytes()).unwrap()).unwrap();
        let private = AgreementKey::read(&Secret::new(B64.decode(d).unwrap())).unwrap();
        assert_eq!(private.public(), Some(public));
        (private, public)
    }

    // JWE-7518-04
    #[test]
    fn the_key_of_rfc_7518_appendix_c_is_derived_on_both_sides() {
        let (alice, alice_public) = key(
            "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
            "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        );
        let (bob, bob_public) = key(
            "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
            "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        );
        let parties = Parties { encryption: ContentEncryption::A128Gcm, apu: b"Alice", apv: b"Bob" };
        for derived in [alice.agree(&bob_public, &parties), bob.agree(&alice_public, &parties)] {
            assert_eq!(B64.encode(derived.unwrap().expose()), "VqqN6vgjbSBcIijNcacQGg");
        }
        let others = [
            Parties { apu: b"", ..parties },
            Parties { apv: b"bob", ..parties },
            Parties { encryption: ContentEncryption::A256Gcm, ..parties },
        ];
        for other in others {
            let derived = alice.agree(&bob_public, &other).unwrap();
            assert_eq!(derived.expose().len(), other.encryption.key_length());
            assert_ne!(B64.encode(&derived.expose()[..16]), "VqqN6vgjbSBcIijNcacQGg");
        }
    }

    #[test]
    fn keys_are_fresh_and_read_back() {
        let random = SystemRandom::default();
        let (one, other) = (AgreementKey::generate(&random).unwrap(), AgreementKey::generate(&random).unwrap());
        assert_ne!(one.public(), other.public());
        assert_eq!(AgreementKey::read(&one.scalar()).unwrap().public(), one.public());
        assert!(AgreementKey::read(&Secret::new(vec![0; 32])).is_none());
        assert!(AgreementKey::read(&Secret::new(vec![0xff; 32])).is_none());
    }
}
