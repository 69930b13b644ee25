//! `issuer.toml`: one file a section with its keys, defaults and limits; every key of a section with a
//! fixed name overridable by `ISSUERD_<SECTION>_<KEY>`. What operators name themselves (`[plugin.NAME]` and the like) is overridden by nothing.

mod authorization_code;
mod check;
mod claim_sources;
mod clients;
mod dpop;
mod encryption;
mod issuance;
mod issuer;
mod key_attestation;
mod load;
mod log;
mod login;
mod management;
pub mod master_key;
mod plugin;
mod pre_authorized;
mod profile;
mod server;
mod signed_metadata;
mod status;
mod store;
mod table;
mod tls;
mod wallet_attestation;

use serde::{Deserialize, Serialize};

use crate::plugin::settings::Settings;

pub use authorization_code::AuthorizationCode;
pub use claim_sources::ClaimSourcesSection;
pub use clients::{ClientEntry, Clients};
pub use dpop::DpopSection;
pub use encryption::EncryptionSection;
pub use issuance::Issuance;
pub use issuer::IssuerSection;
pub use key_attestation::KeyAttestationSection;
pub use load::{ConfigError, load, load_with};
pub use log::Log;
pub use login::{Login, TestUserSection};
pub use management::Management;
pub use plugin::{AuthHook, Named, PluginsSection};
pub use pre_authorized::PreAuthorized;
pub use profile::Profile;
pub use server::Server;
pub use signed_metadata::SignedMetadata;
pub use status::StatusSection;
pub use store::StoreSection;
pub use tls::TlsSection;
pub use wallet_attestation::WalletAttestation;

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
    /// Credentials after a login.
    pub authorization_code: AuthorizationCode,
    /// Tokens, nonces and batches.
    pub issuance: Issuance,
    /// Tokens that are bound to a key.
    pub dpop: DpopSection,
    /// Requests and responses that are encrypted.
    pub encryption: EncryptionSection,
    /// The metadata as a JWT.
    pub signed_metadata: SignedMetadata,
    /// How holders log in.
    pub login: Login,
    /// How registers are reached.
    pub claim_sources: ClaimSourcesSection,
    /// Which wallets may come.
    pub clients: Clients,
    /// Wallets that their provider vouches for.
    pub wallet_attestation: WalletAttestation,
    /// A set of rules as a whole.
    pub profile: Profile,
    /// Who may attest keys.
    pub key_attestation: KeyAttestationSection,
    /// Status lists.
    pub status: StatusSection,
    /// Plugins in common.
    pub plugins: PluginsSection,
    /// Each plugin, secret and auth hook.
    #[serde(skip)]
    pub named: Named,
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
        self.authorization_code.check(mistakes);
        self.issuance.check(mistakes);
        self.dpop.check(mistakes);
        self.encryption.check(mistakes);
        self.signed_metadata.check(mistakes);
        self.login.check(&self.server.issuer, mistakes);
        self.claim_sources.check(mistakes);
        self.wallet_attestation.check(mistakes);
        self.status.check(mistakes);
        self.plugins.check(mistakes);
        profile::check(self, mistakes);
    }

    /// What the host of the plugins is told.
    #[must_use]
    pub fn plugin_settings(&self) -> Settings {
        self.named.settings(&self.plugins, &self.store)
    }
}
