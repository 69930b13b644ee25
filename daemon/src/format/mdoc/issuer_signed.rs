//! `IssuerSigned` (ISO/IEC 18013-5 8.3.2.1.2.2): prepare the items, their digests and the bytes to sign, then complete the
//! credential with the signature. Each copy of a credential is prepared on its own, with its own salts and digest ids.

use std::fmt;

use ring::digest::{SHA256, digest};

use super::cbor;
use super::digests::{DRAW, Digests, permute};
use super::mapping::{MappedElement, MappedNamespace};
use super::mso::{DigestAlgorithm, MobileSecurityObject, ValueDigests};
use crate::base::key::PublicKey;
use crate::base::random::{NoEntropy, Random};
use crate::format::{StatusReference, Validity};

/// Bytes of a salt; the standard asks for 16 at least (9.1.2.5).
const SALT: usize = 32;
/// Head and bytes of the largest signature (ES512), so that the buffer never grows.
const SIGNATURE: usize = 3 + 132;
/// What an item takes besides its salt, identifier and value: its keys, heads, tag and digest id.
const ITEM: usize = 70;

/// What goes into an mdoc.
#[derive(Debug, Clone, Copy)]
pub struct MdocRequest<'a> {
    /// The docType.
    pub doc_type: &'a str,
    /// The elements, each namespace and each identifier within it once.
    pub namespaces: &'a [MappedNamespace],
    /// The holder's key.
    pub device_key: &'a PublicKey,
    /// The times of the mobile security object.
    pub validity: Validity,
    /// Where its status is found; `None` for an mdoc that cannot be revoked.
    pub status: Option<StatusReference<'a>>,
    /// The digest over the items.
    pub digest: DigestAlgorithm,
    /// COSE algorithm of the signature to come, e.g. -7.
    pub algorithm: i64,
    /// DER certificates of the signer: the document signer first, without the IACA root.
    pub certificates: &'a [&'a [u8]],
}

/// Why an mdoc can't be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// No random bytes for the salts.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// There is no element, or a namespace without one.
    #[error("an mdoc needs at least one element in each namespace")]
    NoElements,
    /// A namespace or an element comes twice.
    #[error("an mdoc has each namespace and each element once; `{0}` comes twice")]
    NotUnique(String),
    /// The times are in the wrong order.
    #[error("an mdoc must be valid for some time, from the time of signing at the earliest")]
    Validity,
    /// There is no certificate of the signer.
    #[error("an mdoc needs the certificate of its signer")]
    NoCertificate,
}

/// An mdoc that waits for its signature.
pub struct PreparedMdoc {
    /// `IssuerSigned` up to the payload, with room for the rest.
    issuer_signed: Vec<u8>,
    /// `Sig_structure`; it ends with the payload.
    to_be_signed: Vec<u8>,
    /// Where the payload's byte string, head included, starts in `to_be_signed`.
    payload_at: usize,
    mso_hash: [u8; 32],
    digests: Digests,
}

impl fmt::Debug for PreparedMdoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedMdoc").finish_non_exhaustive()
    }
}

/// A signed mdoc.
pub struct Mdoc {
    /// `IssuerSigned` in CBOR: the credential.
    pub issuer_signed: Vec<u8>,
    /// SHA-256 of the payload that was signed (`MobileSecurityObjectBytes`).
    pub mso_hash: [u8; 32],
    /// The digest of each element.
    pub digests: Digests,
}

impl fmt::Debug for Mdoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mdoc").finish_non_exhaustive()
    }
}

