//! Configurations: a document for the management API, and a small entry that says that it exists.
//!
//! Offers, redemptions and issuances check the version of the small entry. So the deletion of a configuration ends all offers
//! that name it at once and in one batch, however many there are, while a replacement disturbs none of them.

use futures_util::future::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::engine::Batch;
use super::named::{AUTHENTICATION_PROVIDERS, CLAIM_SOURCES};
use super::tables::{CONFIGURATION, CONFIGURATION_DOCUMENT, TYPE_KEY};
use super::type_metadata::NewTypeMetadata;
use super::{Decision, Store, StoreError, codec};

/// How saving a configuration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationSave {
    /// Stored.
    Saved,
    /// Another configuration of this format has this type.
    TypeTaken,
    /// There is none to replace.
    Unknown,
    /// There is no claim source with the id that it names.
    NoClaimSource,
    /// There is no authentication provider with the id that it names.
    NoAuthenticationProvider,
    /// Credentials carry the digest of other metadata of this type.
    TypeMetadataKept,
}

/// A configuration to be stored.
pub struct NewConfiguration<'a, T> {
    /// Its id.
    pub id: Uuid,
    /// Its type: a docType, or a `vct` behind the name of its format.
    pub type_key: &'a str,
    /// Where its claims come from.
    pub claim_source: Option<Uuid>,
    /// Where its holders log in.
    pub authentication_provider: Option<Uuid>,
    /// The metadata of its type, where that is served here.
    pub type_metadata: Option<NewTypeMetadata<'a>>,
    /// Its document.
    pub document: &'a T,
    /// Whether it takes the place of one that must be there.
    pub replace: bool,
}

/// The same with the document as it is written.
struct Written<'a> {
    id: Uuid,
    type_key: &'a str,
    claim_source: Option<Uuid>,
    authentication_provider: Option<Uuid>,
    type_metadata: Option<NewTypeMetadata<'a>>,
    document: Vec<u8>,
    replace: bool,
}

impl Store {
    /// Creates a configuration, or with `replace` writes over the one that is there.
    pub async fn configuration_save<T: Serialize>(
        &self,
        new: &NewConfiguration<'_, T>,
    ) -> Result<ConfigurationSave, StoreError> {
        let NewConfiguration { id, type_key, claim_source, authentication_provider, type_metadata, document, replace } =
            *new;
        let document = codec::to_json(document)?;
        let written = Written { id, type_key, claim_source, authentication_provider, type_metadata, document, replace };
        self.decide(|| self.saving(&written).boxed()).await
    }

    async fn saving(&self, new: &Written<'_>) -> Result<Decision<ConfigurationSave>, StoreError> {
        let (key, type_key) = (new.id.as_bytes(), new.type_key.as_bytes());
        let old = self.engine.get(CONFIGURATION, key).await?;
        if new.replace && old.is_none() {
            return Ok(Decision::Answer(ConfigurationSave::Unknown));
        }
        let holder = self.engine.get(TYPE_KEY, type_key).await?;
        if holder.as_ref().is_some_and(|holder| holder.value != key) {
            return Ok(Decision::Answer(ConfigurationSave::TypeTaken));
        }
        let renamed = old.as_ref().is_none_or(|old| old.value != type_key);
        let batch = Batch::default()
            .check(CONFIGURATION, key, old.as_ref().map(|old| old.version))
            .check(TYPE_KEY, type_key, holder.map(|holder| holder.version))
            .put(CONFIGURATION_DOCUMENT, key, new.document.clone(), None);
        let mut batch = match self.naming(new, batch).await? {
            Ok(batch) => batch,
            Err(refused) => return Ok(Decision::Answer(refused)),
        };
        if renamed {
            batch = batch.put(CONFIGURATION, key, type_key.into(), None).put(TYPE_KEY, type_key, key.to_vec(), None);
            batch = old.iter().fold(batch, |batch, old| batch.delete(TYPE_KEY, &old.value));
        }
        Ok(Decision::Write(batch, ConfigurationSave::Saved))
    }

    /// Adds what holds on to all that the configuration names.
    async fn naming(
        &self,
        new: &Written<'_>,
        mut batch: Batch,
    ) -> Result<Result<Batch, ConfigurationSave>, StoreError> {
        if let Some(source) = new.claim_source {
            let Some(named) = self.naming_one(CLAIM_SOURCES, source, batch).await? else {
                return Ok(Err(ConfigurationSave::NoClaimSource));
            };
            batch = named;
        }
        if let Some(provider) = new.authentication_provider {
            let Some(named) = self.naming_one(AUTHENTICATION_PROVIDERS, provider, batch).await? else {
                return Ok(Err(ConfigurationSave::NoAuthenticationProvider));
            };
            batch = named;
        }
        if let Some(metadata) = &new.type_metadata {
            let Some(kept) = self.keeping_type_metadata(metadata, batch).await? else {
                return Ok(Err(ConfigurationSave::TypeMetadataKept));
            };
            batch = kept;
        }
        Ok(Ok(batch))
    }

    /// Deletes a configuration. Open offers that name it end with it: redeeming and issuing check that it is there.
    pub async fn configuration_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        self.decide(|| self.deletion_of_configuration(id).boxed()).await
    }

    async fn deletion_of_configuration(&self, id: Uuid) -> Result<Decision<bool>, StoreError> {
        let key = id.as_bytes();
        let Some(old) = self.engine.get(CONFIGURATION, key).await? else { return Ok(Decision::Answer(false)) };
        let batch = Batch::default()
            .check(CONFIGURATION, key, Some(old.version))
            .delete(CONFIGURATION, key)
            .delete(CONFIGURATION_DOCUMENT, key)
            .delete(TYPE_KEY, &old.value);
        Ok(Decision::Write(batch, true))
    }

    /// All configurations, by id.
    pub async fn configuration_list<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        let entries = self.scan_all(CONFIGURATION_DOCUMENT).await?;
        entries.iter().map(|(_, entry)| codec::from_json(&entry.value, "configuration")).collect()
    }
}
