//! Who signs the metadata, from the configuration.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Clock;
use crate::base::secret::Secret;
use crate::config::Config;
use crate::domain::metadata_signer::{Identity, MetadataSigner};
use crate::domain::trust::Trust;
use crate::pki::certificate::{Facts, is_self_signed};
use crate::pki::pem;
use crate::signer::{Algorithm, SoftwareKey};
use crate::store::Store;

/// The signer, with the key and certificate of the files that the configuration names; what is wrong with them.
pub(super) fn load(
    config: &Config,
    store: &Store,
    trust: &Arc<Trust>,
    clock: &Arc<dyn Clock>,
) -> Result<MetadataSigner, String> {
    let section = &config.signed_metadata;
    let lifetime = if section.enabled { Duration::from_secs(section.lifetime) } else { Duration::ZERO };
    if section.certificate.is_empty() {
        return Ok(MetadataSigner::managed(store.clone(), Arc::clone(trust), Arc::clone(clock), lifetime));
    }
    let identity = read(&section.certificate, &section.key)?;
    Ok(MetadataSigner::given(identity, Arc::clone(clock), lifetime))
}

fn read(certificate: &str, key: &str) -> Result<Identity, String> {
    let named = |name: &str, file: &str, problem: String| format!("`signed_metadata.{name}`: {file} {problem}");
    let text = |name: &str, file: &str| {
        std::fs::read(file).map_err(|error| named(name, file, format!("cannot be read: {error}")))
    };
    let of_certificate = |problem: &str| named("certificate", certificate, problem.to_owned());
    let of_key = |problem: &str| named("key", key, problem.to_owned());
    let chain = String::from_utf8(text("certificate", certificate)?).map_err(|_| of_certificate("must be PEM"))?;
    let mut chain = pem::read_chain(&chain).map_err(of_certificate)?;
    // The trust anchor is for wallets to know, not for us to send (HAIP 4.1).
    if chain.len() > 1 && chain.last().is_some_and(|last| is_self_signed(last)) {
        chain.pop();
    }
    let leaf = chain.first().ok_or_else(|| of_certificate("has no certificate"))?;
    if is_self_signed(leaf) {
        return Err(of_certificate("must not be self-signed"));
    }
    let facts = Facts::read(leaf).map_err(|error| of_certificate(&format!("is {error}")))?;
    let public = facts.key.ok_or_else(|| of_certificate("must have a key on P-256 or P-384, or an Ed25519 key"))?;
    let pkcs8 = pem::read_private_key(&Secret::new(text("key", key)?));
    let pkcs8 = pkcs8.ok_or_else(|| of_key("must be one PRIVATE KEY block (PKCS#8)"))?;
    let key =
        SoftwareKey::from_pkcs8(Algorithm::of(&public), &pkcs8).map_err(|_| of_key("does not fit the certificate"))?;
    if *key.public_key() != public {
        return Err(of_key("does not fit the certificate"));
    }
    Ok(Identity::new(Arc::new(key), chain, facts.validity))
}
