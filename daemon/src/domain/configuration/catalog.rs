//! The configurations of the issuer: kept in the store, read from a snapshot in memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::read::read;
use super::{Body, Configuration, types};
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::mirror::Mirror;
use crate::format::CredentialFormat;
use crate::store::Store;
use crate::store::documents::{ConfigurationSave, NewConfiguration};
use crate::store::type_metadata::NewTypeMetadata;
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
    /// The Credential Issuer Identifier, below which types may live.
    issuer: String,
}

/// Why type metadata cannot change.
const KEPT: &str = "credentials carry the digest of this type's metadata, so its claims, names and looks cannot change: \
    use another vct";

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<Arc<Configuration>>;

impl Configurations {
    /// Loads all from the store.
    pub async fn load(store: Store, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, Failure> {
        let loaded = Self { store, clock, random, mirror: Mirror::default(), attesters: false, issuer: String::new() };
        loaded.refresh().await?;
        Ok(loaded)
    }

    /// The same where somebody is trusted to attest keys, or nobody; without one no configuration may ask for attested keys.
    #[must_use]
    pub fn with_attesters(self, attesters: bool) -> Self {
        Self { attesters, ..self }
    }

    /// The same for the issuer of this identifier.
    #[must_use]
    pub fn with_issuer(self, issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), ..self }
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
    pub async fn create(&self, format: CredentialFormat, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        // Milliseconds, as all times of the management API.
        let now = Timestamp::from_millisecond(self.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX);
        self.save((format, body), id, now, false).await
    }

    /// Replaces one of this format.
    pub async fn replace(
        &self,
        format: CredentialFormat,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Saved, Failure> {
        match self.find(id).filter(|old| old.format() == format) {
            None => Ok(Saved::Unknown),
            Some(old) => self.save((format, body), id, old.created_at, true).await,
        }
    }

    async fn save(
        &self,
        (format, body): (CredentialFormat, &Map<String, Value>),
        id: Uuid,
        created_at: Timestamp,
        replace: bool,
    ) -> Result<Saved, Failure> {
        let mut configuration = match read(format, body, id, created_at) {
            Ok(configuration) => configuration,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        if let Some(mistake) = self.unsupported(&configuration) {
            return Ok(Saved::Invalid(vec![mistake]));
        }
        let metadata = self.with_type_metadata(&mut configuration);
        let new = NewConfiguration {
            id,
            type_key: &type_key(&configuration),
            claim_source: configuration.claim_source_id,
            authentication_provider: configuration.authentication_provider_id,
            type_metadata: metadata.as_ref().map(|(vct, freeze, document)| NewTypeMetadata {
                vct,
                document,
                freeze: *freeze,
            }),
            document: &configuration,
            replace,
        };
        let saved = self.store.configuration_save(&new).await?;
        self.refresh().await?;
        Ok(outcome(saved, configuration))
    }

    /// What this installation cannot do of a configuration.
    fn unsupported(&self, configuration: &Configuration) -> Option<Detail> {
        if configuration.key_attestation.is_some() && !self.attesters {
            let needs = "needs trust_anchors in the section [key_attestation] of issuer.toml";
            return Some(Detail::body("keyAttestation", needs));
        }
        match &configuration.body {
            Body::Mdoc(_) => None,
            Body::SdJwtVc(body) => types::mistake(&self.issuer, body),
        }
    }

    /// The metadata of the type of a configuration, where it is served here, whose digest goes into the configuration if credentials
    /// are to carry it: `vct`, whether they are, and the document.
    fn with_type_metadata(&self, configuration: &mut Configuration) -> Option<(String, bool, Vec<u8>)> {
        let Body::SdJwtVc(body) = &configuration.body else { return None };
        if !types::is_own(&self.issuer, &body.vct) {
            return None;
        }
        let metadata = types::metadata(configuration, body);
        let (vct, freeze) = (body.vct.clone(), body.vct_integrity);
        if let Body::SdJwtVc(body) = &mut configuration.body {
            body.integrity = freeze.then_some(metadata.integrity);
        }
        Some((vct, freeze, metadata.document))
    }

    /// The metadata of a type, at the URL that is its `vct`; `None` when there is no such type here. It stays when its configuration
    /// is deleted, if credentials carry its digest.
    pub async fn type_metadata(&self, vct: &str) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(kept) = self.store.frozen_type_metadata(vct).await? {
            return Ok(Some(kept));
        }
        let all = self.all();
        let found = all.iter().find_map(|one| match &one.body {
            Body::SdJwtVc(body) if body.vct == vct => Some(types::metadata(one, body).document),
            Body::SdJwtVc(_) | Body::Mdoc(_) => None,
        });
        Ok(found)
    }

    /// Deletes one, and with it every open offer that names it; `false` when there is none.
    pub async fn delete(&self, id: Uuid) -> Result<bool, Failure> {
        let deleted = self.store.configuration_delete(id).await?;
        self.refresh().await?;
        Ok(deleted)
    }
}

/// What no two configurations share: the type within its format. A docType stands for itself, as it did before there was another
/// format; no docType has a control character.
fn type_key(configuration: &Configuration) -> String {
    match configuration.format() {
        CredentialFormat::MsoMdoc => configuration.credential_type().to_owned(),
        format @ CredentialFormat::DcSdJwt => format!("{}\0{}", format.identifier(), configuration.credential_type()),
    }
}

fn outcome(saved: ConfigurationSave, configuration: Configuration) -> Saved {
    let missing = |member: &str, id: Option<Uuid>| {
        let named = id.map(|id| id.to_string()).unwrap_or_default();
        Saved::Invalid(vec![Detail::body(member, "Resource Not Found").with_value(named)])
    };
    match saved {
        ConfigurationSave::Saved => Saved::Saved(Arc::new(configuration)),
        ConfigurationSave::Unknown => Saved::Unknown,
        ConfigurationSave::TypeTaken => {
            let member = match configuration.format() {
                CredentialFormat::MsoMdoc => "type",
                CredentialFormat::DcSdJwt => "vct",
            };
            let taken = Detail::body(member, "a configuration of this type exists");
            Saved::Invalid(vec![taken.with_value(configuration.credential_type())])
        }
        ConfigurationSave::NoClaimSource => missing("claimSourceId", configuration.claim_source_id),
        ConfigurationSave::NoAuthenticationProvider => {
            missing("authenticationProviderId", configuration.authentication_provider_id)
        }
        ConfigurationSave::TypeMetadataKept => Saved::Invalid(vec![Detail::body("vct", KEPT)]),
    }
}
