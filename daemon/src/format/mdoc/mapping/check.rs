//! Checks the mappings of a configuration when it is saved, so that a mistake is found by the operator and not by a wallet.

use super::{ClaimMapping, MappingProblem, Mappings, Problem, kind};
use crate::format::claim::{is_name, is_path};
use crate::format::mdoc::elements::{DocType, Kind, known};
use crate::format::mdoc::mapping::ClaimType;
use crate::format::mdoc::value;

/// Every problem of the mappings for a docType, each with its namespace and element. For a known docType each element is held to
/// the standard; for others only what makes a mapping usable is checked.
#[must_use]
pub fn check_configuration(doc_type: &str, mappings: &Mappings) -> Vec<MappingProblem> {
    let known = known(doc_type);
    let mut problems = Vec::new();
    for (namespace, elements) in mappings {
        for (element, mapping) in elements {
            let mut note = |problem| problems.push(MappingProblem::new(namespace, element, problem));
            check_element(known, namespace, element, mapping).into_iter().for_each(&mut note);
        }
    }
    problems.extend(known.iter().flat_map(|known| not_mapped(known, mappings)));
    problems
}

/// The mandatory elements that no namespace maps.
fn not_mapped(known: &DocType, mappings: &Mappings) -> Vec<MappingProblem> {
    let bases = known.base_namespaces();
    let mapped = |name: &str| bases.iter().any(|base| mappings.get(*base).is_some_and(|base| base.contains_key(name)));
    let missing = known.mandatory().iter().filter(|names| !names.iter().any(|name| mapped(name)));
    let named =
        missing.filter_map(|names| Some(MappingProblem::new(bases.first()?, names.first()?, Problem::NotMapped)));
    named.collect()
}

fn check_element(known: Option<&DocType>, namespace: &str, element: &str, mapping: &ClaimMapping) -> Vec<Problem> {
    if !is_name(namespace) || !is_name(element) {
        return vec![Problem::Name];
    }
    let kind = match kind(known, namespace, element) {
        Ok(kind) => kind,
        Err(problem) => return vec![problem],
    };
    let mandatory = known.is_some_and(|known| known.is_mandatory(namespace, element));
    let mut problems = check_source(mapping, mandatory);
    match misfit(kind, mapping.kind) {
        Some(problem) => problems.push(problem),
        None => problems.extend(check_default(kind, mapping)),
    }
    problems
}

fn check_source(mapping: &ClaimMapping, mandatory: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    match mapping.map_from.as_deref() {
        Some(path) => {
            problems.extend((!is_path(path)).then_some(Problem::Path));
            problems.extend(mapping.kind.is_none().then_some(Problem::NoType));
        }
        None => problems.extend(mapping.default_value.is_none().then_some(Problem::NoSource)),
    }
    let may_be_empty = !mapping.required && mapping.default_value.is_none() && mapping.map_from.is_some();
    problems.extend((mandatory && may_be_empty).then_some(Problem::NotRequired));
    problems
}

fn check_default(kind: Kind, mapping: &ClaimMapping) -> Option<Problem> {
    let value = mapping.default_value.as_ref()?;
    if value.is_null() {
        return Some(Problem::Default("must not be null"));
    }
    value::write(&mut Vec::new(), kind, mapping.kind, value).err().map(Problem::Default)
}

/// A problem when values of the claim type can't be written as the element's kind.
fn misfit(kind: Kind, claim_type: Option<ClaimType>) -> Option<Problem> {
    let claim_type = claim_type?;
    let (fitting, names): (&[ClaimType], _) = match kind {
        Kind::Free => return None,
        Kind::Text
        | Kind::Latin1
        | Kind::Alpha2
        | Kind::Subdivision
        | Kind::DistinguishingSign
        | Kind::Phone
        | Kind::Email
        | Kind::Url
        | Kind::OneOf(_) => (&[ClaimType::String], "string"),
        Kind::Date | Kind::DateOrInstant => (&[ClaimType::Date, ClaimType::DateTime], "date or dateTime"),
        Kind::Instant => (&[ClaimType::DateTime], "dateTime"),
        Kind::ApproximateDate => {
            (&[ClaimType::Date, ClaimType::DateTime, ClaimType::Object], "date, dateTime or object")
        }
        Kind::Unsigned | Kind::Code(_) => (&[ClaimType::Number], "number"),
        Kind::Boolean => (&[ClaimType::Boolean], "boolean"),
        Kind::Bytes | Kind::Image | Kind::OptionalJpeg => (&[ClaimType::Binary], "binary"),
        Kind::DrivingPrivileges | Kind::Countries => (&[ClaimType::Array], "array"),
        Kind::Place => (&[ClaimType::Object], "object"),
    };
    (!fitting.contains(&claim_type)).then_some(Problem::Type(names))
}
