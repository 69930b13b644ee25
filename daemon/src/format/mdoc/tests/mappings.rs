//! Configurations checked and claims mapped, for the known docTypes and for an unknown one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::support::to_hex;
use crate::format::mdoc::mapping::{
    ClaimMapping, ClaimType, MappedNamespace, MappingProblem, Mappings, Problem, check_configuration, map_claims,
};

pub(super) const MDL: &str = "org.iso.18013.5.1.mDL";
pub(super) const MDL_NAMESPACE: &str = "org.iso.18013.5.1";
const PID: &str = "eu.europa.ec.eudi.pid.1";
const OTHER: &str = "org.example.card.1";

/// A JPEG of `length` bytes in base64, as far as its first bytes tell.
pub(super) fn portrait(length: usize) -> String {
    STANDARD.encode([&[0xff, 0xd8, 0xff, 0xe0], vec![0x42; length - 4].as_slice()].concat())
}

fn mappings(value: Value) -> Mappings {
    serde_json::from_value(value).unwrap()
}

pub(super) fn licence_mappings() -> Mappings {
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

pub(super) fn licence_claims() -> Value {
    json!({
        "authenticationProvider": { "subjectId": "sub-1", "url": "https://login.example" },
        "claims": {
            "family_name": "Sommer", "name": { "given": "Mika" }, "birth_date": "1984-02-29", "issued": "2025-03-01T09:00:00.5+01:00",
            "expires": "2040-03-01", "number": "D 123", "portrait": portrait(1_000), "sex": 1, "height": 180.0, "adult": true,
            "privileges": [{ "vehicle_category_code": "B", "issue_date": "2004-05-01" }],
        },
    })
}

fn licence(change: impl FnOnce(&mut Value)) -> Result<Vec<MappedNamespace>, MappingProblem> {
    let mut claims = licence_claims();
    change(&mut claims["claims"]);
    map_claims(MDL, &licence_mappings(), &claims)
}

fn value(namespaces: &[MappedNamespace], identifier: &str) -> Option<Cbor> {
    let element = namespaces.iter().flat_map(|n| &n.elements).find(|element| element.identifier == identifier)?;
    Some(ciborium::from_reader(element.value.as_slice()).unwrap())
}

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

pub(super) fn set(mappings: &mut Mappings, element: &str, mapping: Value) {
    let mapping: ClaimMapping = serde_json::from_value(mapping).unwrap();
    mappings.entry(MDL_NAMESPACE.to_owned()).or_default().insert(element.to_owned(), mapping);
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
        let mapping = ClaimMapping { map_from: None, default_value: Some(value), required: false, kind: None };
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

// MDL-02, MDL-05, MDL-11, MDL-12
#[test]
fn claims_fill_the_elements_in_their_types() {
    let namespaces = licence(|_| ()).unwrap();
    assert_eq!(namespaces.len(), 1);
    let identifiers: Vec<_> = namespaces[0].elements.iter().map(|element| element.identifier.as_str()).collect();
    assert_eq!(identifiers.len(), 15);
    assert!(identifiers.is_sorted());
    for (identifier, expected) in [
        ("given_name", "Mika".into()),
        ("height", 180.into()),
        ("resident_city", "Musterstadt".into()),
        ("birth_date", Cbor::Tag(1004, Box::new("1984-02-29".into()))),
        ("issue_date", Cbor::Tag(0, Box::new("2025-03-01T08:00:00Z".into()))),
    ] {
        assert_eq!(value(&namespaces, identifier), Some(expected));
    }
    let birth_date = namespaces[0].elements.iter().find(|element| element.identifier == "birth_date").unwrap();
    assert_eq!(to_hex(&birth_date.value), "d903ec6a313938342d30322d3239");
}

// MDL-20: the four behaviours of a mapping.
#[test]
fn absent_values_fall_back_are_left_out_or_refuse() {
    for absent in [json!({}), json!({ "city": null, "sex": null })] {
        let namespaces =
            licence(|claims| claims.as_object_mut().unwrap().extend(absent.as_object().unwrap().clone())).unwrap();
        assert_eq!(value(&namespaces, "resident_city"), Some("Musterstadt".into()));
        assert_eq!(value(&namespaces, "sex").is_none(), absent.get("sex").is_some());
    }
    let taken = licence(|claims| claims["city"] = "Kleinstadt".into()).unwrap();
    assert_eq!(value(&taken, "resident_city"), Some("Kleinstadt".into()));
    for (path, missing) in [("number", "document_number"), ("name", "given_name"), ("portrait", "portrait")] {
        let refused = licence(|claims| drop(claims.as_object_mut().unwrap().remove(path))).unwrap_err();
        assert_eq!(
            (&refused.namespace[..], &refused.element[..], refused.problem),
            (MDL_NAMESPACE, missing, Problem::Missing)
        );
    }
}

// MDL-03, MDL-08, MDL-20, MDL-21
#[test]
fn a_wrong_value_refuses_the_credential_and_is_not_repeated() {
    for (name, wrong, element) in [
        ("family_name", json!("Зоммер"), "family_name"),
        ("family_name", json!(""), "family_name"),
        ("number", json!(123), "document_number"),
        ("birth_date", json!("2023-02-30"), "birth_date"),
        ("portrait", json!("secretsecret"), "portrait"),
        ("sex", json!(7), "sex"),
        ("city", json!(17), "resident_city"),
        ("adult", json!("secret"), "age_over_18"),
        ("privileges", json!([{ "vehicle_category_code": "B", "secret": 1 }]), "driving_privileges"),
    ] {
        let refused = licence(|claims| claims[name] = wrong.clone()).unwrap_err();
        assert_eq!(refused.element, element);
        assert!(matches!(refused.problem, Problem::Value(_)));
        let told = format!("{refused} {refused:?}");
        assert!(!["secret", "Зоммер", "123", "2023", "17"].iter().any(|part| told.contains(part)), "{told}");
    }
}

#[test]
fn an_empty_namespace_is_left_out() {
    let mappings = mappings(json!({
        "org.example.a": { "x": { "mapFrom": "claims.none", "type": "string" } },
        "org.example.b": { "subject": { "mapFrom": "authenticationProvider.subjectId", "type": "string" } },
    }));
    let namespaces = map_claims(OTHER, &mappings, &licence_claims()).unwrap();
    assert_eq!(namespaces.len(), 1);
    assert_eq!(value(&namespaces, "subject"), Some("sub-1".into()));
    assert_eq!(map_claims(OTHER, &Mappings::new(), &json!({})), Ok(vec![]));
}

// PID-02, PID-03, PID-04, PID-05, PID-06, PID-07
#[test]
fn a_pid_has_its_own_types() {
    let from = |kind: &str, name: &str| json!({ "mapFrom": format!("claims.{name}"), "type": kind, "required": true });
    let mappings = mappings(json!({ PID: {
        "family_name": from("string", "family"), "given_name": from("string", "given"), "birth_date": from("date", "born"),
        "place_of_birth": from("object", "place"), "nationality": from("array", "nationality"),
        "portrait": { "mapFrom": "claims.portrait", "type": "binary", "defaultValue": "" },
        "sex": from("number", "sex"), "expiry_date": from("date", "expiry"), "mobile_phone_number": from("string", "phone"),
        "issuing_authority": { "defaultValue": "Behörde" }, "issuing_country": { "defaultValue": "DE" },
    }}));
    assert_eq!(check_configuration(PID, &mappings), []);
    let claims = json!({ "claims": {
        "family": "Зоммер", "given": "Mika", "born": "1984-02-29", "place": { "country": "PL", "locality": "Łódź" },
        "nationality": ["DE", "QS"], "sex": 5, "expiry": "2040-03-01", "phone": "+4930123456",
    }});
    let namespaces = map_claims(PID, &mappings, &claims).unwrap();
    assert_eq!(value(&namespaces, "family_name"), Some("Зоммер".into()));
    assert_eq!(value(&namespaces, "nationality"), Some(Cbor::Array(vec!["DE".into(), "QS".into()])));
    assert_eq!(value(&namespaces, "portrait"), Some(Cbor::Bytes(vec![])));
    assert_eq!(value(&namespaces, "sex"), Some(5.into()));
    for (name, wrong) in
        [("nationality", json!("DE")), ("place", json!({})), ("sex", json!(7)), ("phone", json!("030"))]
    {
        let mut claims = claims.clone();
        claims["claims"][name] = wrong;
        assert!(map_claims(PID, &mappings, &claims).is_err(), "{name}");
    }
    let missing = check_configuration(PID, &Mappings::new());
    assert_eq!((missing.len(), missing.iter().all(|problem| problem.namespace == PID)), (7, true));
}

// MDL-18
#[test]
fn domestic_and_unknown_elements_have_the_type_of_the_mapping() {
    for (kind, claim, expected) in [
        ("dateTime", json!("2026-01-05T01:00:00+01:00"), "c074323032362d30312d30355430303a30303a30305a"),
        ("date", json!("1984-02-29"), "d903ec6a313938342d30322d3239"),
        ("binary", json!("AQI"), "420102"),
        ("number", json!(1.5), "f93e00"),
        ("string", json!("two\nlines"), "6974776f0a6c696e6573"),
        ("array", json!([1, { "a": null }]), "8201a16161f6"),
    ] {
        for (doc_type, namespace) in [(OTHER, "org.example"), (MDL, "org.iso.18013.5.1.aamva")] {
            let mapping = mappings(json!({ namespace: { "x": { "mapFrom": "claims.x", "type": kind } } }));
            let namespaces = map_claims(doc_type, &mapping, &json!({ "claims": { "x": claim } })).unwrap();
            assert_eq!(to_hex(&namespaces[0].elements[0].value), expected, "{kind}");
        }
    }
}
