//! Claims mapped.

use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::super::support::to_hex;
use super::support::*;
use crate::format::mdoc::mapping::{
    MappedNamespace, MappingProblem, Mappings, Problem, check_configuration, map_claims,
};

fn licence(change: impl FnOnce(&mut Value)) -> Result<Vec<MappedNamespace>, MappingProblem> {
    let mut claims = licence_claims();
    change(&mut claims["claims"]);
    map_claims(MDL, &licence_mappings(), &claims)
}

fn value(namespaces: &[MappedNamespace], identifier: &str) -> Option<Cbor> {
    let element = namespaces.iter().flat_map(|n| &n.elements).find(|element| element.identifier == identifier)?;
    Some(ciborium::from_reader(element.value.as_slice()).unwrap())
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
