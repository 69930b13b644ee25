//! The configurations of the issuer: kept in the store, read from a snapshot in memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Configuration;
use super::read::read;
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::mirror::Mirror;
use crate::store::Store;
use crate::store::documents::{ConfigurationSave, NewConfiguration};
use crate::wire::fields::Detail;

/// All configurations, oldest first.
pub type Snapshot = Arc<Vec<Arc<Configuration>>>;

/// Creates, replaces, deletes and finds configurations.
pub struct Configurations {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    mirror: Mirror<Vec<Arc<Configuration>>>,
    /// Whether somebody is trusted to attest keys.
    attesters: bool,
}

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<Arc<Configuration>>;

impl Configurations {
    /// Loads all from the store.
    pub async fn load(store: Store, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, Failure> {
        let loaded = Self { store, clock, random, mirror: Mirror::default(), attesters: false };
        loaded.refresh().await?;
        Ok(loaded)
    }

    /// The same where somebody is trusted to attest keys, or nobody; without one no configuration may ask for attested keys.
    #[must_use]
    pub fn with_attesters(self, attesters: bool) -> Self {
        Self { attesters, ..self }
    }

    async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let mut all: Vec<Configuration> = self.store.configuration_list().await?;
            all.sort_by_key(|configuration| (configuration.created_at, configuration.id));
            Ok(all.into_iter().map(Arc::new).collect())
        };
        self.mirror.follow(read).await
    }

    /// All, as of now.
    #[must_use]
    pub fn all(&self) -> Snapshot {
        self.mirror.get()
    }

    /// One by id.
    #[must_use]
    pub fn find(&self, id: Uuid) -> Option<Arc<Configuration>> {
        self.all().iter().find(|configuration| configuration.id == id).cloned()
    }

    /// Creates one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        // Milliseconds, as all times of the management API.
        let now = Timestamp::from_millisecond(self.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX);
        self.save(body, id, now, false).await
    }

    /// Replaces one.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        match self.find(id) {
            None => Ok(Saved::Unknown),
            Some(old) => self.save(body, id, old.created_at, true).await,
        }
    }

    async fn save(
        &self,
        body: &Map<String, Value>,
        id: Uuid,
        created_at: Timestamp,
        replace: bool,
    ) -> Result<Saved, Failure> {
        let configuration = match read(body, id, created_at) {
            Ok(configuration) => configuration,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        if configuration.key_attestation.is_some() && !self.attesters {
            let needs = "needs trust_anchors in the section [key_attestation] of issuer.toml";
            return Ok(Saved::Invalid(vec![Detail::body("keyAttestation", needs)]));
        }
        let new = NewConfiguration {
            id,
            doc_type: &configuration.doc_type,
            claim_source: configuration.claim_source_id,
            authentication_provider: configuration.authentication_provider_id,
            document: &configuration,
            replace,
        };
        let saved = self.store.configuration_save(&new).await?;
        self.refresh().await?;
        Ok(match saved {
            ConfigurationSave::Saved => Saved::Saved(Arc::new(configuration)),
            ConfigurationSave::Unknown => Saved::Unknown,
            ConfigurationSave::DocTypeTaken => {
                let taken =
                    Detail::body("type", "a configuration of this type exists").with_value(configuration.doc_type);
                Saved::Invalid(vec![taken])
            }
            ConfigurationSave::NoClaimSource => {
                let named = configuration.claim_source_id.map(|id| id.to_string()).unwrap_or_default();
                Saved::Invalid(vec![Detail::body("claimSourceId", "Resource Not Found").with_value(named)])
            }
            ConfigurationSave::NoAuthenticationProvider => {
                let named = configuration.authentication_provider_id.map(|id| id.to_string()).unwrap_or_default();
                Saved::Invalid(vec![Detail::body("authenticationProviderId", "Resource Not Found").with_value(named)])
            }
        })
    }

    /// Deletes one, and with it every open offer that names it; `false` when there is none.
    pub async fn delete(&self, id: Uuid) -> Result<bool, Failure> {
        let deleted = self.store.configuration_delete(id).await?;
        self.refresh().await?;
        Ok(deleted)
    }
}
