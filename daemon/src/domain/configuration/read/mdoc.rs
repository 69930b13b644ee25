//! Reads what is an mdoc's own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{MOST_CLAIMS, credential_type};
use crate::domain::configuration::MdocBody;
use crate::format::mdoc::mapping::{ClaimMapping, Mappings, check_configuration};
use crate::wire::fields::{Detail, Fields};

pub(super) fn read(fields: &mut Fields<'_>) -> MdocBody {
    let doc_type = credential_type(fields, "type");
    if doc_type == "VerifiableCredential" {
        fields.mistake("type", "must not be VerifiableCredential");
    }
    let claim_mappings = mappings(fields, &doc_type);
    MdocBody { doc_type, claim_mappings }
}

fn mappings(fields: &mut Fields<'_>, doc_type: &str) -> Mappings {
    let present = fields.object("claimMappings");
    let Some(namespaces) = fields.required("claimMappings", present) else { return Mappings::new() };
    let mut out = Mappings::new();
    let mut mistakes = Vec::new();
    for (namespace, elements) in namespaces {
        let path = format!("claimMappings.{namespace}");
        let Some(elements) = elements.as_object().filter(|elements| !elements.is_empty()) else {
            mistakes.push(Detail::body(path, "must be an object with at least one element"));
            continue;
        };
        let read = elements
            .iter()
            .map(|(element, value)| (element.clone(), mapping(value, &format!("{path}.{element}"), &mut mistakes)));
        let read = read.filter_map(|(element, mapping)| mapping.map(|mapping| (element, mapping))).collect();
        out.insert(namespace.clone(), read);
    }
    if namespaces.is_empty() || out.values().map(BTreeMap::len).sum::<usize>() > MOST_CLAIMS {
        fields.mistake("claimMappings", format!("must have 1 to {MOST_CLAIMS} elements"));
    } else if mistakes.is_empty() {
        for error in check_configuration(doc_type, &out) {
            let path = format!("claimMappings.{}.{}", error.namespace, error.element);
            mistakes.push(Detail::body(path, error.problem.to_string()));
        }
    }
    for mistake in mistakes {
        fields.detail(mistake);
    }
    out
}

fn mapping(value: &Value, path: &str, mistakes: &mut Vec<Detail>) -> Option<ClaimMapping> {
    let Some(object) = value.as_object() else {
        mistakes.push(Detail::body(path, "must be an object"));
        return None;
    };
    let mut fields = Fields::new(object, path, mistakes);
    let mapping = super::mapping(&mut fields);
    if mapping.map_from.is_some() && !object.contains_key("type") {
        fields.mistake("type", "is required with mapFrom");
    }
    fields.finish();
    Some(mapping)
}
