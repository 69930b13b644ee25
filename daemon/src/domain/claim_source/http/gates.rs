//! How many questions are under way to one register at a time: a slow one takes neither the connections of others nor all of the daemon's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Most questions to one register at a time.
const MOST: usize = 64;

/// The gates of all sources.
#[derive(Default)]
pub(in crate::domain::claim_source) struct Gates(Mutex<HashMap<Uuid, Arc<Semaphore>>>);

impl Gates {
    /// Forgets a source.
    pub(in crate::domain::claim_source) fn forget(&self, source: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self, source: Uuid) -> Option<OwnedSemaphorePermit> {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(gates.entry(source).or_insert_with(|| Arc::new(Semaphore::new(MOST))))
        };
        // A gate is never closed.
        gate.acquire_owned().await.ok()
    }
}
