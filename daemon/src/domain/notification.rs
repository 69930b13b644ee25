//! What wallets say became of credentials (`OpenID4VCI` section 11). It is kept and shown, and nothing follows from it by itself: whether a
//! deleted credential is to be revoked, an operator decides.

use std::sync::Arc;

use super::Failure;
use super::issuance::Authorized;
use crate::base::clock::Clock;
use crate::base::secret::sha256;
use crate::store::Store;
use crate::store::notification::{CredentialEvent, Notified, Told};
use crate::wire::notification::{Event, NotificationRequest};

/// Keeps notifications.
pub struct Notifications {
    /// Where they are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Notifications {
    /// Keeps what the holder of a token says of credentials that came from the same grant.
    pub async fn keep(&self, authorized: &Authorized, request: &NotificationRequest<'_>) -> Result<Notified, Failure> {
        let told = Told {
            event: match request.event {
                Event::CredentialAccepted => CredentialEvent::CredentialAccepted,
                Event::CredentialFailure => CredentialEvent::CredentialFailure,
                Event::CredentialDeleted => CredentialEvent::CredentialDeleted,
            },
            description: request.description.as_deref().map(str::to_owned),
            at: self.clock.now(),
        };
        let hash = sha256(request.notification_id.as_bytes());
        Ok(self.store.notification_keep(&hash, authorized.grant(), &told).await?)
    }
}
