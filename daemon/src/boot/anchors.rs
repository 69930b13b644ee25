//! Reads trust anchors from the files that `issuer.toml` names.

use crate::config::Config;
use crate::pki::chain::Anchors;

/// Those who may attest keys; every mistake.
pub(super) fn attesters(config: &Config) -> Result<Anchors, Vec<String>> {
    trust_anchors("key_attestation.trust_anchors", &config.key_attestation.trust_anchors)
}

/// What stands in these PEM files, which the key `key` of `issuer.toml` names; every mistake.
pub(super) fn trust_anchors(key: &str, files: &[String]) -> Result<Anchors, Vec<String>> {
    let (mut anchors, mut wrong) = (Anchors::default(), Vec::new());
    for file in files {
        let read = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"));
        if let Err(problem) = read.and_then(|text| anchors.read(&text)) {
            wrong.push(format!("`{key}`: {file} {problem}"));
        }
    }
    if wrong.is_empty() { Ok(anchors) } else { Err(wrong) }
}
