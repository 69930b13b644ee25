//! Engines on a file and on a disk of the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::super::fault::FaultyDisk;
use super::super::*;
use crate::base::clock::ManualClock;
use crate::store::conformance::start;
use crate::store::engine::Unobserved;
use crate::store::tables::{OFFER, TOKEN};

/// Longer than any wait of a test that passes.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
pub(super) struct Counted {
    pub(super) groups: Mutex<Vec<usize>>,
    pub(super) failures: Mutex<u32>,
}

impl CommitObserver for Counted {
    fn committed(&self, batches: usize, seconds: f64) {
        assert!(seconds > 0.0);
        self.groups.lock().unwrap().push(batches);
    }

    fn failed(&self) {
        *self.failures.lock().unwrap() += 1;
    }
}

pub(super) fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> Result<RedbEngine, OpenError> {
    RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), Arc::new(Unobserved))
}

pub(super) fn open_on(disk: &FaultyDisk, observer: &Arc<Counted>) -> RedbEngine {
    RedbEngine::open_on(Box::new(disk.clone()), start(), observer.clone()).unwrap()
}

/// Two entries that must be there together or not at all.
pub(super) fn pair(number: u32) -> Batch {
    let key = number.to_be_bytes();
    Batch::default().put(OFFER, &key, key.to_vec(), None).put(TOKEN, &key, vec![7; 3_000], None)
}

pub(super) async fn landed(engine: &RedbEngine, number: u32) -> bool {
    let key = number.to_be_bytes();
    let (offer, token) = (engine.get(OFFER, &key).await.unwrap(), engine.get(TOKEN, &key).await.unwrap());
    assert_eq!(offer.is_some(), token.is_some(), "batch {number} landed by half");
    offer.is_some()
}
