//! The configuration and the claims of the credentials that are issued: a whole mDL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Element, type in the configuration; the mandatory elements of ISO 18013-5 and two ages.
const ELEMENTS: [(&str, &str); 13] = [
    ("family_name", "string"),
    ("given_name", "string"),
    ("birth_date", "date"),
    ("issue_date", "date"),
    ("expiry_date", "date"),
    ("issuing_country", "string"),
    ("issuing_authority", "string"),
    ("document_number", "string"),
    ("portrait", "binary"),
    ("driving_privileges", "array"),
    ("un_distinguishing_sign", "string"),
    ("age_over_18", "boolean"),
    ("age_over_21", "boolean"),
];

/// A configuration whose elements are the claims of the same name.
pub(super) fn configuration() -> Value {
    let mapping =
        |kind: &str, name: &str| json!({ "mapFrom": format!("claims.{name}"), "type": kind, "required": true });
    let elements: Map<_, _> = ELEMENTS.iter().map(|(name, kind)| ((*name).to_owned(), mapping(kind, name))).collect();
    json!({
        "type": "org.iso.18013.5.1.mDL",
        "claimMappings": { "org.iso.18013.5.1": elements },
        "expiresIn": { "days": 30 },
    })
}

/// The same with a value of its own for each element that has no claim.
pub(super) fn configuration_with_values(portrait: usize) -> Value {
    let mut configuration = configuration();
    let elements = configuration.pointer_mut("/claimMappings/org.iso.18013.5.1").and_then(Value::as_object_mut);
    let claims = claims(portrait);
    for (name, mapping) in elements.into_iter().flatten() {
        if let (Some(mapping), Some(value)) = (mapping.as_object_mut(), claims.get(name)) {
            mapping.insert("defaultValue".into(), value.clone());
            mapping.insert("required".into(), false.into());
        }
    }
    configuration
}

/// Claims with a portrait of `portrait` bytes.
pub(super) fn claims(portrait: usize) -> Value {
    json!({
        "family_name": "Sommer",
        "given_name": "Mika",
        "birth_date": "1990-04-17",
        "issue_date": "2025-02-01",
        "expiry_date": "2040-01-31",
        "issuing_country": "XX",
        "issuing_authority": "Utopia Licensing Authority",
        "document_number": "DEMO-4711",
        "portrait": STANDARD.encode(jpeg(portrait)),
        "driving_privileges": [{ "vehicle_category_code": "B", "issue_date": "2008-05-02", "expiry_date": "2040-01-31" }],
        "un_distinguishing_sign": "UTO",
        "age_over_18": true,
        "age_over_21": true,
    })
}

/// Bytes that start and end like a JPEG image.
fn jpeg(length: usize) -> Vec<u8> {
    let mut image = vec![0xff, 0xd8, 0xff, 0xe0];
    image.resize(length.max(6) - 2, 0x5a);
    image.extend([0xff, 0xd9]);
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mapped_element_has_a_claim() {
        let claims = claims(1024);
        assert!(ELEMENTS.iter().all(|(name, _)| claims.get(name).is_some()));
        assert_eq!(claims.as_object().unwrap().len(), ELEMENTS.len());
    }

    #[test]
    fn each_element_has_a_value_where_nothing_is_known() {
        let configuration = configuration_with_values(1024);
        let elements = configuration["claimMappings"]["org.iso.18013.5.1"].as_object().unwrap();
        assert!(elements.len() == ELEMENTS.len() && elements.values().all(|one| one.get("defaultValue").is_some()));
    }

    #[test]
    fn the_portrait_has_the_size_asked_for() {
        assert_eq!(jpeg(1024).len(), 1024);
        assert_eq!(jpeg(0), [0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9]);
    }
}
