//! What a credential says: the claims as elements, and from when until when. Found when an offer is made, so that a mistake is the
//! operator's to mend, and again when it is claimed.

use jiff::Timestamp;
use serde_json::Value;

use super::validity::{Hints, Limits, ValidityError, check_times, validity};
use crate::domain::configuration::Configuration;
use crate::domain::trust::ActiveSigner;
use crate::format::mdoc::mapping::{MappedNamespace, MappingProblem, Problem, map_claims};
use crate::format::mdoc::{Validity, check_consistency, latest_expiry};

/// Why the claims make no credential.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfit {
    /// An element has no value, a wrong one, or one at odds with others or with the document signer.
    Element(MappingProblem),
    /// No element has a value.
    NoElements,
    /// There is no time at which it would be valid.
    Validity(ValidityError),
}

impl From<MappingProblem> for Unfit {
    fn from(problem: MappingProblem) -> Self {
        Self::Element(problem)
    }
}

/// The content of a credential, the same in all copies of a batch.
pub struct Content {
    /// Its elements.
    pub namespaces: Vec<MappedNamespace>,
    /// When it is valid.
    pub validity: Validity,
}

/// The elements that claims make, by themselves.
pub fn elements(configuration: &Configuration, document: &Value) -> Result<Vec<MappedNamespace>, Unfit> {
    let namespaces = map_claims(&configuration.doc_type, &configuration.claim_mappings, document)?;
    if namespaces.is_empty() { Err(Unfit::NoElements) } else { Ok(namespaces) }
}

/// The first value that no element can have, whatever is missing: for claims to which others will be added.
pub fn check_values(configuration: &Configuration, document: &Value) -> Result<(), Unfit> {
    for (namespace, elements) in &configuration.claim_mappings {
        for (element, mapping) in elements {
            let alone = [(namespace.clone(), [(element.clone(), mapping.clone())].into())].into();
            match map_claims(&configuration.doc_type, &alone, document) {
                Err(MappingProblem { problem: Problem::Missing, .. }) | Ok(_) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
    }
    check_times(configuration, document).map_err(Unfit::Validity)
}

/// What `signer` would sign at `now`.
pub fn content(
    configuration: &Configuration,
    document: &Value,
    now: Timestamp,
    signer: &ActiveSigner,
    hints: Hints,
) -> Result<Content, Unfit> {
    let namespaces = elements(configuration, document)?;
    let limits = Limits {
        not_before: signer.not_before,
        not_after: signer.not_after,
        document_expiry: latest_expiry(&namespaces),
        hints,
    };
    let consistent = |from| check_consistency(&configuration.doc_type, &namespaces, from, signer.place());
    let validity = validity(configuration, document, now, &limits).map_err(|error| {
        // An expired document is named as such, and not only as a credential without a time.
        consistent(now).err().map_or(Unfit::Validity(error), Unfit::Element)
    })?;
    consistent(validity.valid_from)?;
    Ok(Content { namespaces, validity })
}
