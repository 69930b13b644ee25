//! The rules of issuance: types, transitions, flows. Nothing here sees a request, a header or a status code.

pub mod access;
pub mod authorization;
pub mod blocked;
pub mod caller;
pub mod claim_source;
pub mod claims;
pub mod client;
pub mod configuration;
pub mod context;
pub mod deferred;
pub mod dpop;
pub mod encryption;
pub mod event;
pub mod firewall;
pub mod grant;
pub mod hook;
pub mod interaction;
pub mod interaction_hook;
pub mod issuance;
pub mod login;
pub mod metadata_signer;
mod mirror;
pub mod nonce;
pub mod notification;
pub mod offer;
pub mod outbound;
pub mod proof;
pub mod roster;
pub mod saved;
pub mod site;
pub mod status;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod trust;
pub mod user;

use crate::base::random::NoEntropy;
use crate::store::StoreError;

/// A failure that is ours, not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// No active IACA with a valid document signer.
    #[error("no active document signer")]
    NoSigner,
    /// The IACA has no valid status list signer.
    #[error("no valid status list signer")]
    NoStatusSigner,
    /// A status list could not be compressed.
    #[error("a status list could not be compressed")]
    Compression,
    /// A signature could not be made.
    #[error("signing failed")]
    Signing,
    /// A message could not be encrypted, or a key for that not be used.
    #[error("encryption failed")]
    Encryption,
    /// A certificate could not be made or read.
    #[error("certificate: {0}")]
    Certificate(String),
}
