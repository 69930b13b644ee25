//! Reads the body of a request that creates or replaces a configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Configuration, DAY, MapFrom, branding, cap, key_attestation, lifetime};
use crate::format::mdoc::mapping::{ClaimMapping, Mappings, check_configuration};
use crate::wire::fields::{Detail, Fields, read_body};

const UNITS: [&str; 7] = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
/// Elements in a configuration; a credential holds a digest and a salt for each.
const MOST_ELEMENTS: usize = 500;

/// Reads and checks the body of a create or replace request.
pub(super) fn read(body: &Map<String, Value>, id: Uuid, created_at: Timestamp) -> Result<Configuration, Vec<Detail>> {
    read_body(body, |fields| {
        // A configuration that was read and is sent back carries them; they say nothing new.
        fields.value("id");
        fields.value("createdAt");
        let doc_type = doc_type(fields);
        let claim_mappings = mappings(fields, &doc_type);
        let expires_in = expires_in(fields, &doc_type);
        let valid_from = map_from(fields, "validFrom");
        let valid_until = map_from(fields, "validUntil");
        let branding = fields.nested("branding", branding::read);
        let include_status = fields.boolean("includeStatus").unwrap_or(false);
        let claim_source_id = fields.uuid("claimSourceId");
        let authentication_provider_id = fields.uuid("authenticationProviderId");
        let key_attestation = fields.nested("keyAttestation", key_attestation::read);
        Some(Configuration {
            id,
            doc_type,
            claim_mappings,
            expires_in,
            valid_from,
            valid_until,
            branding,
            include_status,
            claim_source_id,
            authentication_provider_id,
            key_attestation,
            created_at,
        })
    })
}

fn doc_type(fields: &mut Fields<'_>) -> String {
    let doc_type = fields.text("type", 1, 1024);
    let doc_type = fields.required("type", doc_type).unwrap_or_default().to_owned();
    if doc_type == "VerifiableCredential" {
        fields.mistake("type", "must not be VerifiableCredential");
    }
    if !doc_type.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        fields.mistake("type", "must have visible ASCII characters only, without quotes and backslashes");
    }
    doc_type
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
    if namespaces.is_empty() || out.values().map(BTreeMap::len).sum::<usize>() > MOST_ELEMENTS {
        fields.mistake("claimMappings", format!("must have 1 to {MOST_ELEMENTS} elements"));
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
    let map_from = fields.text("mapFrom", 1, 1024).map(str::to_owned);
    let default_value = fields.value("defaultValue").cloned();
    let required = fields.boolean("required").unwrap_or(false);
    let kind = fields.text("type", 1, 32).and_then(|name| {
        let kind = serde_json::from_value(name.into()).ok();
        if kind.is_none() {
            fields.mistake("type", "must be string, number, boolean, dateTime, date, binary, array or object");
        }
        kind
    });
    if map_from.is_some() && !object.contains_key("type") {
        fields.mistake("type", "is required with mapFrom");
    }
    fields.finish();
    Some(ClaimMapping { map_from, default_value, required, kind })
}

fn expires_in(fields: &mut Fields<'_>, doc_type: &str) -> BTreeMap<String, u64> {
    let parts = fields.nested("expiresIn", |inner| {
        let read = UNITS.iter().filter_map(|unit| Some(((*unit).to_owned(), inner.integer(unit, 0, 1_000_000_000)?)));
        read.collect::<BTreeMap<_, _>>()
    });
    let parts = fields.required("expiresIn", parts).unwrap_or_default();
    let most = cap(doc_type);
    if !parts.is_empty() && !(1..=most).contains(&lifetime(&parts)) {
        fields.mistake("expiresIn", format!("must be a Duration of 1 second to {} days for this type", most / DAY));
    } else if parts.is_empty() && fields.value("expiresIn").is_some() {
        fields.mistake("expiresIn", "must be a Duration");
    }
    parts
}

fn map_from(fields: &mut Fields<'_>, member: &'static str) -> Option<MapFrom> {
    fields.nested(member, |inner| {
        let path = inner.text("mapFrom", 1, 1024);
        let path = inner.required("mapFrom", path)?;
        if !path.starts_with("claims.") {
            inner.mistake("mapFrom", "must start with claims.");
        }
        Some(MapFrom { map_from: path.to_owned() })
    })?
}
