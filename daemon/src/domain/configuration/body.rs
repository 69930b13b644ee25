//! The parts of a configuration that are its format's own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format::claim::{ClaimDisplay, ClaimMapping};
use crate::format::mdoc::mapping::Mappings;
use crate::format::sd_jwt_vc::claims::{Claims, walk};
use crate::format::sd_jwt_vc::type_metadata::pointer;

/// One format's part of a configuration. Which one it is shows in the member that names the type: `type` or `vct`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// `mso_mdoc`
    Mdoc(MdocBody),
    /// `dc+sd-jwt`
    SdJwtVc(SdJwtVcBody),
}

/// An mdoc.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MdocBody {
    /// The docType.
    #[serde(rename = "type")]
    pub doc_type: String,
    /// What is issued.
    pub claim_mappings: Mappings,
}

/// An SD-JWT VC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdJwtVcBody {
    /// `vct`
    pub vct: String,
    /// What is issued.
    pub claim_mappings: Claims,
    /// Decoy digests in each object that has disclosures.
    pub decoys: u16,
    /// Whether credentials are bound to a key of their holder.
    pub key_binding: bool,
    /// Whether credentials carry the digest of the type metadata, which then never changes.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub vct_integrity: bool,
    /// That digest.
    #[serde(rename = "vct#integrity", skip_serializing_if = "Option::is_none", default)]
    pub integrity: Option<String>,
}

/// What wallets learn of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimDescription<'a> {
    /// The claims path pointer (`OpenID4VCI` appendix C).
    pub path: Vec<Value>,
    /// Whether every credential has it.
    pub mandatory: bool,
    /// Its names.
    pub display: &'a [ClaimDisplay],
}

impl Body {
    /// docType, or `vct`.
    #[must_use]
    pub fn credential_type(&self) -> &str {
        match self {
            Self::Mdoc(mdoc) => &mdoc.doc_type,
            Self::SdJwtVc(sd_jwt_vc) => &sd_jwt_vc.vct,
        }
    }

    /// The paths into the claims document.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        let all: Vec<&ClaimMapping> = match self {
            Self::Mdoc(mdoc) => mdoc.claim_mappings.values().flat_map(|elements| elements.values()).collect(),
            Self::SdJwtVc(sd_jwt_vc) => {
                walk(&sd_jwt_vc.claim_mappings).into_iter().map(|found| &found.claim.mapping).collect()
            }
        };
        all.into_iter().filter_map(|mapping| mapping.map_from.as_deref()).collect()
    }

    /// Every claim as wallets learn of it (`OpenID4VCI` B.2), in an order that never changes.
    #[must_use]
    pub fn descriptions(&self) -> Vec<ClaimDescription<'_>> {
        match self {
            Self::Mdoc(mdoc) => {
                let elements = mdoc.claim_mappings.iter().flat_map(|(namespace, elements)| {
                    elements.iter().map(move |(element, mapping)| ClaimDescription {
                        path: vec![namespace.as_str().into(), element.as_str().into()],
                        mandatory: mapping.is_mandatory(),
                        display: &mapping.display,
                    })
                });
                elements.collect()
            }
            Self::SdJwtVc(sd_jwt_vc) => {
                let claims = walk(&sd_jwt_vc.claim_mappings).into_iter().map(|found| ClaimDescription {
                    path: pointer(&found.path),
                    mandatory: found.mandatory,
                    display: &found.claim.mapping.display,
                });
                claims.collect()
            }
        }
    }

    /// The claims by name, as a person would list them: elements, or claims at the top.
    #[must_use]
    pub fn claims(&self) -> Vec<(&str, &ClaimMapping)> {
        match self {
            Self::Mdoc(mdoc) => {
                let elements = mdoc.claim_mappings.values().flatten();
                elements.map(|(name, mapping)| (name.as_str(), mapping)).collect()
            }
            Self::SdJwtVc(sd_jwt_vc) => {
                let claims = sd_jwt_vc.claim_mappings.iter();
                claims.map(|(name, claim)| (name.as_str(), &claim.mapping)).collect()
            }
        }
    }
}
