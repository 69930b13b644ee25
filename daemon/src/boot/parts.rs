//! What everything else is built of, and the building of it.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{App, PluginHost};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::{AuthorizationCode, Config};
use crate::domain::access::clients::Clients;
use crate::domain::authorization::Authorizations;
use crate::domain::authorization::offers::CodeOffers;
use crate::domain::claim_source::catalog::ClaimSources;
use crate::domain::client::WalletClients;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::deferred::Deferrals;
use crate::domain::dpop::{Dpop, DpopRules};
use crate::domain::encryption::Encryption;
use crate::domain::event::Events;
use crate::domain::hook::Hooks;
use crate::domain::interaction::granting::CodeGrants;
use crate::domain::interaction::people::People;
use crate::domain::interaction::redirect::RedirectPolicy;
use crate::domain::interaction::{FlowRules, Interactions};
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
use crate::handler::wallet::metadata::MetadataCache;
use crate::observe::metrics::Metrics;
use crate::pki::chain::Anchors;
use crate::store::Store;

/// The parts that others share.
pub(super) struct Parts {
    pub(super) encryption: Arc<Encryption>,
    pub(super) metadata_signer: MetadataSigner,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) store: Store,
    pub(super) site: Arc<Site>,
    pub(super) configurations: Arc<Configurations>,
    pub(super) providers: Arc<Providers>,
    pub(super) hooks: Arc<Hooks>,
    pub(super) claim_sources: Arc<ClaimSources>,
    pub(super) plugins: PluginHost,
    pub(super) trust: Arc<Trust>,
    pub(super) statuses: Arc<Statuses>,
    pub(super) attesters: Anchors,
}

impl Parts {
    /// Builds the rest.
    pub(super) fn assemble(mut self, (clients, wallet_clients): (Clients, Arc<WalletClients>), config: &Config) -> App {
        let nonce_key = self.store.derive_key("c_nonce");
        let lifetime = Duration::from_secs(config.issuance.nonce_lifetime);
        let nonces = Arc::new(NonceIssuer::new(nonce_key, &self.site.issuer, lifetime));
        let events: Arc<dyn Events> = Arc::clone(&self.metrics) as _;
        let issuer = Issuer {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            nonces: Arc::clone(&nonces),
            configurations: Arc::clone(&self.configurations),
            hooks: Arc::clone(&self.hooks),
            claim_sources: Arc::clone(&self.claim_sources),
            trust: Arc::clone(&self.trust),
            statuses: Arc::clone(&self.statuses),
            attesters: std::mem::take(&mut self.attesters),
            events,
            verify_signatures: config.issuance.verify_signatures,
        };
        App {
            offers: self.offers(),
            tokens: self.tokens(),
            authorizations: self.authorizations(),
            code_offers: self.code_offers(),
            dpop: self.dpop(config),
            users: self.users(),
            interaction_hooks: self.interaction_hooks(),
            interactions: self.interactions(&config.authorization_code, &wallet_clients),
            clients,
            wallet_clients,
            nonces,
            issuer,
            metadata: MetadataCache::default(),
            encryption: self.encryption,
            deferrals: Deferrals { store: self.store.clone(), clock: Arc::clone(&self.clock) },
            notifications: Notifications { store: self.store.clone(), clock: Arc::clone(&self.clock) },
            metadata_signer: self.metadata_signer,
            site: self.site,
            clock: self.clock,
            random: self.random,
            store: self.store,
            configurations: self.configurations,
            claim_sources: self.claim_sources,
            providers: self.providers,
            plugins: self.plugins,
            trust: self.trust,
            statuses: self.statuses,
            metrics: self.metrics,
        }
    }

    fn offers(&self) -> Offers {
        Offers {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            configurations: Arc::clone(&self.configurations),
            hooks: Arc::clone(&self.hooks),
            claim_sources: Arc::clone(&self.claim_sources),
            trust: Arc::clone(&self.trust),
            tx_code_key: self.store.derive_key("tx_code"),
            idempotency_key: self.store.derive_key("idempotency"),
        }
    }

    fn authorizations(&self) -> Authorizations {
        Authorizations {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            configurations: Arc::clone(&self.configurations),
            hooks: Arc::clone(&self.hooks),
            refresh_key: self.store.derive_key("refresh_token"),
        }
    }

    fn interactions(&self, section: &AuthorizationCode, wallet_clients: &Arc<WalletClients>) -> Interactions {
        Interactions {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            configurations: Arc::clone(&self.configurations),
            hooks: Arc::clone(&self.hooks),
            wallets: Arc::new(Arc::clone(wallet_clients)),
            grants: Arc::new(CodeGrants { authorizations: self.authorizations(), offers: self.code_offers() }),
            logins: Arc::new(People { providers: Arc::clone(&self.providers), users: self.users() }),
            visits: Arc::new(self.interaction_hooks()),
            rules: flow_rules(section),
        }
    }

    fn code_offers(&self) -> CodeOffers {
        CodeOffers {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn dpop(&self, config: &Config) -> Dpop {
        let rules = DpopRules {
            require_nonce: config.dpop.require_nonce,
            nonce_lifetime: Duration::from_secs(config.dpop.nonce_lifetime),
            max_age: Duration::from_secs(config.dpop.max_age),
        };
        let key = self.store.derive_key("dpop_nonce");
        Dpop::new(self.store.clone(), Arc::clone(&self.clock), &key, &self.site.issuer, rules)
    }

    fn tokens(&self) -> Tokens {
        Tokens {
            store: self.store.clone(),
            site: Arc::clone(&self.site),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            tx_code_key: self.store.derive_key("tx_code"),
            configurations: Arc::clone(&self.configurations),
            hooks: Arc::clone(&self.hooks),
        }
    }
}

fn flow_rules(section: &AuthorizationCode) -> FlowRules {
    let allows = |kind: &str| section.unregistered_redirect_uris.iter().any(|one| one == kind);
    FlowRules {
        require_pushed: section.require_pushed_authorization_requests,
        pushed_lifetime: Duration::from_secs(section.pushed_request_lifetime),
        redirects: RedirectPolicy {
            https: allows("https"),
            private_schemes: allows("private-scheme"),
            loopback: allows("loopback"),
            schemes: section.redirect_schemes.clone(),
        },
    }
}
