//! A copy in memory of what the store holds, for what every request reads and operators seldom change.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

/// The copy; follows the store after each change.
#[derive(Default)]
pub(super) struct Mirror<T> {
    /// Held only to swap or clone the `Arc`.
    copy: RwLock<Arc<T>>,
    /// Held from the reading of the store to the use of what was read, so that an older copy cannot replace a newer: it would bring
    /// back what was removed.
    following: Mutex<()>,
}

impl<T> Mirror<T> {
    /// The copy as it is now.
    pub(super) fn get(&self) -> Arc<T> {
        Arc::clone(&self.copy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what `read` finds in the store.
    pub(super) async fn follow<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<(), E> {
        let _alone = self.following.lock().await;
        let copy = Arc::new(read.await?);
        *self.copy.write().unwrap_or_else(PoisonError::into_inner) = copy;
        Ok(())
    }
}
