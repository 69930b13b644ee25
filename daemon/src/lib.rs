//! issuerd, a self-hosted `OpenID4VCI` credential issuer.
//!
//! Modules in the order a request meets them.

/// What everything stands on: clock, randomness, identifiers, secrets.
pub mod base;
/// `issuer.toml`: load, override from the environment, check.
pub mod config;
/// Accepts connections, bounds them, drains them.
pub mod listener;
/// JSON and CBOR documents of the standards: parse and print, no decisions.
pub mod wire;
/// Issuance rules: offers, tokens, nonces, proofs, claims; no HTTP and no engine.
pub mod domain;
/// Credential formats: prepare → payload to sign → complete.
pub mod format;
/// Certificates: IACA, document signer, CRL and their profiles.
pub mod pki;
/// Keys that sign, wherever they are kept.
pub mod signer;
/// The store: the engine seam, the redb engine, the domain verbs.
pub mod store;
/// Log, metrics and analytics events.
pub mod observe;
