//! Encryption of requests and responses, from the configuration.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::Config;
use crate::domain::Failure;
use crate::domain::encryption::{Encryption, EncryptionPolicy};
use crate::domain::site::most_request;
use crate::store::Store;

/// Loads the keys.
pub(super) async fn load(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<Encryption>, Failure> {
    let section = &config.encryption;
    let policy = EncryptionPolicy {
        offered: section.offered,
        request_required: section.request_required,
        response_required: section.response_required,
        compression: section.compression,
        key_lifetime: Duration::from_secs(section.key_lifetime),
        key_overlap: Duration::from_secs(section.key_overlap),
        most_content: most_request(usize::try_from(config.issuance.batch_size).unwrap_or(usize::MAX)),
    };
    let loaded = Encryption::load(store.clone(), Arc::clone(clock), Arc::clone(random), policy);
    Ok(Arc::new(loaded.await?))
}
