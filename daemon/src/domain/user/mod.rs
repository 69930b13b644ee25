//! Users: persons that something is kept of beyond one offer.

use std::sync::Arc;

use uuid::Uuid;

use super::Failure;
use super::login::Identity;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::store::Store;
use crate::store::user::Linked;

/// Finds, makes, changes and deletes users.
pub struct Users {
    /// Where they are kept.
    pub store: Store,
    /// Ids.
    pub random: Arc<dyn Random>,
}

impl Users {
    /// The user that logged in, found by issuer and subject or made, with the claims to persist kept.
    pub async fn of(&self, identity: &Identity) -> Result<Uuid, Failure> {
        let linked =
            Linked { provider: identity.provider, issuer: identity.issuer.clone(), subject: identity.subject.clone() };
        let fresh = random_uuid(self.random.as_ref())?;
        Ok(self.store.user_of_identity(&linked, &identity.persist, fresh).await?)
    }
}
