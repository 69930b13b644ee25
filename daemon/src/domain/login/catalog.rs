//! The authentication providers of the issuer: kept in the store, read from a snapshot in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::outbound::{Outbound, Reach};
use super::provider::Provider;
use super::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary, TestUser};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::mirror::Mirror;
use crate::domain::site::Site;
use crate::store::Store;

/// What [`Providers`] are made of.
pub struct ProviderParts {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Nonces and verifiers.
    pub random: Arc<dyn Random>,
    /// Which configurations name a provider.
    pub configurations: Arc<Configurations>,
    /// The network.
    pub outbound: Arc<dyn Outbound>,
    /// Which providers may be reached.
    pub reach: Reach,
    /// Who may log in without a provider; empty but for development.
    pub test_users: Vec<TestUser>,
}

/// Creates, replaces, deletes and finds authentication providers, and logs holders in at them.
pub struct Providers {
    pub(super) parts: ProviderParts,
    mirror: Mirror<Vec<Arc<Provider>>>,
}

impl Providers {
    /// Loads all from the store.
    pub async fn load(parts: ProviderParts) -> Result<Self, Failure> {
        let loaded = Self { parts, mirror: Mirror::default() };
        loaded.refresh().await?;
        Ok(loaded)
    }

    async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let mut all: Vec<Provider> = self.parts.store.provider_list().await?;
            all.sort_by_key(|provider| (provider.created_at, provider.id));
            Ok(all.into_iter().map(Arc::new).collect())
        };
        self.mirror.follow(read).await
    }

    /// All, oldest first.
    #[must_use]
    pub fn all(&self) -> Arc<Vec<Arc<Provider>>> {
        self.mirror.get()
    }

    /// One by id.
    #[must_use]
    pub fn find(&self, id: Uuid) -> Option<Arc<Provider>> {
        self.all().iter().find(|provider| provider.id == id).cloned()
    }

    /// Where the holder of these configurations logs in: at the provider that they name, those that name none at the oldest. `None`
    /// when there is no provider, or they name several, so that no one login serves them all.
    #[must_use]
    pub fn of(&self, configurations: &[Uuid]) -> Option<ProviderSummary> {
        let all = self.all();
        let default = all.first()?.id;
        let named = configurations.iter().filter_map(|id| self.parts.configurations.find(*id));
        let named: BTreeSet<_> = named.map(|one| one.authentication_provider_id.unwrap_or(default)).collect();
        let mut named = named.into_iter();
        let (Some(id), None) = (named.next(), named.next()) else { return None };
        let provider = all.iter().find(|provider| provider.id == id)?;
        Some(ProviderSummary { id, name: provider.url.clone() })
    }

    /// The test users, who log in without a provider; none but in development.
    #[must_use]
    pub fn test_users(&self) -> &[TestUser] {
        &self.parts.test_users
    }

    /// Begins a login: where the browser goes, and what is to be kept until it comes back.
    pub async fn begin(
        &self,
        provider: Uuid,
        _request: &LoginRequest<'_>,
    ) -> Result<Result<Begun, LoginError>, Failure> {
        let Some(_provider) = self.find(provider) else { return Ok(Err(LoginError::Gone)) };
        Ok(Err(LoginError::Unavailable("no discovery".into())))
    }

    /// Ends a login with what the browser brought back. Each `pending` may be used once: the caller sees to that.
    pub async fn finish(
        &self,
        pending: &PendingLogin,
        _answer: &LoginAnswer<'_>,
    ) -> Result<Result<Identity, LoginError>, Failure> {
        let Some(_provider) = self.find(pending.provider) else { return Ok(Err(LoginError::Gone)) };
        Ok(Err(LoginError::Unavailable("no discovery".into())))
    }
}
