//! An mDocs configuration: what a credential of one docType carries.

pub mod branding;
pub mod catalog;
pub mod key_attestation;
mod read;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::format::mdoc::mapping::Mappings;
use crate::wire::fields::unit_seconds;
use branding::Branding;
use key_attestation::KeyAttestation;

const DAY: u64 = 86_400;
/// Longest validity of an mDL, in seconds: a document signer lives 457 days, less a month to renew it.
const MDL_CAP: u64 = 427 * DAY;
/// Longest validity of any other mdoc, in seconds.
const CAP: u64 = 3_620 * DAY;

/// Where a time comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapFrom {
    /// Dotted path into the claims document.
    pub map_from: String,
}

/// A stored configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// Key in `credential_configurations_supported`.
    pub id: Uuid,
    /// The docType.
    #[serde(rename = "type")]
    pub doc_type: String,
    /// What is issued.
    pub claim_mappings: Mappings,
    /// Validity, by unit.
    pub expires_in: BTreeMap<String, u64>,
    /// Where the start of validity comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_from: Option<MapFrom>,
    /// Where the end of validity comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_until: Option<MapFrom>,
    /// Look.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub branding: Option<Branding>,
    /// Whether credentials can be revoked one by one.
    pub include_status: bool,
    /// Whether an operator must approve each issuance.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub approval_required: bool,
    /// The claim source that is asked for claims.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claim_source_id: Option<Uuid>,
    /// The authentication provider that holders log in at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authentication_provider_id: Option<Uuid>,
    /// What is asked of the keys that credentials are bound to; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_attestation: Option<KeyAttestation>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Configuration {
    /// The scope that stands for it in authorization requests.
    #[must_use]
    pub fn scope(&self) -> String {
        format!("mso_mdoc:{}", self.doc_type)
    }

    /// Longest validity that may be asked for, in seconds.
    #[must_use]
    pub fn cap(&self) -> u64 {
        cap(&self.doc_type)
    }

    /// Validity in seconds from issuance.
    #[must_use]
    pub fn lifetime(&self) -> u64 {
        lifetime(&self.expires_in)
    }
}

/// Whether a docType is that of an mDL (`org.iso.18013.5.<n>.mDL`).
#[must_use]
pub fn is_mdl(doc_type: &str) -> bool {
    doc_type
        .strip_prefix("org.iso.18013.5.")
        .and_then(|rest| rest.strip_suffix(".mDL"))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn cap(doc_type: &str) -> u64 {
    if is_mdl(doc_type) { MDL_CAP } else { CAP }
}

fn lifetime(parts: &BTreeMap<String, u64>) -> u64 {
    parts.iter().map(|(name, count)| count.saturating_mul(unit_seconds(name))).fold(0, u64::saturating_add)
}
