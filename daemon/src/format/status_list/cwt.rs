//! The CWT form (Token Status List 5.2, ISO/IEC 18013-5 second edition 12.3.6): a tagged `COSE_Sign1` with its certificate in the
//! protected header.

use super::{CWT_TYPE, ListClaims, ListSigner};
use crate::format::mdoc::cbor;

/// Tag of a `COSE_Sign1` (RFC 9052 2).
const COSE_SIGN1: u64 = 18;
/// Header parameters: `alg` (RFC 9052 3.1), `typ` (RFC 9596), `x5chain` (RFC 9360).
const ALGORITHM: u64 = 1;
const TYPE: u64 = 16;
const X5CHAIN: u64 = 33;
/// Claims (RFC 8392 4, Token Status List 14.5).
const SUBJECT: u64 = 2;
const EXPIRATION: u64 = 4;
const ISSUED_AT: u64 = 6;
const STATUS_LIST: u64 = 65_533;
const TTL: u64 = 65_534;

/// A token that waits for its signature.
#[derive(Debug)]
pub struct PreparedCwt {
    protected: Vec<u8>,
    payload: Vec<u8>,
    to_be_signed: Vec<u8>,
}

/// The header and the claims, encoded.
#[must_use]
pub fn prepare_cwt(claims: &ListClaims<'_>, signer: &ListSigner<'_>) -> PreparedCwt {
    let (protected, payload) = (protected(signer), payload(claims));
    let mut to_be_signed = Vec::with_capacity(protected.len() + payload.len() + 32);
    cbor::array(&mut to_be_signed, 4);
    cbor::text(&mut to_be_signed, "Signature1");
    cbor::bytes(&mut to_be_signed, &protected);
    cbor::bytes(&mut to_be_signed, b"");
    cbor::bytes(&mut to_be_signed, &payload);
    PreparedCwt { protected, payload, to_be_signed }
}

fn protected(signer: &ListSigner<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(signer.certificate.len() + 64);
    cbor::map(&mut out, 3);
    cbor::unsigned(&mut out, ALGORITHM);
    cbor::integer(&mut out, signer.cose);
    cbor::unsigned(&mut out, TYPE);
    cbor::text(&mut out, CWT_TYPE);
    cbor::unsigned(&mut out, X5CHAIN);
    cbor::bytes(&mut out, signer.certificate);
    out
}

fn payload(claims: &ListClaims<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(claims.compressed.len() + 256);
    cbor::map(&mut out, 5);
    cbor::unsigned(&mut out, SUBJECT);
    cbor::text(&mut out, claims.uri);
    cbor::unsigned(&mut out, EXPIRATION);
    cbor::integer(&mut out, claims.expires_at);
    cbor::unsigned(&mut out, ISSUED_AT);
    cbor::integer(&mut out, claims.issued_at);
    cbor::unsigned(&mut out, STATUS_LIST);
    cbor::map(&mut out, 3);
    cbor::text(&mut out, "lst");
    cbor::bytes(&mut out, claims.compressed);
    cbor::text(&mut out, "bits");
    cbor::unsigned(&mut out, claims.bits.count().into());
    cbor::text(&mut out, "aggregation_uri");
    cbor::text(&mut out, claims.aggregation_uri);
    cbor::unsigned(&mut out, TTL);
    cbor::unsigned(&mut out, claims.ttl);
    out
}

impl PreparedCwt {
    /// The bytes to sign: the `Sig_structure` of RFC 9052 4.4.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The token with its signature: r and s one after the other for ECDSA (RFC 9053 2.1).
    #[must_use]
    pub fn complete(self, signature: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.protected.len() + self.payload.len() + signature.len() + 32);
        cbor::tag(&mut out, COSE_SIGN1);
        cbor::array(&mut out, 4);
        cbor::bytes(&mut out, &self.protected);
        cbor::map(&mut out, 0);
        cbor::bytes(&mut out, &self.payload);
        cbor::bytes(&mut out, signature);
        out
    }
}
