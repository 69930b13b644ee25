//! Configurations: a document for the management API, and a small entry that says that it exists.
//!
//! Offers, redemptions and issuances check the version of the small entry. So the deletion of a configuration ends all offers
//! that name it at once and in one batch, however many there are, while a replacement disturbs none of them.

use futures_util::future::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::engine::Batch;
use super::tables::{CONFIGURATION, CONFIGURATION_DOCUMENT, DOCTYPE};
use super::{Decision, Store, StoreError, codec};

/// How saving a configuration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationSave {
    /// Stored.
    Saved,
    /// Another configuration has this docType.
    DocTypeTaken,
    /// There is none to replace.
    Unknown,
    /// There is no claim source with the id that it names.
    NoClaimSource,
    /// There is no authentication provider with the id that it names.
    NoAuthenticationProvider,
}

/// A configuration to be stored.
pub struct NewConfiguration<'a, T> {
    /// Its id.
    pub id: Uuid,
    /// Its docType.
    pub doc_type: &'a str,
    /// Where its claims come from.
    pub claim_source: Option<Uuid>,
    /// Where its holders log in.
    pub authentication_provider: Option<Uuid>,
    /// Its document.
    pub document: &'a T,
    /// Whether it takes the place of one that must be there.
    pub replace: bool,
}

/// The same with the document as it is written.
struct Written<'a> {
    id: Uuid,
    doc_type: &'a str,
    claim_source: Option<Uuid>,
    authentication_provider: Option<Uuid>,
    document: Vec<u8>,
    replace: bool,
}

impl Store {
    /// Creates a configuration, or with `replace` writes over the one that is there.
    pub async fn configuration_save<T: Serialize>(
        &self,
        new: &NewConfiguration<'_, T>,
    ) -> Result<ConfigurationSave, StoreError> {
        let NewConfiguration { id, doc_type, claim_source, authentication_provider, document, replace } = *new;
        let document = codec::to_json(document)?;
        let written = Written { id, doc_type, claim_source, authentication_provider, document, replace };
        self.decide(|| self.saving(&written).boxed()).await
    }

    async fn saving(&self, new: &Written<'_>) -> Result<Decision<ConfigurationSave>, StoreError> {
        let (key, doc_type) = (new.id.as_bytes(), new.doc_type.as_bytes());
        let old = self.engine.get(CONFIGURATION, key).await?;
        if new.replace && old.is_none() {
            return Ok(Decision::Answer(ConfigurationSave::Unknown));
        }
        let holder = self.engine.get(DOCTYPE, doc_type).await?;
        if holder.as_ref().is_some_and(|holder| holder.value != key) {
            return Ok(Decision::Answer(ConfigurationSave::DocTypeTaken));
        }
        let renamed = old.as_ref().is_none_or(|old| old.value != doc_type);
        let mut batch = Batch::default()
            .check(CONFIGURATION, key, old.as_ref().map(|old| old.version))
            .check(DOCTYPE, doc_type, holder.map(|holder| holder.version))
            .put(CONFIGURATION_DOCUMENT, key, new.document.clone(), None);
        if let Some(source) = new.claim_source {
            let Some(named) = self.naming_claim_source(source, batch).await? else {
                return Ok(Decision::Answer(ConfigurationSave::NoClaimSource));
            };
            batch = named;
        }
        if let Some(provider) = new.authentication_provider {
            let Some(named) = self.naming_provider(provider, batch).await? else {
                return Ok(Decision::Answer(ConfigurationSave::NoAuthenticationProvider));
            };
            batch = named;
        }
        if renamed {
            batch = batch.put(CONFIGURATION, key, doc_type.into(), None).put(DOCTYPE, doc_type, key.to_vec(), None);
            batch = old.iter().fold(batch, |batch, old| batch.delete(DOCTYPE, &old.value));
        }
        Ok(Decision::Write(batch, ConfigurationSave::Saved))
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
            .delete(DOCTYPE, &old.value);
        Ok(Decision::Write(batch, true))
    }

    /// All configurations, by id.
    pub async fn configuration_list<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        let entries = self.scan_all(CONFIGURATION_DOCUMENT).await?;
        entries.iter().map(|(_, entry)| codec::from_json(&entry.value, "configuration")).collect()
    }
}
