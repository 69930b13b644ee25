//! The authentication providers of the issuer: kept in the store, read from a snapshot in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::begin::begin;
use super::outbound::{Outbound, Reach};
use super::provider::{AuthMethod, Provider};
use super::read::{read, shown};
use super::upstream::Upstreams;
use super::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary, TestUser};
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::mirror::Mirror;
use crate::domain::site::Site;
use crate::signer::{Algorithm, SoftwareKey};
use crate::store::Store;
pub use crate::store::authentication_provider::ProviderDelete;
use crate::wire::url::WebUrl;

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
    upstreams: Upstreams,
}

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<Value>;

impl Providers {
    /// Loads all from the store.
    pub async fn load(parts: ProviderParts) -> Result<Self, Failure> {
        let loaded = Self { parts, mirror: Mirror::default(), upstreams: Upstreams::default() };
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
        let name = WebUrl::parse(&provider.url).map_or_else(|_| provider.url.clone(), |url| url.host.to_owned());
        Some(ProviderSummary { id, name })
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
        request: &LoginRequest<'_>,
    ) -> Result<Result<Begun, LoginError>, Failure> {
        let Some(provider) = self.find(provider) else { return Ok(Err(LoginError::Gone)) };
        let (parts, now) = (&self.parts, self.parts.clock.now());
        let upstream = self.upstreams.of(&provider);
        Ok(match upstream.discovery(parts.outbound.as_ref(), &parts.reach, now).await {
            Ok(discovery) => Ok(begin(&provider, &discovery, request, parts.random.as_ref(), now)?),
            Err(error) => Err(error),
        })
    }

    /// Ends a login with what the browser brought back. Each `pending` may be used once: the caller sees to that.
    pub async fn finish(
        &self,
        pending: &PendingLogin,
        answer: &LoginAnswer<'_>,
    ) -> Result<Result<Identity, LoginError>, Failure> {
        let Some(provider) = self.find(pending.provider) else { return Ok(Err(LoginError::Gone)) };
        self.answered(&self.upstreams.of(&provider), pending, answer).await
    }

    /// Creates one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.parts.random.as_ref())?;
        self.save(body, id, None).await
    }

    /// Replaces one.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        match self.find(id) {
            None => Ok(Saved::Unknown),
            Some(old) => self.save(body, id, Some(&old)).await,
        }
    }

    async fn save(&self, body: &Map<String, Value>, id: Uuid, old: Option<&Provider>) -> Result<Saved, Failure> {
        let asked = match read(body, old, &self.parts.reach) {
            Ok(asked) => asked,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        let client_key = match (asked.method, old.and_then(|old| old.client_key.clone())) {
            (AuthMethod::PrivateKeyJwt, Some(key)) => Some(key),
            (AuthMethod::PrivateKeyJwt, None) => {
                let made = SoftwareKey::generate_pkcs8(Algorithm::Es256).map_err(|_| Failure::Signing)?;
                Some(made.expose().to_vec())
            }
            _ => None,
        };
        let provider = Provider {
            id,
            url: asked.url,
            scope: asked.scope,
            client_id: asked.client_id,
            token_endpoint_auth_method: asked.method,
            client_secret: asked.secret,
            client_key,
            static_request_parameters: asked.fixed,
            forwarded_request_parameters: asked.forwarded,
            claims_to_persist: asked.persisted,
            created_at: old.map_or_else(|| self.parts.clock.now(), |old| old.created_at),
        };
        let saved = self.parts.store.provider_save(id, &provider, old.is_some()).await?;
        self.refresh().await?;
        Ok(if saved { Saved::Saved(self.show(&provider)?) } else { Saved::Unknown })
    }

    /// A provider as the management API shows it, without secrets.
    pub fn show(&self, provider: &Provider) -> Result<Value, Failure> {
        shown(provider, &self.parts.site)
    }

    /// Deletes one that no configuration names.
    pub async fn delete(&self, id: Uuid) -> Result<ProviderDelete, Failure> {
        let deleted = self.parts.store.provider_delete(id).await?;
        self.refresh().await?;
        self.upstreams.forget(id);
        Ok(deleted)
    }
}
