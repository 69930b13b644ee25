//! An mDocs configuration: what a credential of one docType carries, and the check of a request for one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::branding::{self, Branding};
use crate::format::mdoc::mapping::{ClaimMapping, check_configuration};
use crate::wire::fields::{Detail, Fields};

/// Namespace → element → mapping.
pub type Mappings = BTreeMap<String, BTreeMap<String, ClaimMapping>>;

const UNITS: [&str; 7] = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
const DAY: u64 = 86_400;
/// Longest validity of an mDL, in seconds: a document signer lives 457 days, less a month to renew it.
const MDL_CAP: u64 = 427 * DAY;
/// Longest validity of any other mdoc, in seconds.
const CAP: u64 = 3_620 * DAY;
/// Elements in a configuration; a credential holds a digest and a salt for each.
const MOST_ELEMENTS: usize = 500;

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
    let unit = |name: &str| match name {
        "years" => 365 * DAY,
        "months" => 30 * DAY,
        "weeks" => 7 * DAY,
        "days" => DAY,
        "hours" => 3_600,
        "minutes" => 60,
        _ => 1,
    };
    parts.iter().map(|(name, count)| count.saturating_mul(unit(name))).fold(0, u64::saturating_add)
}

/// Reads and checks the body of a create or replace request.
pub fn read(body: &Map<String, Value>, id: Uuid, created_at: Timestamp) -> Result<Configuration, Vec<Detail>> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(body, "", &mut mistakes);
    // A configuration that was read and is sent back carries them; they say nothing new.
    fields.value("id");
    fields.value("createdAt");
    let doc_type = fields.text("type", 1, 1024);
    let doc_type = fields.required("type", doc_type).unwrap_or_default().to_owned();
    if doc_type == "VerifiableCredential" {
        fields.mistake("type", "must not be VerifiableCredential");
    }
    if !doc_type.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        fields.mistake("type", "must have visible ASCII characters only, without quotes and backslashes");
    }
    let claim_mappings = mappings(&mut fields, &doc_type);
    let expires_in = expires_in(&mut fields, &doc_type);
    let valid_from = map_from(&mut fields, "validFrom");
    let valid_until = map_from(&mut fields, "validUntil");
    let branding = fields.nested("branding", branding::read);
    let include_status = fields.boolean("includeStatus").unwrap_or(false);
    if include_status {
        fields.mistake("includeStatus", "status lists are not offered by this version");
    }
    if let Some(source) = fields.uuid("claimSourceId") {
        fields.detail(Detail::body("claimSourceId", "Resource Not Found").with_value(source.to_string()));
    }
    fields.finish();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(Configuration {
        id,
        doc_type,
        claim_mappings,
        expires_in,
        valid_from,
        valid_until,
        branding,
        include_status,
        created_at,
    })
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
