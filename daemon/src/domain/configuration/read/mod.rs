//! Reads the body of a request that creates or replaces a configuration.

mod mdoc;
mod sd_jwt_vc;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Body, Configuration, DAY, MapFrom, branding, cap, display, key_attestation, lifetime};
use crate::format::CredentialFormat;
use crate::format::claim::ClaimMapping;
use crate::wire::fields::{Detail, Fields, read_body};

const UNITS: [&str; 7] = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
/// Claims in a configuration; a credential holds a digest and a salt for each.
const MOST_CLAIMS: usize = 500;

/// Reads and checks the body of a create or replace request.
pub(super) fn read(
    format: CredentialFormat,
    body: &Map<String, Value>,
    id: Uuid,
    created_at: Timestamp,
) -> Result<Configuration, Vec<Detail>> {
    read_body(body, |fields| {
        // A configuration that was read and is sent back carries them; they say nothing new.
        fields.value("id");
        fields.value("createdAt");
        let body = match format {
            CredentialFormat::MsoMdoc => Body::Mdoc(mdoc::read(fields)),
            CredentialFormat::DcSdJwt => Body::SdJwtVc(sd_jwt_vc::read(fields)),
        };
        let configuration = Configuration {
            id,
            expires_in: expires_in(fields, cap(format, body.credential_type())),
            body,
            valid_from: map_from(fields, "validFrom"),
            valid_until: map_from(fields, "validUntil"),
            branding: fields.nested("branding", branding::read),
            display: display::read(fields),
            include_status: fields.boolean("includeStatus").unwrap_or(false),
            approval_required: fields.boolean("approvalRequired").unwrap_or(false),
            claim_source_id: fields.uuid("claimSourceId"),
            authentication_provider_id: fields.uuid("authenticationProviderId"),
            key_attestation: fields.nested("keyAttestation", key_attestation::read),
            created_at,
        };
        if configuration.key_attestation.is_some() && !configuration.is_bound() {
            fields.mistake("keyAttestation", "applies only to credentials that are bound to a key: see keyBinding");
        }
        Some(configuration)
    })
}

/// The name of a type, which is also part of a scope (RFC 6749 3.3).
fn credential_type(fields: &mut Fields<'_>, member: &'static str) -> String {
    let name = fields.text(member, 1, 1024);
    let name = fields.required(member, name).unwrap_or_default().to_owned();
    if !name.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        fields.mistake(member, "must have visible ASCII characters only, without quotes and backslashes");
    }
    name
}

/// What the mappings of all formats have. Whether a source is there, and a type with it, is the format's to check.
fn mapping(fields: &mut Fields<'_>) -> ClaimMapping {
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
    ClaimMapping { map_from, default_value, required, kind, display: display::read_names(fields) }
}

fn expires_in(fields: &mut Fields<'_>, most: u64) -> BTreeMap<String, u64> {
    let parts = fields.nested("expiresIn", |inner| {
        let read = UNITS.iter().filter_map(|unit| Some(((*unit).to_owned(), inner.integer(unit, 0, 1_000_000_000)?)));
        read.collect::<BTreeMap<_, _>>()
    });
    let parts = fields.required("expiresIn", parts).unwrap_or_default();
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
