//! issuerd, a self-hosted `OpenID4VCI` credential issuer.
//!
//! Modules in the order a request meets them:
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | Arguments to commands. |
//! | [`config`] | `issuer.toml`: load, override from the environment, check. |
//! | [`boot`] | Builds the parts of a running issuer; the only file that names concrete ones. |
//! | [`app`] | What every handler shares. |
//! | [`lifecycle`] | Signals, drain, background tasks. |
//! | [`listener`] | Accepts connections, bounds them, drains them. |
//! | [`routes`] | Paths, methods and events, one table an audience. |
//! | [`handler`] | Endpoints: parse, authenticate, ask the domain, answer. |
//! | [`page`] | Pages that people see: HTML rendered on the server, texts by language. |
//! | [`wire`] | JSON and CBOR documents of the standards: parse and print, no decisions. |
//! | [`domain`] | Issuance rules: offers, tokens, nonces, proofs, claims; no HTTP and no engine. |
//! | [`mod@format`] | Credential formats: prepare, payload to sign, complete. |
//! | [`pki`] | Certificates: IACA, document signer, CRL and their profiles. |
//! | [`signer`] | Keys that sign, wherever they are kept. |
//! | [`plugin`] | The host of WebAssembly plugins: load, grant, call, contain. |
//! | [`mod@outbound`] | The daemon's own requests to others, bounded and guarded. |
//! | [`store`] | The store: the engine seam, the redb engine, the domain verbs. |
//! | [`observe`] | Log, metrics and analytics events. |
//! | [`base`] | What everything stands on: clock, randomness, identifiers, secrets. |

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
pub mod outbound;
pub mod page;
pub mod pki;
pub mod plugin;
pub mod routes;
pub mod signer;
pub mod store;
pub mod wire;
