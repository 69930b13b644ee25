//! Sealing: what is kept of personal data, codes and private keys is unreadable without the master key.
//!
//! AES-256-GCM under a key that HKDF-SHA-256 (RFC 5869) derives from the master key for each context, which is bound as
//! additional data as well. A context is one place, such as the secrets of one offer, so a key seals a handful of values and
//! random 96-bit nonces can't collide however much the issuer seals.
//!
//! Sealed form: version (1 byte), nonce (12), ciphertext, tag (16).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};

use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::Secret;

const VERSION: u8 = 1;
/// Keeps keys of sealing apart from keys that are handed out.
const SEAL: &[u8] = b"issuerd/seal/1/";
const DERIVE: &[u8] = b"issuerd/derive/1/";
/// Bytes of a key, sealed with or handed out.
const KEY: usize = 32;

/// A sealed value that cannot be opened: damaged, moved from its place, or sealed under another master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened; is this the right master key?")]
pub struct Unsealable;

/// Seals and opens under the master key.
pub struct Sealer(Prk);

impl Sealer {
    /// Keys come from `master_key`, 32 random bytes; it may be wiped afterwards.
    #[must_use]
    pub fn new(master_key: &Secret) -> Self {
        Self(Salt::new(HKDF_SHA256, b"issuerd").extract(master_key.expose()))
    }

    /// Seals `plain` for the place that `context` names.
    pub fn seal(&self, random: &dyn Random, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoEntropy> {
        let nonce: [u8; NONCE_LEN] = bytes(random)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, text) = sealed.split_at_mut(1 + NONCE_LEN);
        let tag = self.key(context).seal_in_place_separate_tag(unique(nonce), Aad::from(context), text);
        sealed.extend_from_slice(certain(tag).as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret, Unsealable> {
        let (version, rest) = sealed.split_first().ok_or(Unsealable)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        if *version != VERSION {
            return Err(Unsealable);
        }
        let mut text = text.to_vec();
        let opened = self.key(context).open_in_place(unique(*nonce), Aad::from(context), &mut text);
        let length = opened.map_err(|_| Unsealable)?.len();
        text.truncate(length);
        Ok(Secret::new(text))
    }

    /// A key of 32 bytes for `purpose`, the same one each time.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Secret {
        let mut key = vec![0; KEY];
        let info = [DERIVE, purpose.as_bytes()];
        certain(certain(self.0.expand(&info, KeyLength)).fill(&mut key));
        Secret::new(key)
    }

    fn key(&self, context: &[u8]) -> LessSafeKey {
        let info = [SEAL, context];
        LessSafeKey::new(UnboundKey::from(certain(self.0.expand(&info, &AES_256_GCM))))
    }
}

fn unique(nonce: [u8; NONCE_LEN]) -> Nonce {
    Nonce::assume_unique_for_key(nonce)
}

struct KeyLength;

impl ring::hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY
    }
}

/// What ring refuses only for lengths that are constants here (8,160 bytes from HKDF) or beyond any memory (64 GiB in GCM).
#[expect(clippy::expect_used, reason = "there is no input that fails, so there is no error to hand on")]
fn certain<T>(result: Result<T, ring::error::Unspecified>) -> T {
    result.expect("lengths are within the limits of HKDF and GCM")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&Secret::new(vec![byte; 32]))
    }

    fn sealed(context: &[u8], plain: &[u8]) -> Vec<u8> {
        sealer(1).seal(&SystemRandom::default(), context, plain).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        for plain in [b"".as_slice(), b"x", &[7; 10_000]] {
            let sealed = sealed(b"here", plain);
            assert_eq!(sealer(1).open(b"here", &sealed).unwrap().expose(), plain);
            assert_eq!(sealer(1).open(b"there", &sealed), Err(Unsealable));
            assert_eq!(sealer(2).open(b"here", &sealed), Err(Unsealable));
        }
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let sealed = sealed(b"here", b"claims");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(sealer(1).open(b"here", &changed), Err(Unsealable), "byte {place}");
            assert_eq!(sealer(1).open(b"here", &sealed[..place]), Err(Unsealable), "first {place} bytes");
        }
    }

    // OPS-08
    #[test]
    fn the_sealed_form_shows_nothing_and_never_repeats() {
        let (a, b) = (sealed(b"here", b"Sommer, Mika"), sealed(b"here", b"Sommer, Mika"));
        assert_ne!(a, b);
        assert!(!a.windows(6).any(|window| window == b"Sommer"));
        assert_eq!(a.len(), 1 + 12 + 12 + 16);
    }

    // SEC-PROOF-02
    #[test]
    fn derived_keys_are_stable_and_differ_by_purpose_and_master_key() {
        let key = sealer(1).derive("nonce");
        assert_eq!(key.expose().len(), 32);
        assert_eq!(key, sealer(1).derive("nonce"));
        assert_ne!(key, sealer(1).derive("transaction code"));
        assert_ne!(key, sealer(2).derive("nonce"));
    }

    #[test]
    fn keys_are_those_of_rfc_5869() {
        // Computed with Python's hmac: extract(salt "issuerd", ikm 32 × 0x01), then one block of expand.
        let expected = [
            0x35, 0x47, 0xdd, 0x66, 0xc1, 0xa6, 0x26, 0x76, 0x72, 0x97, 0x4c, 0x15, 0xe3, 0x3f, 0x21, 0x8d, 0xf9, 0xc7,
            0x50, 0x29, 0x68, 0x85, 0x9f, 0x4b, 0x7d, 0x01, 0xcd, 0x3f, 0x0e, 0x48, 0x74, 0x1e,
        ];
        assert_eq!(sealer(1).derive("nonce").expose(), expected);
    }
}
