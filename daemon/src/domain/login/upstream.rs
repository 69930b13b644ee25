//! What is remembered of a provider between logins: its discovery document and its keys. One request at a time asks for either, the
//! others wait for its answer; after a failure nobody asks for a while, so that a provider that is down costs a login little.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use super::discovery::{Discovery, location};
use super::id_token::Unverified;
use super::keys::KeySet;
use super::provider::Provider;
use super::{BOUNDS, LoginError};
use crate::domain::outbound::{Answer, Ask, Outbound, Reach};

/// How long a document is used, in seconds.
const FRESH: i64 = 3_600;
/// How long nobody asks after a failure, in seconds.
const REST: i64 = 3;
/// Least time between two looks at the keys for one that is not there, in seconds: others choose what a token names.
const LEAST_BETWEEN_LOOKS: i64 = 30;

/// One document.
struct Slot<T> {
    found: Option<(Arc<T>, i64)>,
    failed: Option<(LoginError, i64)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { found: None, failed: None }
    }
}

impl<T> Slot<T> {
    /// The document, when it is no older than `most` seconds.
    fn current(&self, now: i64, most: i64) -> Option<Arc<T>> {
        self.found.as_ref().filter(|(_, at)| now - at < most).map(|(found, _)| Arc::clone(found))
    }

    fn resting(&self, now: i64) -> Option<LoginError> {
        self.failed.as_ref().filter(|(_, at)| now - at < REST).map(|(error, _)| error.clone())
    }

    fn keep(&mut self, outcome: Result<T, LoginError>, now: i64) -> Result<Arc<T>, LoginError> {
        match outcome {
            Ok(found) => {
                let found = Arc::new(found);
                *self = Self { found: Some((Arc::clone(&found), now)), failed: None };
                Ok(found)
            }
            Err(error) => {
                self.failed = Some((error.clone(), now));
                Err(error)
            }
        }
    }
}

/// One provider.
pub(super) struct Upstream {
    /// As it was when this was learned of it.
    pub(super) provider: Arc<Provider>,
    discovery: tokio::sync::Mutex<Slot<Discovery>>,
    keys: tokio::sync::Mutex<Slot<KeySet>>,
}

/// All providers that somebody has logged in at.
#[derive(Default)]
pub(super) struct Upstreams(Mutex<HashMap<Uuid, Arc<Upstream>>>);

impl Upstreams {
    /// What is remembered of `provider`: nothing, once it has been changed.
    pub(super) fn of(&self, provider: &Arc<Provider>) -> Arc<Upstream> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&provider.id).filter(|known| known.provider == *provider) {
            return Arc::clone(known);
        }
        let (discovery, keys) = Default::default();
        let fresh = Arc::new(Upstream { provider: Arc::clone(provider), discovery, keys });
        all.insert(provider.id, Arc::clone(&fresh));
        fresh
    }

    /// Forgets a provider.
    pub(super) fn forget(&self, id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl Upstream {
    /// The provider's discovery document.
    pub(super) async fn discovery(
        &self,
        outbound: &dyn Outbound,
        reach: &Reach,
        now: Timestamp,
    ) -> Result<Arc<Discovery>, LoginError> {
        let now = now.as_second();
        let mut slot = self.discovery.lock().await;
        if let Some(current) = slot.current(now, FRESH) {
            return Ok(current);
        }
        if let Some(error) = slot.resting(now) {
            return Err(error);
        }
        let outcome = async {
            let url = &self.provider.url;
            let body = get(outbound, &location(url)).await?;
            Discovery::read(&body, url, reach).map_err(LoginError::Unacceptable)
        };
        slot.keep(outcome.await, now)
    }

    /// Whether the signature of a token is the provider's.
    pub(super) async fn verify(
        &self,
        token: &Unverified<'_>,
        jwks_uri: &str,
        outbound: &dyn Outbound,
        now: Timestamp,
    ) -> Result<(), LoginError> {
        let kid = token.kid.as_deref();
        let good = |keys: &KeySet| keys.verify(kid, token.algorithm, token.jws.signed(), token.jws.signature());
        let keys = self.keys(jwks_uri, outbound, now, FRESH).await?;
        // A token without a key id that no key verifies may be signed with a new one as well.
        let missing = !keys.has(kid, token.algorithm) || kid.is_none() && !good(&keys);
        let keys = if missing { self.keys(jwks_uri, outbound, now, LEAST_BETWEEN_LOOKS).await? } else { keys };
        if good(&keys) {
            return Ok(());
        }
        Err(LoginError::Unacceptable("its ID token has a signature of none of its keys".into()))
    }

    /// The provider's keys, no older than `most` seconds.
    async fn keys(
        &self,
        jwks_uri: &str,
        outbound: &dyn Outbound,
        now: Timestamp,
        most: i64,
    ) -> Result<Arc<KeySet>, LoginError> {
        let now = now.as_second();
        let mut slot = self.keys.lock().await;
        if let Some(current) = slot.current(now, most) {
            return Ok(current);
        }
        if let Some(error) = slot.resting(now) {
            return Err(error);
        }
        let outcome = async {
            let body = get(outbound, jwks_uri).await?;
            KeySet::read(&body).map_err(LoginError::Unacceptable)
        };
        slot.keep(outcome.await, now)
    }
}

async fn get(outbound: &dyn Outbound, url: &str) -> Result<Vec<u8>, LoginError> {
    let answer = outbound.ask(Ask::get(url, BOUNDS)).await;
    match answer.map_err(|error| LoginError::Unavailable(error.reason))? {
        Answer { status: 200, body, .. } => Ok(body),
        Answer { status, .. } => Err(LoginError::Unavailable(format!("it answered with status {status}"))),
    }
}
