//! issuerd, a self-hosted `OpenID4VCI` credential issuer.
//!
//! Modules in the order a request meets them:
//!
//! | module | what it does |
//! | --- | --- |
//! | [`app`] | What every handler shares. |
//! | [`base`] | What everything stands on: clock, randomness, identifiers, secrets. |
//! | [`boot`] | Builds the parts of a running issuer; the only file that names concrete ones. |
//! | [`cli`] | Arguments to commands. |
//! | [`config`] | `issuer.toml`: load, override from the environment, check. |
//! | [`domain`] | Issuance rules: offers, tokens, nonces, proofs, claims; no HTTP and no engine. |
//! | [`format`] | Credential formats: prepare, payload to sign, complete. |
//! | [`handler`] | Endpoints: parse, authenticate, ask the domain, answer. |
//! | [`lifecycle`] | Signals, drain, background tasks. |
//! | [`listener`] | Accepts connections, bounds them, drains them. |
//! | [`observe`] | Log, metrics and analytics events. |
//! | [`pki`] | Certificates: IACA, document signer, CRL and their profiles. |
//! | [`routes`] | Paths, methods and events, one table an audience. |
//! | [`signer`] | Keys that sign, wherever they are kept. |
//! | [`store`] | The store: the engine seam, the redb engine, the domain verbs. |
//! | [`wire`] | JSON and CBOR documents of the standards: parse and print, no decisions. |

pub mod app;
pub mod base;
pub mod boot;
pub mod cli;
pub mod config;
pub mod domain;
pub mod format;
pub mod handler;
pub mod lifecycle;
pub mod listener;
pub mod observe;
pub mod pki;
pub mod routes;
pub mod signer;
pub mod store;
pub mod wire;
