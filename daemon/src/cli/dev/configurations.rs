//! The configurations that `issuerd dev` makes. Every element has a demo value, so that an offer without claims can be claimed;
//! claims of the offer take their place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// Drawn for this project.
const PORTRAIT: &[u8] = include_bytes!("portrait.jpg");
/// Country of the demo IACA: user-assigned by ISO 3166-1, so it is nobody's.
pub(super) const COUNTRY: &str = "XX";

/// An mDL configuration (ISO/IEC 18013-5).
pub(super) fn mdl(today: Date) -> Value {
    let expiry = in_five_years(today);
    let mut elements = people();
    elements.extend([
        element("issue_date", "date", today.to_string()),
        element("expiry_date", "date", expiry.to_string()),
        constant("issuing_country", "string", COUNTRY),
        element("issuing_authority", "string", "Utopia Licensing Authority"),
        element("document_number", "string", "DEMO-0001"),
        element("portrait", "binary", STANDARD.encode(PORTRAIT)),
        element("driving_privileges", "array", privileges(today, expiry)),
        element("un_distinguishing_sign", "string", "UTO"),
        optional("sex", "number"),
        optional("height", "number"),
        optional("nationality", "string"),
        optional("resident_address", "string"),
        optional("resident_city", "string"),
        optional("resident_postal_code", "string"),
        optional("resident_country", "string"),
        optional("age_over_18", "boolean"),
        optional("age_over_21", "boolean"),
    ]);
    configuration("org.iso.18013.5.1.mDL", "org.iso.18013.5.1", &elements, "Demo driving licence", "#1b4d3e", 365)
}

/// A PID configuration (EUDI PID rulebook).
pub(super) fn pid(today: Date) -> Value {
    let expiry = in_five_years(today);
    let mut elements = people();
    elements.extend([
        element("place_of_birth", "object", json!({ "locality": "Amaurot" })),
        element("nationality", "array", json!([COUNTRY])),
        element("portrait", "binary", STANDARD.encode(PORTRAIT)),
        element("issuing_authority", "string", "Utopia Civil Registry"),
        constant("issuing_country", "string", COUNTRY),
        element("issuance_date", "date", today.to_string()),
        element("expiry_date", "date", expiry.to_string()),
        optional("sex", "number"),
        optional("resident_address", "string"),
        optional("resident_city", "string"),
        optional("resident_postal_code", "string"),
        optional("resident_country", "string"),
        optional("personal_administrative_number", "string"),
        optional("email_address", "string"),
    ]);
    configuration(
        "eu.europa.ec.eudi.pid.1",
        "eu.europa.ec.eudi.pid.1",
        &elements,
        "Demo person identification",
        "#1a3e72",
        90,
    )
}

/// The same person identification as an SD-JWT VC. Claims of an offer have the names that they have for the mdoc.
pub(super) fn sd_jwt_pid(today: Date) -> Value {
    let demo = |name: &str, kind: &str, demo: Value| json!({ "mapFrom": format!("claims.{name}"), "type": kind, "defaultValue": demo });
    let optional = |name: &str, kind: &str| json!({ "mapFrom": format!("claims.{name}"), "type": kind });
    json!({
        "vct": "urn:eudi:pid:1",
        "claimMappings": {
            "family_name": demo("family_name", "string", "Sommer".into()),
            "given_name": demo("given_name", "string", "Mika".into()),
            "birthdate": demo("birth_date", "date", "1990-02-28".into()),
            "place_of_birth": {
                "mapFrom": "claims.place_of_birth", "type": "object", "defaultValue": { "locality": "Amaurot" },
                "claims": {
                    "country": { "mapFrom": "item.country", "type": "string" },
                    "region": { "mapFrom": "item.region", "type": "string" },
                    "locality": { "mapFrom": "item.locality", "type": "string" },
                },
            },
            "nationalities": {
                "mapFrom": "claims.nationality", "type": "array", "defaultValue": [COUNTRY],
                "items": { "type": "string" },
            },
            "address": { "claims": {
                "formatted": optional("resident_address", "string"),
                "locality": optional("resident_city", "string"),
                "postal_code": optional("resident_postal_code", "string"),
                "country": optional("resident_country", "string"),
            } },
            "picture": demo("portrait", "binary", STANDARD.encode(PORTRAIT).into()),
            "sex": optional("sex", "number"),
            "email": optional("email_address", "string"),
            "personal_administrative_number": optional("personal_administrative_number", "string"),
            "date_of_issuance": demo("issuance_date", "date", today.to_string().into()),
            "date_of_expiry": demo("expiry_date", "date", in_five_years(today).to_string().into()),
            "issuing_authority": { "type": "string", "defaultValue": "Utopia Civil Registry" },
            "issuing_country": { "type": "string", "defaultValue": COUNTRY },
        },
        "expiresIn": { "days": 90 },
        "branding": {
            "name": "Demo person identification",
            "description": "Issued by issuerd dev, for trying out",
            "backgroundColor": "#1a3e72",
        },
    })
}

fn in_five_years(today: Date) -> Date {
    today.saturating_add(jiff::Span::new().years(5))
}

fn people() -> Map<String, Value> {
    Map::from_iter([
        element("family_name", "string", "Sommer"),
        element("given_name", "string", "Mika"),
        element("birth_date", "date", "1990-02-28"),
    ])
}

fn privileges(issued: Date, expires: Date) -> Value {
    json!([{ "vehicle_category_code": "B", "issue_date": issued.to_string(), "expiry_date": expires.to_string() }])
}

fn element(name: &str, kind: &str, demo: impl Into<Value>) -> (String, Value) {
    let mapping = json!({ "mapFrom": format!("claims.{name}"), "type": kind, "defaultValue": demo.into() });
    (name.to_owned(), mapping)
}

/// An element that no claim can change.
fn constant(name: &str, kind: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), json!({ "type": kind, "defaultValue": value.into() }))
}

/// An element that is left out when there is no claim for it.
fn optional(name: &str, kind: &str) -> (String, Value) {
    (name.to_owned(), json!({ "mapFrom": format!("claims.{name}"), "type": kind }))
}

fn configuration(
    doc_type: &str,
    namespace: &str,
    elements: &Map<String, Value>,
    name: &str,
    color: &str,
    days: u32,
) -> Value {
    json!({
        "type": doc_type,
        "claimMappings": { namespace: elements },
        "expiresIn": { "days": days },
        "branding": { "name": name, "description": "Issued by issuerd dev, for trying out", "backgroundColor": color },
    })
}
