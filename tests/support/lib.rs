//! What the tests stand on: the real daemon as a child process, a wire-exact HTTP client, a management client, a fake wallet and
//! an mdoc reader that shares no code with the daemon.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation of these helpers is the failure of the test that called them"
)]
#![expect(clippy::missing_panics_doc, reason = "every helper panics to fail its test")]
#![expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "some calls are made for their checks"
)]

/// Somebody who attests keys.
pub mod attester;
/// A browser without scripts.
pub mod browser;
/// Strict reading of CBOR.
pub mod cbor;
/// X.509 certificates and CRLs, read with `x509-parser` and the `openssl` command.
pub mod certificate;
/// Claims of fictional people.
pub mod claims;
/// Wallets that prove who they are.
pub mod client;
/// A club whose members log in for their cards.
pub mod club;
/// Valid bodies of configurations.
pub mod configurations;
/// The daemon as a child process.
pub mod daemon;
/// `DPoP` proofs.
pub mod dpop;
/// Hostile plugins, and servers that they talk to.
pub mod guests;
/// HTTP/1.1 over a plain socket: exact bytes out, every header in.
pub mod http;
/// `issuerd init` and `issuerd serve`.
pub mod installation;
/// Encrypted messages.
pub mod jwe;
/// Keys of a wallet.
pub mod key;
/// A login in a browser without scripts.
pub mod login;
/// The operator's client.
pub mod management;
/// An mdoc reader.
pub mod mdoc;
/// Credential offers, as a wallet reads them.
pub mod offer;
/// Built plugins, and what stands behind them.
pub mod plugins;
/// The text format of Prometheus.
pub mod prometheus;
/// Proofs of possession, with a hook for every defect.
pub mod proof;
/// A reader of SD-JWT VCs.
pub mod sd_jwt;
/// Status lists, read and verified.
pub mod status;
/// Many requests at once.
pub mod volley;
/// Waiting for a condition.
pub mod wait;
/// A fake wallet.
pub mod wallet;

pub use daemon::Daemon;
pub use http::{Answer, Connection, Request};
pub use key::HolderKey;
pub use management::Management;
pub use mdoc::Mdoc;
pub use offer::Offer;
pub use proof::Proof;
pub use sd_jwt::SdJwt;
pub use wallet::Wallet;
