//! Credential configurations: what a credential carries, in which format, and how wallets show it.

mod body;
pub mod branding;
pub mod catalog;
pub mod display;
pub mod key_attestation;
pub mod narrow;
mod read;
pub mod types;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use body::{Body, ClaimDescription, MdocBody, SdJwtVcBody};

pub use crate::format::CredentialFormat;
use crate::format::claim::primary;
use crate::wire::fields::unit_seconds;
use branding::Branding;
use display::Display;
use key_attestation::KeyAttestation;

const DAY: u64 = 86_400;
/// Longest validity of an mDL, in seconds: a document signer lives 457 days, less a month to renew it.
const MDL_CAP: u64 = 427 * DAY;
/// Longest validity of any other credential, in seconds.
const CAP: u64 = 3_620 * DAY;

/// Where a time comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapFrom {
    /// Dotted path into the claims document.
    pub map_from: String,
}

/// A stored configuration: what all formats have in common, and the body that is its format's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// Key in `credential_configurations_supported`.
    pub id: Uuid,
    /// The format's own part.
    #[serde(flatten)]
    pub body: Body,
    /// Validity, by unit.
    pub expires_in: BTreeMap<String, u64>,
    /// Where the start of validity comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_from: Option<MapFrom>,
    /// Where the end of validity comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_until: Option<MapFrom>,
    /// Look, in one language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub branding: Option<Branding>,
    /// Look by language; takes the place of `branding` where wallets are concerned.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub display: Vec<Display>,
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
    /// The format of its credentials.
    #[must_use]
    pub fn format(&self) -> CredentialFormat {
        match self.body {
            Body::Mdoc(_) => CredentialFormat::MsoMdoc,
            Body::SdJwtVc(_) => CredentialFormat::DcSdJwt,
        }
    }

    /// The type of its credentials: docType, or `vct`.
    #[must_use]
    pub fn credential_type(&self) -> &str {
        self.body.credential_type()
    }

    /// The scope that stands for it in authorization requests.
    #[must_use]
    pub fn scope(&self) -> String {
        format!("{}:{}", self.format().identifier(), self.credential_type())
    }

    /// Whether its credentials are bound to a key of their holder.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        match &self.body {
            Body::Mdoc(_) => true,
            Body::SdJwtVc(sd_jwt_vc) => sd_jwt_vc.key_binding,
        }
    }

    /// Longest validity that may be asked for, in seconds.
    #[must_use]
    pub fn cap(&self) -> u64 {
        cap(self.format(), self.credential_type())
    }

    /// Validity in seconds from issuance.
    #[must_use]
    pub fn lifetime(&self) -> u64 {
        lifetime(&self.expires_in)
    }

    /// The paths into the claims document that it reads, for claims and for the validity.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        let times = self.valid_from.iter().chain(&self.valid_until).map(|time| time.map_from.as_str());
        self.body.sources().into_iter().chain(times).collect()
    }

    /// Its look in a language, or the one that is for all languages, or the first.
    #[must_use]
    pub fn look_in(&self, language: &str) -> Option<&Display> {
        let find =
            |wanted: Option<&str>| self.display.iter().find(|look| look.locale.as_deref().map(primary) == wanted);
        find(Some(language)).or_else(|| find(None)).or(self.display.first())
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        let shown = self.display.first().map(|display| display.name.as_str());
        let branded = self.branding.as_ref().and_then(|branding| branding.name.as_deref());
        shown.or(branded).unwrap_or_else(|| self.credential_type())
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

fn cap(format: CredentialFormat, credential_type: &str) -> u64 {
    match format {
        CredentialFormat::MsoMdoc if is_mdl(credential_type) => MDL_CAP,
        CredentialFormat::MsoMdoc | CredentialFormat::DcSdJwt => CAP,
    }
}

fn lifetime(parts: &BTreeMap<String, u64>) -> u64 {
    parts.iter().map(|(name, count)| count.saturating_mul(unit_seconds(name))).fold(0, u64::saturating_add)
}
