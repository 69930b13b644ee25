//! Deferred transactions as an operator sees them: what waits, and a word on what waits for one.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::Failure;
use super::blocked::UserMessage;
use crate::base::clock::Clock;
use crate::store::deferred::{Deferred, DeferredState};
use crate::store::engine::Version;
use crate::store::{Store, StoreError};

/// How often a decision is made again after the transaction changed under it.
const ROUNDS: usize = 32;

/// How a decision of an operator ended.
#[derive(Debug)]
pub enum Decided {
    /// Made, or made before.
    Done(Box<Deferred>),
    /// There is no such transaction, or it has ended.
    Unknown,
    /// It does not wait for an operator.
    NotAwaited,
    /// It was denied before.
    Denied,
}

/// The operator's view of transactions.
pub struct Deferrals {
    /// Where they are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Deferrals {
    /// Lets a transaction that waits for approval go on.
    pub async fn approve(&self, id: Uuid) -> Result<Decided, Failure> {
        self.decide(id, |deferred, now| match deferred.state {
            DeferredState::Denied { .. } => Some(Decided::Denied),
            DeferredState::Ready if deferred.source.is_some() => Some(Decided::NotAwaited),
            DeferredState::Ready => Some(Decided::Done(Box::new(deferred.clone()))),
            DeferredState::Approval => {
                (deferred.state, deferred.busy_until) = (DeferredState::Ready, now);
                None
            }
        })
        .await
    }

    /// Ends a transaction for good, whatever it waits for. `message` is shown to the person by their wallet, if it can carry it.
    pub async fn deny(&self, id: Uuid, message: Option<&str>) -> Result<Decided, Failure> {
        let message = message.and_then(UserMessage::new).map(|message| message.text().to_owned());
        self.decide(id, |deferred, _| {
            if matches!(deferred.state, DeferredState::Denied { .. }) {
                return Some(Decided::Done(Box::new(deferred.clone())));
            }
            deferred.state = DeferredState::Denied { message: message.clone() };
            None
        })
        .await
    }

    /// Changes a transaction, or answers why not.
    async fn decide(
        &self,
        id: Uuid,
        change: impl Fn(&mut Deferred, Timestamp) -> Option<Decided>,
    ) -> Result<Decided, Failure> {
        for _ in 0..ROUNDS {
            let found: Option<(Deferred, Version)> = self.store.deferred_get(id).await?;
            let Some((mut deferred, version)) = found else { return Ok(Decided::Unknown) };
            if let Some(answer) = change(&mut deferred, self.clock.now()) {
                return Ok(answer);
            }
            if self.store.deferred_save(&deferred, version).await? {
                return Ok(Decided::Done(Box::new(deferred)));
            }
        }
        Err(StoreError::Contended.into())
    }
}
