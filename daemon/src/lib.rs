//! issuerd, a self-hosted `OpenID4VCI` credential issuer.
//!
//! Modules in the order a request meets them.

/// What every handler shares.
pub mod app;
/// What everything stands on: clock, randomness, identifiers, secrets.
pub mod base;
/// Builds the parts of a running issuer; the only file that names concrete ones.
pub mod boot;
/// Arguments to commands.
pub mod cli;
/// `issuer.toml`: load, override from the environment, check.
pub mod config;
/// Issuance rules: offers, tokens, nonces, proofs, claims; no HTTP and no engine.
pub mod domain;
/// Credential formats: prepare, payload to sign, complete.
pub mod format;
/// Endpoints: parse, authenticate, ask the domain, answer.
pub mod handler;
/// Signals, drain, background tasks.
pub mod lifecycle;
/// Accepts connections, bounds them, drains them.
pub mod listener;
/// Log, metrics and analytics events.
pub mod observe;
/// Certificates: IACA, document signer, CRL and their profiles.
pub mod pki;
/// Paths, methods and events, one table an audience.
pub mod routes;
/// Keys that sign, wherever they are kept.
pub mod signer;
/// The store: the engine seam, the redb engine, the domain verbs.
pub mod store;
/// JSON and CBOR documents of the standards: parse and print, no decisions.
pub mod wire;
