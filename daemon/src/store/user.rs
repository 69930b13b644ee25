//! Users: claims kept beyond one offer, and who they are at an identity provider. Sealed; an identity is found by a keyed hash of
//! it, so that the file does not tell who has ever logged in.

use futures_util::future::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::{Batch, Version};
use super::issued::Issued;
use super::tables::{USER, USER_IDENTITY, USER_ISSUED};
use super::{Decision, Store, StoreError};
use crate::base::secret::hmac;

/// What is kept of a user.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Claims kept beyond one offer.
    pub claims: Map<String, Value>,
    /// Who the user is at an identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Linked>,
}

/// An identity at a provider. `issuer` and `subject` together name one person, and nothing else does (OIDC Core 5.7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The authentication provider that it was seen through.
    pub provider: Uuid,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The user's identifier there.
    pub subject: String,
}

/// How saving a user ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserSave {
    /// Stored.
    Saved,
    /// There is none to replace.
    Unknown,
    /// The identity is that of another user.
    IdentityTaken,
}

/// A page of a list, and where to go on.
pub type Listed<T> = (Vec<T>, Option<Vec<u8>>);

fn user_context(id: Uuid) -> Vec<u8> {
    [b"user/", id.as_bytes().as_slice()].concat()
}

/// Where a user's issued credentials are listed.
pub(super) fn user_issued_key(user: Uuid, credential: Uuid) -> Vec<u8> {
    [*user.as_bytes(), *credential.as_bytes()].concat()
}

impl Store {
    /// A user by id.
    pub async fn user_find(&self, id: Uuid) -> Result<Option<User>, StoreError> {
        Ok(self.user_entry(id).await?.map(|(user, _)| user))
    }

    /// Claims kept on a user; empty when there are none.
    pub async fn user_claims(&self, user: Uuid) -> Result<Map<String, Value>, StoreError> {
        Ok(self.user_find(user).await?.map(|user| user.claims).unwrap_or_default())
    }

    async fn user_entry(&self, id: Uuid) -> Result<Option<(User, Version)>, StoreError> {
        let Some(entry) = self.engine.get(USER, id.as_bytes()).await? else { return Ok(None) };
        Ok(Some((self.open_at(&user_context(id), &entry.value, "user")?, entry.version)))
    }

    fn putting_user(&self, id: Uuid, user: &User, old: Option<Version>, batch: Batch) -> Result<Batch, StoreError> {
        let sealed = self.seal_at(&user_context(id), user)?;
        Ok(batch.check(USER, id.as_bytes(), old).put(USER, id.as_bytes(), sealed, None))
    }

    /// The key under which an identity is found. A slash at the end of an issuer makes no other issuer.
    fn identity_key(&self, linked: &Linked) -> [u8; 32] {
        let key = self.derive_key("user_identity");
        hmac(key.expose(), &[linked.issuer.trim_end_matches('/').as_bytes(), &[0], linked.subject.as_bytes()])
    }

    /// Adds to `batch` that `claims` are kept on the user, over those of the same name; nothing for no claims.
    pub(super) async fn persisting(
        &self,
        user: Uuid,
        claims: &Map<String, Value>,
        batch: Batch,
    ) -> Result<Batch, StoreError> {
        if claims.is_empty() {
            return Ok(batch);
        }
        let (mut kept, version) =
            self.user_entry(user).await?.map_or((User::default(), None), |(user, version)| (user, Some(version)));
        kept.claims.extend(claims.clone());
        self.putting_user(user, &kept, version, batch)
    }

    /// The user with this identity, or a new one under the id `fresh`; `persist` is kept over claims of the same name.
    pub async fn user_of_identity(
        &self,
        linked: &Linked,
        persist: &Map<String, Value>,
        fresh: Uuid,
    ) -> Result<Uuid, StoreError> {
        self.decide(|| self.recognition(linked, persist, fresh).boxed()).await
    }

    async fn recognition(
        &self,
        linked: &Linked,
        persist: &Map<String, Value>,
        fresh: Uuid,
    ) -> Result<Decision<Uuid>, StoreError> {
        let key = self.identity_key(linked);
        let index = self.engine.get(USER_IDENTITY, &key).await?;
        let known = index.as_ref().map(|entry| Uuid::from_slice(&entry.value)).transpose();
        let known = known.map_err(|_| StoreError::Unreadable("user identity"))?;
        let id = known.unwrap_or(fresh);
        let found = if known.is_some() { self.user_entry(id).await? } else { None };
        let (mut user, version) = found.map_or((User::default(), None), |(user, version)| (user, Some(version)));
        let before = user.clone();
        user.claims.extend(persist.clone());
        user.identity = Some(linked.clone());
        if version.is_some() && user == before {
            return Ok(Decision::Answer(id));
        }
        let batch = Batch::default().check(USER_IDENTITY, &key, index.map(|entry| entry.version));
        let batch = batch.put(USER_IDENTITY, &key, id.as_bytes().to_vec(), None);
        Ok(Decision::Write(self.putting_user(id, &user, version, batch)?, id))
    }

