//! Configurations checked.

use serde_json::{Value, json};

use super::support::*;
use crate::format::mdoc::mapping::{ClaimMapping, ClaimType, Mappings, Problem, check_configuration};

/// The problems of a licence's configuration after a change.
fn problems(change: impl FnOnce(&mut Mappings)) -> Vec<(String, String, Problem)> {
    let mut mappings = licence_mappings();
    change(&mut mappings);
    let problems = check_configuration(MDL, &mappings);
    problems.into_iter().map(|problem| (problem.namespace, problem.element, problem.problem)).collect()
}

fn one(element: &str, problem: Problem) -> Vec<(String, String, Problem)> {
    vec![(MDL_NAMESPACE.to_owned(), element.to_owned(), problem)]
}

// MDL-02
#[test]
fn a_complete_licence_has_no_problem_and_each_missing_mandatory_element_is_named() {
    assert_eq!(problems(|_| ()), []);
    for element in [
        "family_name",
        "given_name",
        "birth_date",
        "issue_date",
        "expiry_date",
        "issuing_country",
        "issuing_authority",
        "document_number",
        "portrait",
        "driving_privileges",
        "un_distinguishing_sign",
    ] {
        let missing = problems(|mappings| drop(mappings.get_mut(MDL_NAMESPACE).unwrap().remove(element)));
        assert_eq!(missing, one(element, Problem::NotMapped));
    }
    assert_eq!(check_configuration(MDL, &Mappings::new()).len(), 11);
}

// MDL-20
#[test]
fn a_mandatory_element_must_be_required_or_have_a_default() {
    let optional = json!({ "mapFrom": "claims.number", "type": "string" });
    assert_eq!(problems(|m| set(m, "document_number", optional)), one("document_number", Problem::NotRequired));
    let with_default = json!({ "mapFrom": "claims.number", "type": "string", "defaultValue": "none" });
    assert_eq!(problems(|m| set(m, "document_number", with_default)), []);
}

// MDL-04, MDL-05, MDL-08, MDL-09, MDL-12, MDL-14, MDL-15
#[test]
fn a_type_that_does_not_fit_the_element_is_refused() {
    for (element, kind, expected) in [
        ("birth_date", "string", "date or dateTime"),
        ("expiry_date", "number", "date or dateTime"),
        ("portrait_capture_date", "date", "dateTime"),
        ("portrait", "string", "binary"),
        ("driving_privileges", "object", "array"),
        ("sex", "string", "number"),
        ("age_over_21", "string", "boolean"),
        ("family_name", "binary", "string"),
    ] {
        let mapping = json!({ "mapFrom": "claims.x", "type": kind, "required": true });
        assert_eq!(problems(|m| set(m, element, mapping)), one(element, Problem::Type(expected)));
    }
    let reference = json!({ "mapFrom": "claims.date_of_birth", "required": true, "type": "dateTime" });
    assert_eq!(problems(|m| set(m, "birth_date", reference)), []);
}

// MDL-06, MDL-10, MDL-18
#[test]
fn unknown_names_and_bad_defaults_are_refused_by_name() {
    let fixed = |value: Value| json!({ "defaultValue": value });
    assert_eq!(problems(|m| set(m, "organ_donor", fixed(json!(1)))), one("organ_donor", Problem::UnknownElement));
    for (element, value, sentence) in [
        ("issuing_country", json!("Germany"), "must be an ISO 3166-1 alpha-2 code in upper case"),
        ("birth_date", json!("2023-02-30"), "must be a date of the calendar, YYYY-MM-DD"),
        ("sex", json!(3), "must be a number from the standard's list"),
        ("eye_colour", json!("gray"), "must be a value from the standard's list"),
        ("age_over_18", json!("true"), "must be true or false"),
        ("height", json!(-1), "must be a whole number, 0 or more"),
        ("height", json!(null), "must not be null"),
    ] {
        // `null` in JSON is an absent default to serde, so it is set directly.
        let mapping = ClaimMapping {
            map_from: None,
            default_value: Some(value),
            required: false,
            kind: None,
            display: Vec::new(),
        };
        let found = problems(|m| drop(m.get_mut(MDL_NAMESPACE).unwrap().insert(element.to_owned(), mapping)));
        assert_eq!(found, one(element, Problem::Default(sentence)));
    }
    let mut national = licence_mappings();
    national.insert(
        "org.iso.18013.5.1.aamva".to_owned(),
        mappings(json!({ "x": { "organ_donor": { "defaultValue": 1 } } })).remove("x").unwrap(),
    );
    assert_eq!(check_configuration(MDL, &national), []);
    let namespace = national.remove("org.iso.18013.5.1.aamva").unwrap();
    national.insert("org.example".to_owned(), namespace);
    let found = check_configuration(MDL, &national);
    assert_eq!(
        (found.len(), &found[0].namespace[..], &found[0].problem),
        (1, "org.example", &Problem::UnknownNamespace)
    );
}

#[test]
fn a_mapping_must_be_usable_for_any_type() {
    for (mapping, problem) in [
        (json!({}), Problem::NoSource),
        (json!({ "required": true }), Problem::NoSource),
        (json!({ "mapFrom": "claims.x" }), Problem::NoType),
        (json!({ "mapFrom": "claims.", "type": "string" }), Problem::Path),
        (json!({ "mapFrom": "claims..x", "type": "string" }), Problem::Path),
        (json!({ "mapFrom": "x", "type": "string" }), Problem::Path),
        (json!({ "mapFrom": "authenticationProvider.token", "type": "string" }), Problem::Path),
        (json!({ "defaultValue": "x", "type": "number" }), Problem::Default("must be a number")),
        (
            json!({ "defaultValue": "x", "type": "dateTime" }),
            Problem::Default("must be a date and time, YYYY-MM-DDThh:mm:ssZ"),
        ),
    ] {
        let found = check_configuration(OTHER, &mappings(json!({ "org.example": { "x": mapping } })));
        assert_eq!((found.len(), &found[0].element[..], &found[0].problem), (1, "x", &problem), "{mapping}");
    }
    for name in ["", "a\nb", &"x".repeat(256)] {
        let found = check_configuration(OTHER, &mappings(json!({ "org.example": { name: { "defaultValue": 1 } } })));
        assert_eq!(found[0].problem, Problem::Name);
    }
    for mapping in [
        json!({ "mapFrom": "authenticationProvider.subjectId", "type": "string" }),
        json!({ "mapFrom": "authenticationProvider.url", "type": "string", "required": true }),
        json!({ "mapFrom": "claims.a.b.c", "type": "object", "defaultValue": {} }),
        json!({ "defaultValue": ["x"] }),
    ] {
        assert_eq!(check_configuration(OTHER, &mappings(json!({ "org.example": { "x": mapping } }))), []);
    }
}

#[test]
fn a_mapping_reads_and_writes_the_members_of_the_management_api() {
    let json =
        json!({ "mapFrom": "claims.x", "type": "dateTime", "required": true, "defaultValue": "2026-01-05T00:00:00Z" });
    let mapping: ClaimMapping = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(mapping.kind, Some(ClaimType::DateTime));
    assert_eq!(serde_json::to_value(&mapping).unwrap(), json);
    let plain: ClaimMapping = serde_json::from_value(json!({ "defaultValue": 1 })).unwrap();
    assert_eq!(serde_json::to_value(&plain).unwrap(), json!({ "defaultValue": 1 }));
    for name in ["string", "number", "boolean", "dateTime", "date", "binary", "array", "object"] {
        let kind: ClaimType = serde_json::from_value(name.into()).unwrap();
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
    }
}
