//! A configuration of a driving licence and claims for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::format::mdoc::mapping::{ClaimMapping, Mappings};

pub(in super::super) const MDL: &str = "org.iso.18013.5.1.mDL";
pub(in super::super) const MDL_NAMESPACE: &str = "org.iso.18013.5.1";
pub(super) const PID: &str = "eu.europa.ec.eudi.pid.1";
pub(super) const OTHER: &str = "org.example.card.1";

/// A JPEG of `length` bytes in base64, as far as its first bytes tell.
pub(in super::super) fn portrait(length: usize) -> String {
    STANDARD.encode([&[0xff, 0xd8, 0xff, 0xe0], vec![0x42; length - 4].as_slice()].concat())
}

pub(super) fn mappings(value: Value) -> Mappings {
    serde_json::from_value(value).unwrap()
}

pub(in super::super) fn licence_mappings() -> Mappings {
    let from = |name: &str, kind: &str| json!({ "mapFrom": format!("claims.{name}"), "type": kind, "required": true });
    mappings(json!({ MDL_NAMESPACE: {
        "family_name": from("family_name", "string"),
        "given_name": from("name.given", "string"),
        "birth_date": from("birth_date", "date"),
        "issue_date": from("issued", "dateTime"),
        "expiry_date": from("expires", "date"),
        "issuing_country": { "defaultValue": "DE", "type": "string" },
        "issuing_authority": { "defaultValue": "Kreis Musterstadt" },
        "document_number": from("number", "string"),
        "portrait": from("portrait", "binary"),
        "driving_privileges": from("privileges", "array"),
        "un_distinguishing_sign": { "defaultValue": "D", "type": "string" },
        "sex": { "mapFrom": "claims.sex", "type": "number" },
        "height": { "mapFrom": "claims.height", "type": "number" },
        "age_over_18": { "mapFrom": "claims.adult", "type": "boolean" },
        "resident_city": { "mapFrom": "claims.city", "type": "string", "defaultValue": "Musterstadt" },
    }}))
}

pub(in super::super) fn licence_claims() -> Value {
    json!({
        "authenticationProvider": { "subjectId": "sub-1", "url": "https://login.example" },
        "claims": {
            "family_name": "Sommer", "name": { "given": "Mika" }, "birth_date": "1984-02-29", "issued": "2025-03-01T09:00:00.5+01:00",
            "expires": "2040-03-01", "number": "D 123", "portrait": portrait(1_000), "sex": 1, "height": 180.0, "adult": true,
            "privileges": [{ "vehicle_category_code": "B", "issue_date": "2004-05-01" }],
        },
    })
}

pub(in super::super) fn set(mappings: &mut Mappings, element: &str, mapping: Value) {
    let mapping: ClaimMapping = serde_json::from_value(mapping).unwrap();
    mappings.entry(MDL_NAMESPACE.to_owned()).or_default().insert(element.to_owned(), mapping);
}
