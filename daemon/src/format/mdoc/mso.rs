//! The mobile security object (ISO/IEC 18013-5 9.1.2.4): what the issuer signs.

use ring::digest;

use super::cbor;
use super::value::tdate;
use crate::base::key::PublicKey;
use crate::format::{StatusReference, Validity};

/// The digest over issuer-signed items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DigestAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// Its name in the mobile security object.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Bytes of a digest.
    #[must_use]
    pub fn length(self) -> usize {
        self.ring().output_len()
    }

    pub(super) fn ring(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// The digests of one namespace.
#[derive(Debug)]
pub(super) struct ValueDigests<'a> {
    pub(super) namespace: &'a str,
    /// One after the other in the order of their digest ids, which start at 0: the order tells nothing of the elements.
    pub(super) digests: &'a [u8],
}

/// A mobile security object to be written.
#[derive(Debug)]
pub(super) struct MobileSecurityObject<'a> {
    pub(super) digest: DigestAlgorithm,
    pub(super) value_digests: &'a [ValueDigests<'a>],
    pub(super) device_key: &'a PublicKey,
    pub(super) doc_type: &'a str,
    pub(super) validity: Validity,
    /// Absent for a credential that can't be revoked.
    pub(super) status: Option<StatusReference<'a>>,
}

/// What an object without digests, names and addresses takes at most: its keys, the times and the largest device key.
const FIXED_BYTES: usize = 420;

impl MobileSecurityObject<'_> {
    /// The object in CBOR.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.capacity());
        cbor::map(&mut out, 6 + usize::from(self.status.is_some()));
        cbor::text(&mut out, "version");
        cbor::text(&mut out, "1.0");
        cbor::text(&mut out, "digestAlgorithm");
        cbor::text(&mut out, self.digest.name());
        cbor::text(&mut out, "valueDigests");
        self.write_digests(&mut out);
        cbor::text(&mut out, "deviceKeyInfo");
        cbor::map(&mut out, 1);
        cbor::text(&mut out, "deviceKey");
        write_cose_key(&mut out, self.device_key);
        cbor::text(&mut out, "docType");
        cbor::text(&mut out, self.doc_type);
        cbor::text(&mut out, "validityInfo");
        self.write_validity(&mut out);
        if let Some(status) = self.status {
            write_status(&mut out, status);
        }
        out
    }

    fn capacity(&self) -> usize {
        let one = |digests: &ValueDigests<'_>| {
            // Each digest with its head of at most 3 bytes and its id of at most 5.
            let count = digests.digests.len() / self.digest.length();
            digests.namespace.len() + 18 + digests.digests.len() + count * 8
        };
        let status = self.status.map_or(0, |status| status.uri.len() + 50);
        FIXED_BYTES + self.doc_type.len() + self.value_digests.iter().map(one).sum::<usize>() + status
    }

    fn write_digests(&self, out: &mut Vec<u8>) {
        cbor::map(out, self.value_digests.len());
        for namespace in self.value_digests {
            cbor::text(out, namespace.namespace);
            let digests = namespace.digests.chunks_exact(self.digest.length());
            cbor::map(out, digests.len());
            for (id, digest) in (0..).zip(digests) {
                cbor::unsigned(out, id);
                cbor::bytes(out, digest);
            }
        }
    }

    fn write_validity(&self, out: &mut Vec<u8>) {
        cbor::map(out, 3);
        cbor::text(out, "signed");
        tdate(out, self.validity.signed);
        cbor::text(out, "validFrom");
        tdate(out, self.validity.valid_from);
        cbor::text(out, "validUntil");
        tdate(out, self.validity.valid_until);
    }
}

/// `COSE_Key` (RFC 9052 7, RFC 9053 7): public members only, coordinates in full length.
fn write_cose_key(out: &mut Vec<u8>, key: &PublicKey) {
    let (key_type, curve, x, y): (u64, u64, &[u8], Option<&[u8]>) = match key {
        PublicKey::P256 { x, y } => (2, 1, x, Some(y)),
        PublicKey::P384 { x, y } => (2, 2, x, Some(y)),
        PublicKey::Ed25519 { x } => (1, 6, x, None),
    };
    cbor::map(out, 3 + usize::from(y.is_some()));
    cbor::unsigned(out, 1);
    cbor::unsigned(out, key_type);
    cbor::integer(out, -1);
    cbor::unsigned(out, curve);
    cbor::integer(out, -2);
    cbor::bytes(out, x);
    if let Some(y) = y {
        cbor::integer(out, -3);
        cbor::bytes(out, y);
    }
}

fn write_status(out: &mut Vec<u8>, status: StatusReference<'_>) {
    cbor::text(out, "status");
    cbor::map(out, 1);
    cbor::text(out, "status_list");
    cbor::map(out, 2);
    cbor::text(out, "idx");
    cbor::unsigned(out, status.index);
    cbor::text(out, "uri");
    cbor::text(out, status.uri);
}

#[cfg(test)]
mod tests {
    use ciborium::Value;
    use jiff::Timestamp;

    use super::*;

    fn object(status: Option<StatusReference<'_>>) -> Vec<u8> {
        let validity =
            Validity { signed: Timestamp::UNIX_EPOCH, valid_from: Timestamp::UNIX_EPOCH, valid_until: Timestamp::MAX };
        let device_key = PublicKey::P384 { x: [1; 48], y: [2; 48] };
        let digests = vec![7; 64 * 300];
        let value_digests = [ValueDigests { namespace: "n", digests: &digests }];
        let object = MobileSecurityObject {
            digest: DigestAlgorithm::Sha512,
            value_digests: &value_digests,
            device_key: &device_key,
            doc_type: "d",
            validity,
            status,
        };
        let encoded = object.encode();
        assert_eq!(encoded.capacity(), object.capacity(), "the buffer grew");
        encoded
    }

    fn keys(encoded: &[u8]) -> Vec<(String, Value)> {
        let value: Value = ciborium::from_reader(encoded).unwrap();
        value.into_map().unwrap().into_iter().map(|(key, value)| (key.into_text().unwrap(), value)).collect()
    }

    // MDC-MSO-17, MDC-MSO-18, MDC-MSO-19
    #[test]
    fn status_is_in_iso_form_or_absent() {
        let without: Vec<_> = keys(&object(None)).into_iter().map(|(key, _)| key).collect();
        let expected = ["version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"];
        assert_eq!(without, expected);
        let with = keys(&object(Some(StatusReference { index: 73_129, uri: "https://status.example/m/4" })));
        let list = vec![("idx".into(), 73_129.into()), ("uri".into(), "https://status.example/m/4".into())];
        assert_eq!(with[6], ("status".to_owned(), Value::Map(vec![("status_list".into(), Value::Map(list))])));
        assert_eq!(with.len(), 7);
    }
}
