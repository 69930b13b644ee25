//! `issuer.toml`: one file a section with its keys, defaults and limits; every key overridable by `ISSUERD_<SECTION>_<KEY>`.

mod check;
mod issuance;
mod issuer;
mod load;
mod log;
mod management;
pub mod master_key;
mod pre_authorized;
mod server;
mod store;

use serde::{Deserialize, Serialize};

pub use issuance::Issuance;
pub use issuer::IssuerSection;
pub use load::{ConfigError, load, load_with};
pub use log::Log;
pub use management::Management;
pub use pre_authorized::PreAuthorized;
pub use server::Server;
pub use store::StoreSection;

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

impl Config {
    /// Notes what is out of its limits, in the order of the sections.
    fn check(&self, mistakes: &mut Vec<String>) {
        self.server.check(mistakes);
        self.issuer.check(mistakes);
        self.management.check(mistakes);
        self.store.check(mistakes);
        self.log.check(mistakes);
        self.pre_authorized.check(mistakes);
        self.issuance.check(mistakes);
    }
}
