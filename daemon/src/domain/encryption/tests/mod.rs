mod keys;
mod messages;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;

const DAY: Duration = Duration::from_hours(24);

fn policy() -> EncryptionPolicy {
    EncryptionPolicy {
        offered: true,
        request_required: false,
        response_required: false,
        compression: true,
        key_lifetime: DAY * 30,
        key_overlap: DAY,
        most_content: 64 * 1024,
    }
}

/// Encryption over a store in memory.
struct House {
    encryption: Encryption,
    clock: Arc<ManualClock>,
    store: Store,
}

impl House {
    async fn new(policy: EncryptionPolicy) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()));
        let random = Arc::new(SystemRandom::default());
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let engine = Arc::new(MemoryEngine::new(clock.clone()));
        let store = Store::new(engine, sealer, random.clone(), clock.clone());
        let encryption = Encryption::load(store.clone(), clock.clone(), random, policy).await.unwrap();
        Self { encryption, clock, store }
    }

    fn kid(&self) -> String {
        self.encryption.keys().current().unwrap().kid.clone()
    }

    fn later(&self, by: Duration) {
        self.clock.set(after(self.clock.now(), by));
    }
}