    /// Writes a user; with `replace` one must be there, else none may be.
    pub async fn user_save(&self, id: Uuid, user: &User, replace: bool) -> Result<UserSave, StoreError> {
        self.decide(|| self.saving_user(id, user, replace).boxed()).await
    }

    async fn saving_user(&self, id: Uuid, user: &User, replace: bool) -> Result<Decision<UserSave>, StoreError> {
        let old = self.user_entry(id).await?;
        if old.is_some() != replace {
            return Ok(Decision::Answer(UserSave::Unknown));
        }
        let (before, version) = old.map_or((None, None), |(user, version)| (user.identity, Some(version)));
        let (before, now) = (before.map(|one| self.identity_key(&one)), user.identity.as_ref());
        let now = now.map(|one| self.identity_key(one));
        let mut batch = Batch::default();
        if let Some(key) = &now {
            let index = self.engine.get(USER_IDENTITY, key).await?;
            if index.as_ref().is_some_and(|entry| entry.value != id.as_bytes()) {
                return Ok(Decision::Answer(UserSave::IdentityTaken));
            }
            batch = batch.check(USER_IDENTITY, key, index.map(|entry| entry.version));
            batch = batch.put(USER_IDENTITY, key, id.as_bytes().to_vec(), None);
        }
        if let Some(key) = before.filter(|key| Some(key) != now.as_ref()) {
            batch = batch.delete(USER_IDENTITY, &key);
        }
        Ok(Decision::Write(self.putting_user(id, user, version, batch)?, UserSave::Saved))
    }

    /// Deletes what is kept of a user; `false` when there is nothing. What was issued stays, and stays listed under the id.
    pub async fn user_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        self.decide(|| self.deletion_of_user(id).boxed()).await
    }

    async fn deletion_of_user(&self, id: Uuid) -> Result<Decision<bool>, StoreError> {
        let Some((user, version)) = self.user_entry(id).await? else { return Ok(Decision::Answer(false)) };
        let mut batch = Batch::default().check(USER, id.as_bytes(), Some(version)).delete(USER, id.as_bytes());
        if let Some(linked) = &user.identity {
            batch = batch.delete(USER_IDENTITY, &self.identity_key(linked));
        }
        Ok(Decision::Write(batch, true))
    }

    /// A page of users in the order of their ids.
    pub async fn user_list(&self, after: Option<&[u8]>, limit: usize) -> Result<Listed<(Uuid, User)>, StoreError> {
        let page = self.engine.scan(USER, b"", after, limit).await?;
        let read = |(key, entry): &(Vec<u8>, super::engine::Entry)| {
            let id = Uuid::from_slice(key).map_err(|_| StoreError::Unreadable("user"))?;
            Ok((id, self.open_at(&user_context(id), &entry.value, "user")?))
        };
        Ok((page.entries.iter().map(read).collect::<Result<_, StoreError>>()?, page.next_after))
    }

    /// The user with this identity.
    pub async fn user_by_identity(&self, linked: &Linked) -> Result<Option<Uuid>, StoreError> {
        let Some(entry) = self.engine.get(USER_IDENTITY, &self.identity_key(linked)).await? else { return Ok(None) };
        Uuid::from_slice(&entry.value).map(Some).map_err(|_| StoreError::Unreadable("user identity"))
    }

    /// A page of the records of a user's credentials, in the order of their ids.
    pub async fn user_issued(
        &self,
        user: Uuid,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Listed<Issued>, StoreError> {
        let after = after.map(|after| [user.as_bytes().as_slice(), after].concat());
        let page = self.engine.scan(USER_ISSUED, user.as_bytes(), after.as_deref(), limit).await?;
        let credential = |key: &[u8]| key.get(16..).and_then(|id| Uuid::from_slice(id).ok());
        let mut records = Vec::with_capacity(page.entries.len());
        for (key, _) in &page.entries {
            let id = credential(key).ok_or(StoreError::Unreadable("user's credential"))?;
            records.extend(self.issued_find(id).await?);
        }
        Ok((records, page.next_after.and_then(|key| key.get(16..).map(<[u8]>::to_vec))))
    }
}