/// Builds the items with fresh salts and digest ids, and the bytes to sign.
pub fn prepare(request: &MdocRequest<'_>, random: &dyn Random) -> Result<PreparedMdoc, PrepareError> {
    check(request)?;
    let count = request.namespaces.iter().map(|namespace| namespace.elements.len()).sum::<usize>();
    let mut entropy = vec![0; count * (SALT + DRAW)];
    random.fill(&mut entropy)?;
    let (salts, draws) = entropy.split_at(count * SALT);
    let mut issuer_signed = Vec::with_capacity(capacity(request, count));
    cbor::map(&mut issuer_signed, 2);
    cbor::text(&mut issuer_signed, "nameSpaces");
    let digests = write_namespaces(&mut issuer_signed, request, salts, draws);
    let (to_be_signed, payload_at, mso_hash) = sig_structure(request, &digests);
    cbor::text(&mut issuer_signed, "issuerAuth");
    cbor::array(&mut issuer_signed, 4);
    write_protected(&mut issuer_signed, request.algorithm);
    write_chain(&mut issuer_signed, request.certificates);
    Ok(PreparedMdoc { issuer_signed, to_be_signed, payload_at, mso_hash, digests })
}

impl PreparedMdoc {
    /// The bytes to sign: the `Sig_structure` of RFC 9052 4.4.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The mdoc with its signature: r and s one after the other for ECDSA (RFC 9053 2.1).
    #[must_use]
    pub fn complete(self, signature: &[u8]) -> Mdoc {
        let mut issuer_signed = self.issuer_signed;
        issuer_signed.extend_from_slice(self.to_be_signed.get(self.payload_at..).unwrap_or_default());
        cbor::bytes(&mut issuer_signed, signature);
        Mdoc { issuer_signed, mso_hash: self.mso_hash, digests: self.digests }
    }
}

fn check(request: &MdocRequest<'_>) -> Result<(), PrepareError> {
    let namespaces = request.namespaces;
    if namespaces.is_empty() || namespaces.iter().any(|namespace| namespace.elements.is_empty()) {
        return Err(PrepareError::NoElements);
    }
    let names = namespaces.iter().map(|namespace| namespace.name.as_str());
    let identifiers = namespaces.iter().map(|n| n.elements.iter().map(|element| element.identifier.as_str()));
    let twice = repeated(names).or_else(|| identifiers.into_iter().find_map(repeated));
    if let Some(name) = twice {
        return Err(PrepareError::NotUnique(name.to_owned()));
    }
    // Compared as they are written, without fractions of a second.
    let Validity { signed, valid_from, valid_until } = request.validity;
    let [signed, valid_from, valid_until] =
        [signed, valid_from, valid_until].map(|t| t.as_millisecond().div_euclid(1000));
    if valid_from < signed || valid_until <= valid_from {
        return Err(PrepareError::Validity);
    }
    if request.certificates.is_empty() { Err(PrepareError::NoCertificate) } else { Ok(()) }
}

/// A name that comes twice. Names from a mapping are sorted, which takes one pass to see.
fn repeated<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    if names.clone().is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?)
}

/// An upper bound of the credential's length.
fn capacity(request: &MdocRequest<'_>, count: usize) -> usize {
    let element = |element: &MappedElement| element.identifier.len() + element.value.len();
    let namespace =
        |namespace: &MappedNamespace| namespace.name.len() + 20 + namespace.elements.iter().map(element).sum::<usize>();
    let certificates = request.certificates.iter().map(|certificate| certificate.len() + 6).sum::<usize>();
    let items = request.namespaces.iter().map(namespace).sum::<usize>() + count * (ITEM + SALT);
    items + payload_capacity(request, count) + certificates + SIGNATURE + 64
}

fn payload_capacity(request: &MdocRequest<'_>, count: usize) -> usize {
    let names = request.namespaces.iter().map(|namespace| namespace.name.len() + 18).sum::<usize>();
    let status = request.status.map_or(0, |status| status.uri.len() + 48);
    480 + request.doc_type.len() + status + names + count * (request.digest.length() + 8)
}

