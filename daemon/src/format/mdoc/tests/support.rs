//! What the tests share: fixed randomness, keys, and a signer that uses ring.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::base::key::PublicKey;
use crate::base::random::{NoEntropy, Random};
use crate::format::mdoc::mapping::{MappedElement, MappedNamespace};
use crate::format::mdoc::{DigestAlgorithm, Mdoc, MdocRequest, Validity, prepare};

/// Bytes of a hexadecimal text.
pub(in crate::format::mdoc) fn hex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0);
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The hexadecimal text of bytes.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Counts up from a start (splitmix64): the same bytes in every run.
pub(super) struct Sequence(AtomicU64);

impl Sequence {
    pub(super) fn new(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }

    pub(super) fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

impl Random for Sequence {
    fn fill(&self, dest: &mut [u8]) -> Result<(), NoEntropy> {
        dest.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]));
        Ok(())
    }
}

/// No randomness at all.
pub(super) struct Dry;

impl Random for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoEntropy> {
        Err(NoEntropy)
    }
}

pub(super) fn timestamp(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn validity() -> Validity {
    let signed = timestamp("2026-01-05T00:00:00Z");
    Validity { signed, valid_from: signed, valid_until: timestamp("2026-01-19T00:00:00Z") }
}

/// A device key whose x starts with zeros.
pub(super) const DEVICE_KEY: PublicKey = PublicKey::P256 { x: leading_zeros([0x11; 32]), y: leading_zeros([0x22; 32]) };

const fn leading_zeros(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[0] = 0;
    bytes[1] = 0;
    bytes
}

/// An element with text.
pub(super) fn element(identifier: &str, text: &str) -> MappedElement {
    let mut value = Vec::new();
    crate::format::mdoc::cbor::text(&mut value, text);
    MappedElement { identifier: identifier.to_owned(), value }
}

/// A namespace of `count` text elements.
pub(super) fn namespace(name: &str, count: usize) -> MappedNamespace {
    let elements = (0..count).map(|at| element(&format!("element_{at:03}"), &format!("value {at}"))).collect();
    MappedNamespace { name: name.to_owned(), elements }
}

pub(super) fn request(namespaces: &[MappedNamespace]) -> MdocRequest<'_> {
    MdocRequest {
        doc_type: "org.example.card.1",
        namespaces,
        device_key: &DEVICE_KEY,
        validity: validity(),
        status: None,
        digest: DigestAlgorithm::Sha256,
        algorithm: -7,
        certificates: &[b"leaf"],
    }
}

/// A P-256 key of ring.
pub(super) struct Key(EcdsaKeyPair);

impl Key {
    #[expect(clippy::disallowed_methods, reason = "a key for this test alone")]
    pub(super) fn generate() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
    }

    /// The uncompressed point.
    pub(super) fn point(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    #[expect(clippy::disallowed_methods, reason = "a signature for this test alone")]
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

/// Prepares, signs and completes.
pub(super) fn issue(request: &MdocRequest<'_>, random: &dyn Random, key: &Key) -> Mdoc {
    let prepared = prepare(request, random).unwrap();
    let signature = key.sign(prepared.to_be_signed());
    prepared.complete(&signature)
}
