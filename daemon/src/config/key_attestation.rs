//! `[key_attestation]`: who may attest that a wallet's keys are kept well.

use serde::{Deserialize, Serialize};

/// `[key_attestation]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyAttestationSection {
    /// PEM files with certificates of authorities and public keys of signers.
    pub trust_anchors: Vec<String>,
}
