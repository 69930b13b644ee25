//! The authentication providers of the issuer: kept in the store, read from a snapshot in memory.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::begin::begin;
use super::provider::{AuthMethod, Provider};
use super::read::{callback, read, shown};
use super::upstream::Upstreams;
use super::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary, TestUser};
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::mirror::Mirror;
use crate::domain::outbound::{Outbound, Reach};
use crate::domain::site::Site;
use crate::signer::{Algorithm, SoftwareKey};
use crate::store::Store;
use crate::store::named::{AUTHENTICATION_PROVIDERS, Deleted};
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
            let mut all: Vec<Provider> = self.parts.store.named_list(AUTHENTICATION_PROVIDERS).await?;
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

    /// Where the holder of these configurations may log in, oldest first: a configuration that names a provider is for its holders alone,
    /// one that names none for those of every provider that is not kept for the ones that name it. Empty when no one login serves them
    /// all.
    #[must_use]
    pub fn of(&self, configurations: &[Uuid]) -> Vec<ProviderSummary> {
        let asked: Vec<_> = configurations.iter().filter_map(|id| self.parts.configurations.find(*id)).collect();
        let fits = |provider: &Provider| {
            asked
                .iter()
                .all(|one| one.authentication_provider_id.map_or(!provider.only_when_named, |id| id == provider.id))
        };
        let all = self.all();
        let fitting: Vec<&Provider> =
            all.iter().map(|provider| &**provider).filter(|provider| fits(provider)).collect();
        summaries(&fitting)
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
            Ok(discovery) => {
                let request = (request, callback(&parts.site, provider.id));
                Ok(begin(&provider, &discovery, request, parts.random.as_ref(), now)?)
            }
            Err(error) => Err(error),
        })
    }

    /// Ends a login with what the browser brought back. Each `pending` may be used once: the caller sees to that.
    pub async fn finish(
        &self,
        pending: &PendingLogin,
        answer: &LoginAnswer<'_>,
    ) -> Result<Result<Identity, LoginError>, Failure> {
        // Each provider knows one callback: an answer at another is one that somebody passed off as theirs.
        if answer.provider != pending.provider {
            return Ok(Err(LoginError::Unacceptable("the answer came to the callback of another provider".into())));
        }
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
            name: asked.name,
            only_when_named: asked.only_when_named,
            created_at: old.map_or_else(|| self.parts.clock.now(), |old| old.created_at),
        };
        let saved = self.parts.store.named_save(AUTHENTICATION_PROVIDERS, id, &provider, old.is_some()).await?;
        self.refresh().await?;
        Ok(if saved { Saved::Saved(self.show(&provider)?) } else { Saved::Unknown })
    }

    /// A provider as the management API shows it, without secrets.
    pub fn show(&self, provider: &Provider) -> Result<Value, Failure> {
        shown(provider, &self.parts.site)
    }

    /// Deletes one that no configuration names.
    pub async fn delete(&self, id: Uuid) -> Result<Deleted, Failure> {
        let deleted = self.parts.store.named_delete(AUTHENTICATION_PROVIDERS, id).await?;
        self.refresh().await?;
        self.upstreams.forget(id);
        Ok(deleted)
    }
}

/// The providers as pages name them. Where two would have the same name, each says where it is.
fn summaries(providers: &[&Provider]) -> Vec<ProviderSummary> {
    let names: Vec<_> = providers.iter().map(|provider| name(provider)).collect();
    let shared = |name: &str| names.iter().filter(|other| **other == name).count() > 1;
    let summary = |(provider, name): (&&Provider, &&str)| {
        let place = provider.url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        let name = match &provider.name {
            _ if !shared(name) => (*name).to_owned(),
            Some(_) => format!("{name} ({place})"),
            None => place.to_owned(),
        };
        ProviderSummary { id: provider.id, name }
    };
    providers.iter().zip(&names).map(summary).collect()
}

fn name(provider: &Provider) -> &str {
    let host = || WebUrl::parse(&provider.url).map_or(provider.url.as_str(), |url| url.host);
    provider.name.as_deref().unwrap_or_else(host)
}
