//! Users: persons that something is kept of beyond one offer.

mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Failure;
use super::login::{Identity, Providers};
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::store::Store;
use crate::store::user::{Linked, Listed, User, UserSave};
use crate::wire::fields::Detail;
pub use read::Criteria;
use read::{Sought, read, read_search};

/// Users read from the store at a time by a search.
const CHUNK: usize = 200;
/// Most users that one search looks at; the next page goes on from there.
const MOST_SCANNED: usize = 5_000;

/// Finds, makes, changes and deletes users.
pub struct Users {
    /// Where they are kept.
    pub store: Store,
    /// Ids.
    pub random: Arc<dyn Random>,
    /// Where users may have an identity.
    pub providers: Arc<Providers>,
}

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<Value>;

impl Users {
    /// The user that logged in, found by issuer and subject or made, with the claims to persist kept.
    pub async fn of(&self, identity: &Identity) -> Result<Uuid, Failure> {
        let linked =
            Linked { provider: identity.provider, issuer: identity.issuer.clone(), subject: identity.subject.clone() };
        let fresh = random_uuid(self.random.as_ref())?;
        Ok(self.store.user_of_identity(&linked, &identity.persist, fresh).await?)
    }

    /// Creates one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        self.save(id, body, None).await
    }

    /// Replaces one.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        match self.store.user_find(id).await? {
            None => Ok(Saved::Unknown),
            Some(old) => self.save(id, body, Some(old)).await,
        }
    }

    async fn save(&self, id: Uuid, body: &Map<String, Value>, old: Option<User>) -> Result<Saved, Failure> {
        let replace = old.is_some();
        let user = match read(body, old.and_then(|old| old.identity), &self.providers) {
            Ok(user) => user,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        Ok(match self.store.user_save(id, &user, replace).await? {
            UserSave::Saved => Saved::Saved(shown(id, &user)),
            UserSave::Unknown => Saved::Unknown,
            UserSave::IdentityTaken => {
                let taken = "is the identity of another user";
                Saved::Invalid(vec![Detail::body("authenticationProvider.subjectId", taken)])
            }
        })
    }

    /// One by id, as the management API shows it.
    pub async fn find(&self, id: Uuid) -> Result<Option<Value>, Failure> {
        Ok(self.store.user_find(id).await?.map(|user| shown(id, &user)))
    }

    /// Deletes what is kept of one; `false` when there is none. What was issued to the user stays.
    pub async fn delete(&self, id: Uuid) -> Result<bool, Failure> {
        Ok(self.store.user_delete(id).await?)
    }

    /// What a search is for.
    pub fn criteria(&self, body: &Map<String, Value>) -> Result<Criteria, Vec<Detail>> {
        read_search(body, &self.providers)
    }

    /// A page of the users that fit, in the order of their ids.
    pub async fn search(
        &self,
        criteria: &Criteria,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Listed<Value>, Failure> {
        if let Some(Sought::One(linked)) = &criteria.identity {
            return self.known_as(linked, criteria, after).await;
        }
        let (mut found, mut after, mut scanned) = (Vec::new(), after.map(<[u8]>::to_vec), 0);
        while found.len() < limit && scanned < MOST_SCANNED {
            let (users, next) = self.store.user_list(after.as_deref(), CHUNK).await?;
            scanned += CHUNK;
            let mut last = next;
            for (id, user) in users.iter().filter(|(_, user)| criteria.fits(user)) {
                if found.len() == limit {
                    break;
                }
                found.push(shown(*id, user));
                if found.len() == limit {
                    // Where the next page begins, should this have been the last of the chunk or not.
                    let more = users.last().is_some_and(|(end, _)| end != id) || last.is_some();
                    last = more.then(|| id.as_bytes().to_vec());
                }
            }
            after = last;
            if after.is_none() {
                break;
            }
        }
        Ok((found, after))
    }

    async fn known_as(
        &self,
        linked: &Linked,
        criteria: &Criteria,
        after: Option<&[u8]>,
    ) -> Result<Listed<Value>, Failure> {
        let Some(id) = self.store.user_by_identity(linked).await?.filter(|_| after.is_none()) else {
            return Ok((Vec::new(), None));
        };
        let user = self.store.user_find(id).await?.filter(|user| criteria.fits(user));
        Ok((user.iter().map(|user| shown(id, user)).collect(), None))
    }
}

fn shown(id: Uuid, user: &User) -> Value {
    let mut shown = json!({ "id": id, "claims": user.claims });
    if let (Some(linked), Some(object)) = (&user.identity, shown.as_object_mut()) {
        let identity = json!({
            "providerId": linked.provider, "url": linked.issuer, "subjectId": linked.subject,
        });
        object.insert("authenticationProvider".into(), identity);
    }
    shown
}
