//! ISO/IEC 18013-5 mdocs, in the order an issuance meets the files.
//!
//! `mapping` turns the claims document into typed elements by a configuration's mappings, with `elements` as the catalogue of the
//! known docTypes and `value` as the conversion of one JSON value. `consistency` compares elements with each other and with the
//! signer. `issuer_signed` prepares and completes the credential around the mobile security object of `mso`; `digests` keeps
//! what links the two; `cbor` writes bytes.

pub mod cbor;
pub mod consistency;
pub mod digests;
pub mod elements;
pub mod issuer_signed;
pub mod mapping;
pub mod mso;
pub(super) mod value;
mod view;

#[cfg(test)]
mod tests;

pub use consistency::{SignerPlace, check_consistency, latest_expiry};
pub use digests::Digests;
pub use issuer_signed::{Mdoc, MdocRequest, PrepareError, PreparedMdoc, prepare};
pub use mso::DigestAlgorithm;

pub use super::{StatusReference, Validity};
