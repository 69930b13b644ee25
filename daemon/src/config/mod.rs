//! `issuer.toml`: one struct a section, defaults in one place, every key overridable by `ISSUERD_<SECTION>_<KEY>`.

mod load;
pub mod master_key;

use serde::{Deserialize, Serialize};

pub use load::{ConfigError, load, load_with};

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What wallets reach.
    pub server: Server,
    /// Who issues.
    pub issuer: IssuerSection,
    /// What operators reach.
    pub management: Management,
    /// Where data is kept.
    pub store: StoreSection,
    /// What is logged.
    pub log: Log,
    /// Offers with a pre-authorized code.
    pub pre_authorized: PreAuthorized,
    /// Tokens, nonces and batches.
    pub issuance: Issuance,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Public base URL: the Credential Issuer Identifier. `https`, or `http` on a loopback host.
    pub issuer: String,
    /// Address of the public listener.
    pub listen: String,
    /// Most connections at a time; more are closed at once.
    pub max_connections: u32,
}

/// `[issuer]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerSection {
    /// Name that wallets show; empty for none.
    pub name: String,
    /// Country of new IACAs, ISO 3166-1 alpha-2; empty when each request must name it.
    pub country: String,
}

/// `[management]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Management {
    /// Address of the management listener.
    pub listen: String,
    /// Most connections at a time; more are closed at once.
    pub max_connections: u32,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreSection {
    /// Directory of the data file.
    pub data_dir: String,
    /// File of the master key; empty for `master.key` in the data directory.
    pub master_key_file: String,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// `json` or `text`.
    pub format: String,
}

/// `[pre_authorized]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreAuthorized {
    /// Life of an offer whose request names none, seconds.
    pub expires_in: u64,
    /// Longest life of an offer, seconds; at most 7 days.
    pub max_expires_in: u64,
    /// Wrong transaction codes until an offer is locked.
    pub tx_code_attempts: u8,
    /// Credential requests served for each configuration of an offer.
    pub credential_requests_per_offer: u32,
    /// How long the record of an ended offer stays listed, seconds.
    pub keep_ended: u64,
}

/// `[issuance]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Issuance {
    /// Life of a wallet's access token, seconds; at most 300 for Bearer tokens.
    pub access_token_lifetime: u64,
    /// Life of a `c_nonce`, seconds.
    pub nonce_lifetime: u64,
    /// Most proofs in one credential request; 1 turns batches off.
    pub batch_size: u32,
    /// Check each of our signatures before it leaves: 40 µs of CPU against a fault in the signer or the processor.
    pub verify_signatures: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { issuer: "http://127.0.0.1:8080".into(), listen: "127.0.0.1:8080".into(), max_connections: 10_000 }
    }
}

impl Default for Management {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8081".into(), max_connections: 1_000 }
    }
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { data_dir: "data".into(), master_key_file: String::new() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: "text".into() }
    }
}

impl Default for PreAuthorized {
    fn default() -> Self {
        Self {
            expires_in: 300,
            max_expires_in: 600,
            tx_code_attempts: 3,
            credential_requests_per_offer: 1,
            keep_ended: 30 * 86_400,
        }
    }
}

impl Default for Issuance {
    fn default() -> Self {
        Self { access_token_lifetime: 300, nonce_lifetime: 300, batch_size: 20, verify_signatures: false }
    }
}
