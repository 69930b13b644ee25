//! Registered clients: kept in the store, read from a snapshot in memory; those of `issuer.toml` beside them, unchangeable.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::WalletClients;
use super::read::read;
use super::registered::{ByName, Registered, Source};
use crate::domain::Failure;
use crate::store::tables::WALLET_CLIENT;
use crate::wire::fields::Detail;

/// How saving ended.
#[derive(Debug)]
pub enum Saved {
    /// Stored.
    Saved(Arc<Registered>),
    /// The request is wrong.
    Invalid(Vec<Detail>),
    /// There is none to replace.
    Unknown,
    /// There is one with this `clientId` already.
    Taken,
    /// `issuer.toml` declares it.
    ReadOnly,
}

/// How a deletion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Deleted,
    /// There was none.
    Unknown,
    /// `issuer.toml` declares it.
    ReadOnly,
}

/// Reads a client of `issuer.toml`, in the members of the management API.
pub fn declared(body: &Map<String, Value>) -> Result<Registered, Vec<Detail>> {
    read(body, Source::Configuration, None)
}

impl WalletClients {
    pub(super) async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let all = self.store.document_list::<Registered>(WALLET_CLIENT).await?;
            let all = all.into_iter().map(|((client, _), _)| (client.client_id.clone(), Arc::new(client.with_keys())));
            Ok(all.collect::<ByName>())
        };
        self.registered.follow(read).await
    }

    /// All, by `client_id`: those of `issuer.toml` and the stored ones that they do not hide.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Registered>> {
        let mut all = (*self.registered.get()).clone();
        all.extend(self.declared.iter().map(|(id, client)| (id.clone(), Arc::clone(client))));
        all.into_values().collect()
    }

    /// One by id.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<Arc<Registered>> {
        let stored = || self.registered.get().values().find(|client| client.id == id).cloned();
        self.declared_by_id(id).or_else(stored)
    }

    fn declared_by_id(&self, id: Uuid) -> Option<Arc<Registered>> {
        self.declared.values().find(|client| client.id == id).cloned()
    }

    /// Registers one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        // Milliseconds, as all times of the management API.
        let now = Timestamp::from_millisecond(self.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX);
        let client = match read(body, Source::Api, Some(now)) {
            Ok(client) => client,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        if self.declared.contains_key(&client.client_id) {
            return Ok(Saved::Taken);
        }
        let saved = self.store.document_put(WALLET_CLIENT, client.id, &client, None).await?;
        self.refresh().await?;
        Ok(if saved { Saved::Saved(Arc::new(client)) } else { Saved::Taken })
    }

    /// Replaces one; its `clientId` stays.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        if self.declared_by_id(id).is_some() {
            return Ok(Saved::ReadOnly);
        }
        let Some((old, version)) = self.store.document_find::<Registered>(WALLET_CLIENT, id).await? else {
            return Ok(Saved::Unknown);
        };
        let client = match read(body, Source::Api, old.created_at) {
            Ok(client) if client.id == id => client,
            Ok(_) => {
                let fixed = "cannot be changed: tokens and authorizations name it; register another client";
                return Ok(Saved::Invalid(vec![Detail::body("clientId", fixed)]));
            }
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        let saved = self.store.document_put(WALLET_CLIENT, id, &client, Some(version)).await?;
        self.refresh().await?;
        // Somebody else was faster: whoever is last wins, or finds it gone.
        if saved { Ok(Saved::Saved(Arc::new(client))) } else { self.again(id, &client).await }
    }

    async fn again(&self, id: Uuid, client: &Registered) -> Result<Saved, Failure> {
        let Some((_, version)) = self.store.document_find::<Registered>(WALLET_CLIENT, id).await? else {
            return Ok(Saved::Unknown);
        };
        let saved = self.store.document_put(WALLET_CLIENT, id, client, Some(version)).await?;
        self.refresh().await?;
        if saved { Ok(Saved::Saved(Arc::new(client.clone()))) } else { Err(crate::store::StoreError::Contended.into()) }
    }

    /// Removes one; it can authenticate no more. Tokens that it has stay good until they end.
    pub async fn delete(&self, id: Uuid) -> Result<Deleted, Failure> {
        if self.declared_by_id(id).is_some() {
            return Ok(Deleted::ReadOnly);
        }
        let deleted = self.store.document_delete(WALLET_CLIENT, id).await?;
        self.refresh().await?;
        Ok(if deleted { Deleted::Deleted } else { Deleted::Unknown })
    }
}
