//! Tests of key proofs.

mod claims;
mod header;
mod key;
pub(crate) mod support;
mod whole;