fn write_namespaces(out: &mut Vec<u8>, request: &MdocRequest<'_>, salts: &[u8], draws: &[u8]) -> Digests {
    let (mut salts, mut draws) = (salts.chunks_exact(SALT), draws.chunks_exact(DRAW));
    let length = request.digest.length();
    let count = salts.len();
    let mut digests = Digests { ids: Vec::with_capacity(count), bytes: vec![0; count * length], length };
    cbor::map(out, request.namespaces.len());
    for namespace in request.namespaces {
        let start = digests.ids.len();
        cbor::text(out, &namespace.name);
        cbor::array(out, namespace.elements.len());
        permute(&mut digests.ids, namespace.elements.len(), &mut draws);
        let Digests { ids, bytes, .. } = &mut digests;
        let ids = ids.iter().skip(start);
        for ((element, id), salt) in namespace.elements.iter().zip(ids).zip(&mut salts) {
            let item_at = out.len();
            write_item(out, *id, salt, element);
            // Over the tagged bytes exactly as they are transmitted (9.1.2.5).
            let item = digest(request.digest.ring(), out.get(item_at..).unwrap_or_default());
            let at = (start + usize::try_from(*id).unwrap_or_default()) * length;
            if let Some(place) = bytes.get_mut(at..at + length) {
                place.copy_from_slice(item.as_ref());
            }
        }
    }
    digests
}

/// `#6.24(bstr .cbor IssuerSignedItem)`.
pub(super) fn write_item(out: &mut Vec<u8>, id: u32, salt: &[u8], element: &MappedElement) {
    let identifier = element.identifier.as_str();
    let id_length = cbor::head_length(usize::try_from(id).unwrap_or(usize::MAX));
    let names = "digestID".len() + "random".len() + "elementIdentifier".len() + "elementValue".len();
    let heads = 1 + 4 + cbor::head_length(salt.len()) + cbor::head_length(identifier.len());
    let length = heads + names + id_length + salt.len() + identifier.len() + element.value.len();
    cbor::tag(out, cbor::EMBEDDED);
    cbor::bytes_head(out, length);
    cbor::map(out, 4);
    cbor::text(out, "digestID");
    cbor::unsigned(out, u64::from(id));
    cbor::text(out, "random");
    cbor::bytes(out, salt);
    cbor::text(out, "elementIdentifier");
    cbor::text(out, identifier);
    cbor::text(out, "elementValue");
    out.extend_from_slice(&element.value);
}

/// The `Sig_structure`, where its payload starts, and the SHA-256 of the payload.
fn sig_structure(request: &MdocRequest<'_>, digests: &Digests) -> (Vec<u8>, usize, [u8; 32]) {
    let mut rest = digests.bytes.as_slice();
    let value_digests = request.namespaces.iter().map(|namespace| {
        let (own, others) = rest.split_at_checked(namespace.elements.len() * digests.length).unwrap_or_default();
        rest = others;
        ValueDigests { namespace: &namespace.name, digests: own }
    });
    let value_digests: Vec<_> = value_digests.collect();
    let object = MobileSecurityObject {
        digest: request.digest,
        value_digests: &value_digests,
        device_key: request.device_key,
        doc_type: request.doc_type,
        validity: request.validity,
        status: request.status,
    };
    let object = object.encode();
    let mut out = Vec::with_capacity(object.len() + 40);
    cbor::array(&mut out, 4);
    cbor::text(&mut out, "Signature1");
    write_protected(&mut out, request.algorithm);
    cbor::bytes(&mut out, &[]);
    let payload_at = out.len();
    cbor::bytes_head(&mut out, 2 + cbor::head_length(object.len()) + object.len());
    let content_at = out.len();
    cbor::tag(&mut out, cbor::EMBEDDED);
    cbor::bytes(&mut out, &object);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, out.get(content_at..).unwrap_or_default()).as_ref());
    (out, payload_at, hash)
}

/// The protected header: `alg` alone.
fn write_protected(out: &mut Vec<u8>, algorithm: i64) {
    let mut header = Vec::with_capacity(12);
    cbor::map(&mut header, 1);
    cbor::unsigned(&mut header, 1);
    cbor::integer(&mut header, algorithm);
    cbor::bytes(out, &header);
}

/// The unprotected header: `x5chain` (RFC 9360), one certificate as a byte string, several as an array.
fn write_chain(out: &mut Vec<u8>, certificates: &[&[u8]]) {
    cbor::map(out, 1);
    cbor::unsigned(out, 33);
    match certificates {
        [one] => cbor::bytes(out, one),
        several => {
            cbor::array(out, several.len());
            for certificate in several {
                cbor::bytes(out, certificate);
            }
        }
    }
}
