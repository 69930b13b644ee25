//! What every handler shares. Built once by `boot`, never changed.

mod plugins;

use std::sync::Arc;

pub(crate) use plugins::misplaced;
pub use plugins::{PluginHost, ReadWanted, ReloadError, Wanted};

use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::domain::access::clients::Clients;
use crate::domain::authorization::Authorizations;
use crate::domain::authorization::offers::CodeOffers;
use crate::domain::claim_source::catalog::ClaimSources;
use crate::domain::client::WalletClients;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::deferred::Deferrals;
use crate::domain::dpop::Dpop;
use crate::domain::encryption::Encryption;
use crate::domain::interaction::Interactions;
use crate::domain::interaction_hook::InteractionHooks;
use crate::domain::issuance::Issuer;
use crate::domain::login::Providers;
use crate::domain::metadata_signer::MetadataSigner;
use crate::domain::nonce::NonceIssuer;
use crate::domain::notification::Notifications;
use crate::domain::offer::Offers;
use crate::domain::site::Site;
use crate::domain::status::Statuses;
use crate::domain::token::Tokens;
use crate::domain::trust::Trust;
use crate::domain::user::Users;
use crate::handler::wallet::metadata::MetadataCache;
use crate::observe::metrics::Metrics;
use crate::plugin::registry::Changes;
use crate::store::Store;

/// The parts of a running issuer.
pub struct App {
    /// What the issuer is and allows.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The store.
    pub store: Store,
    /// Clients of the management API and their tokens.
    pub clients: Clients,
    /// Offers.
    pub offers: Offers,
    /// What people go through before a code.
    pub interactions: Interactions,
    /// Wallets' access tokens.
    pub tokens: Tokens,
    /// Authorizations: codes, their tokens, refresh tokens.
    pub authorizations: Authorizations,
    /// Authorization code offers.
    pub code_offers: CodeOffers,
    /// Proofs of possession of the key that a token is bound to.
    pub dpop: Dpop,
    /// Requests and responses that are encrypted.
    pub encryption: Arc<Encryption>,
    /// Wallet clients.
    pub wallet_clients: Arc<WalletClients>,
    /// Nonces.
    pub nonces: Arc<NonceIssuer>,
    /// Configurations.
    pub configurations: Arc<Configurations>,
    /// Plugins that know claims of holders.
    pub claim_sources: Arc<ClaimSources>,
    /// Where holders log in.
    pub providers: Arc<Providers>,
    /// What is kept of persons.
    pub users: Users,
    /// The organisation's page between login and consent.
    pub interaction_hooks: InteractionHooks,
    /// Plugins.
    pub plugins: PluginHost,
    /// IACAs and document signers.
    pub trust: Arc<Trust>,
    /// Status lists.
    pub statuses: Arc<Statuses>,
    /// Credentials.
    pub issuer: Issuer,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Credentials that are to be had later.
    pub deferrals: Deferrals,
    /// What wallets say became of credentials.
    pub notifications: Notifications,
    /// Who signs metadata.
    pub metadata_signer: MetadataSigner,
    /// The metadata document, serialised once a change.
    pub metadata: MetadataCache,
}

/// How handlers hold it.
pub type Shared = Arc<App>;

impl App {
    /// Loads plugins again as [`PluginHost::reload`] does, and tells the log of claim sources that have lost theirs.
    pub async fn reload_plugins(&self, only: Option<&str>) -> Result<Changes, ReloadError> {
        let changes = self.plugins.reload(only).await?;
        self.claim_sources.tell_unusable();
        Ok(changes)
    }
}
