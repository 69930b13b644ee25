//! What a credential says: the claims in the form of its format, and from when until when. Found when an offer is made, so that a
//! mistake is the operator's to mend, and again when it is claimed.

use jiff::Timestamp;
use serde_json::Value;

use super::validity::{Hints, Limits, ValidityError, check_times, validity};
use crate::domain::configuration::{Body, Configuration, MdocBody, SdJwtVcBody};
use crate::domain::trust::ActiveSigner;
use crate::format::Validity;
use crate::format::mdoc::mapping::{self as mdoc, MappedNamespace, MappingProblem};
use crate::format::mdoc::{check_consistency, latest_expiry};
use crate::format::sd_jwt_vc::mapping as sd_jwt_vc;
use crate::format::sd_jwt_vc::{ClaimProblem, MappedClaims};

/// Why the claims make no credential.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfit {
    /// A claim has no value, a wrong one, or one at odds with others or with the signer.
    Claim(UnfitClaim),
    /// No claim has a value.
    NoClaims,
    /// There is no time at which it would be valid.
    Validity(ValidityError),
}

/// A claim that makes no part of a credential. Says nothing of its value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{place} {problem}")]
pub struct UnfitClaim {
    /// Where it stands in the credential.
    pub place: String,
    /// Its name there.
    pub name: String,
    /// Where its value comes from.
    pub map_from: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl UnfitClaim {
    /// One that the wallet must have and of which the claims say nothing.
    pub(super) fn missing(place: String) -> Self {
        let problem = mdoc::Problem::Missing.to_string();
        Self { name: place.clone(), place, map_from: None, problem }
    }
}

/// The claims of a credential, in the form of its format.
#[derive(Debug)]
pub enum Claims<'a> {
    /// Elements by namespace.
    Mdoc(&'a MdocBody, Vec<MappedNamespace>),
    /// A tree.
    SdJwtVc(&'a SdJwtVcBody, MappedClaims),
}

/// The content of a credential, the same in all copies of a batch.
pub struct Content<'a> {
    /// What it says.
    pub claims: Claims<'a>,
    /// When it is valid.
    pub validity: Validity,
}

/// The claims by themselves.
pub fn claims<'a>(configuration: &'a Configuration, document: &Value) -> Result<Claims<'a>, Unfit> {
    let (claims, empty) = match &configuration.body {
        Body::Mdoc(body) => {
            let mapped = mdoc::map_claims(&body.doc_type, &body.claim_mappings, document);
            let mapped = mapped.map_err(|problem| of_element(body, problem))?;
            let empty = mapped.is_empty();
            (Claims::Mdoc(body, mapped), empty)
        }
        Body::SdJwtVc(body) => {
            let mapped = sd_jwt_vc::map_claims(&body.claim_mappings, document);
            let mapped = mapped.map_err(of_claim)?;
            let empty = mapped.is_empty();
            (Claims::SdJwtVc(body, mapped), empty)
        }
    };
    if empty { Err(Unfit::NoClaims) } else { Ok(claims) }
}

/// The first value that no claim can have, whatever is missing: for claims to which others will be added.
pub fn check_values(configuration: &Configuration, document: &Value) -> Result<(), Unfit> {
    match &configuration.body {
        Body::Mdoc(body) => check_elements(body, document)?,
        Body::SdJwtVc(body) => {
            sd_jwt_vc::check_values(&body.claim_mappings, document).map_err(of_claim)?;
        }
    }
    check_times(configuration, document).map_err(Unfit::Validity)
}

fn check_elements(body: &MdocBody, document: &Value) -> Result<(), Unfit> {
    for (namespace, elements) in &body.claim_mappings {
        for (element, mapping) in elements {
            let alone = [(namespace.clone(), [(element.clone(), mapping.clone())].into())].into();
            match mdoc::map_claims(&body.doc_type, &alone, document) {
                Err(MappingProblem { problem: mdoc::Problem::Missing, .. }) | Ok(_) => {}
                Err(problem) => return Err(of_element(body, problem)),
            }
        }
    }
    Ok(())
}

/// What `signer` would sign at `now`.
pub fn content<'a>(
    configuration: &'a Configuration,
    document: &Value,
    now: Timestamp,
    signer: &ActiveSigner,
    hints: Hints,
) -> Result<Content<'a>, Unfit> {
    let claims = claims(configuration, document)?;
    let limits = Limits {
        not_before: signer.not_before,
        not_after: signer.not_after,
        document_expiry: claims.document_expiry(),
        hints,
    };
    let validity = validity(configuration, document, now, &limits).map_err(|error| {
        // An expired document is named as such, and not only as a credential without a time.
        claims.check(now, signer).err().unwrap_or(Unfit::Validity(error))
    })?;
    claims.check(validity.valid_from, signer)?;
    Ok(Content { claims, validity })
}

impl Claims<'_> {
    /// When the document that the credential stands for expires.
    fn document_expiry(&self) -> Option<Timestamp> {
        match self {
            Self::Mdoc(_, namespaces) => latest_expiry(namespaces),
            Self::SdJwtVc(_, claims) => sd_jwt_vc::document_expiry(claims),
        }
    }

    /// Compares the claims of a known type with each other, with the start of validity and with the signer.
    fn check(&self, from: Timestamp, signer: &ActiveSigner) -> Result<(), Unfit> {
        match self {
            Self::Mdoc(body, namespaces) => check_consistency(&body.doc_type, namespaces, from, signer.place())
                .map_err(|problem| of_element(body, problem)),
            Self::SdJwtVc(..) => Ok(()),
        }
    }
}

fn of_element(body: &MdocBody, problem: MappingProblem) -> Unfit {
    let mapping = body.claim_mappings.get(&problem.namespace).and_then(|elements| elements.get(&problem.element));
    Unfit::Claim(UnfitClaim {
        place: format!("{}/{}", problem.namespace, problem.element),
        map_from: mapping.and_then(|mapping| mapping.map_from.clone()),
        name: problem.element,
        problem: problem.problem.to_string(),
    })
}

fn of_claim(problem: ClaimProblem) -> Unfit {
    let ClaimProblem { path, map_from, problem } = problem;
    Unfit::Claim(UnfitClaim { place: path.clone(), name: path, map_from, problem: problem.to_string() })
}
