//! The rules between elements, the start of validity and the signer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::mappings::support::{MDL, MDL_NAMESPACE, licence_claims, licence_mappings, set};
use super::support::timestamp;
use crate::format::mdoc::mapping::{MappedNamespace, map_claims};
use crate::format::mdoc::{SignerPlace, check_consistency, latest_expiry};

const SIGNER: SignerPlace<'_> = SignerPlace { country: "DE", state_or_province: None };

fn licence() -> Vec<MappedNamespace> {
    map_claims(MDL, &licence_mappings(), &licence_claims()).unwrap()
}

fn licence_with(element: &str, mapping: Value) -> Vec<MappedNamespace> {
    let mut mappings = licence_mappings();
    set(&mut mappings, element, mapping);
    map_claims(MDL, &mappings, &licence_claims()).unwrap()
}

fn refused(namespaces: &[MappedNamespace], valid_from: &str, signer: SignerPlace<'_>) -> Option<String> {
    check_consistency(MDL, namespaces, timestamp(valid_from), signer).err().map(|problem| problem.element)
}

const NOW: &str = "2026-01-05T00:00:00Z";

// MDL-05, MDC-MSO-14
#[test]
fn the_document_must_not_have_expired() {
    let licence = licence();
    assert_eq!(refused(&licence, NOW, SIGNER), None);
    assert_eq!(latest_expiry(&licence), Some(timestamp("2040-03-01T00:00:00Z")));
    assert_eq!(refused(&licence, "2040-02-29T23:59:59Z", SIGNER), None);
    assert_eq!(refused(&licence, "2040-03-01T00:00:00Z", SIGNER).as_deref(), Some("expiry_date"));
    let fixed = |expiry: &str| licence_with("expiry_date", json!({ "defaultValue": expiry }));
    let expiry: Option<Timestamp> = latest_expiry(&fixed("2030-01-01T12:00:00+02:00"));
    assert_eq!(expiry, Some(timestamp("2030-01-01T10:00:00Z")));
    for (expiry, wrong) in [
        ("2025-03-01T08:00:00Z", true),
        ("2025-03-01T08:00:01Z", false),
        ("2025-03-01", true),
        ("2025-02-28", true),
        ("2025-03-02", false),
    ] {
        assert_eq!(refused(&fixed(expiry), "2025-01-01T00:00:00Z", SIGNER).is_some(), wrong, "{expiry}");
    }
    assert_eq!(latest_expiry(&[]), None);
}

// MDL-15, MDC-MSO-15, PID-08
#[test]
fn ages_agree_with_the_birth_date_at_the_start_of_validity() {
    let person = |born: &str, element: &str, stated: Value| {
        let mut mappings = licence_mappings();
        set(&mut mappings, "birth_date", json!({ "defaultValue": born }));
        set(&mut mappings, "age_over_18", json!({ "defaultValue": true }));
        mappings.get_mut(MDL_NAMESPACE).unwrap().remove("age_over_18");
        set(&mut mappings, element, json!({ "defaultValue": stated }));
        map_claims(MDL, &mappings, &licence_claims()).unwrap()
    };
    for (born, element, stated, from, agrees) in [
        ("2008-01-05", "age_over_18", json!(true), "2026-01-05T00:00:00Z", true),
        ("2008-01-05", "age_over_18", json!(true), "2026-01-04T23:59:59Z", false),
        ("2008-01-05", "age_over_18", json!(false), "2026-01-04T23:59:59Z", true),
        ("2008-01-05", "age_over_18", json!(false), "2026-01-05T00:00:00Z", false),
        ("2008-02-29", "age_over_18", json!(true), "2026-03-01T00:00:00Z", true),
        ("2008-02-29", "age_over_18", json!(false), "2026-03-01T00:00:00Z", false),
        ("2008-02-29", "age_over_18", json!(true), "2026-02-28T00:00:00Z", true),
        ("2008-02-29", "age_over_18", json!(false), "2026-02-28T00:00:00Z", true),
        ("2008-02-29", "age_over_18", json!(true), "2026-02-27T23:59:59Z", false),
        ("2008-02-29", "age_over_20", json!(true), "2028-02-28T00:00:00Z", false),
        ("2008-02-29", "age_over_20", json!(true), "2028-02-29T00:00:00Z", true),
        ("2008-01-05", "age_over_00", json!(true), "2026-01-05T00:00:00Z", true),
        ("1984-02-29", "age_birth_year", json!(1984), NOW, true),
        ("1984-02-29", "age_birth_year", json!(1985), NOW, false),
        ("1984-02-29", "age_in_years", json!(41), NOW, true),
        ("1984-02-29", "age_in_years", json!(42), NOW, false),
        ("1984-02-29", "age_in_years", json!(70_000), NOW, false),
        ("2026-01-06", "height", json!(50), NOW, false),
    ] {
        let element = if born == "2026-01-06" { ("birth_date", element) } else { (element, element) };
        let found = refused(&person(born, element.1, stated.clone()), from, SIGNER);
        assert_eq!(found, (!agrees).then(|| element.0.to_owned()), "{born} {} {stated} {from}", element.1);
    }
}

// MDL-06, MDL-10, MDL-17, PID-14
#[test]
fn the_place_of_issue_is_that_of_the_signer() {
    let licence = licence();
    let elsewhere = SignerPlace { country: "FR", state_or_province: None };
    assert_eq!(refused(&licence, NOW, elsewhere).as_deref(), Some("issuing_country"));
    let alpha2 = licence_with("un_distinguishing_sign", json!({ "defaultValue": "DE" }));
    assert_eq!(refused(&alpha2, NOW, SIGNER).as_deref(), Some("un_distinguishing_sign"));
    let jurisdiction = |code: &str| licence_with("issuing_jurisdiction", json!({ "defaultValue": code }));
    for (code, state, agrees) in [
        ("DE-BY", None, true),
        ("FR-75", None, false),
        ("DE-BY", Some("DE-BY"), true),
        ("DE-BY", Some("BY"), true),
        ("DE-BY", Some("DE-HE"), false),
    ] {
        let found = refused(&jurisdiction(code), NOW, SignerPlace { country: "de", state_or_province: state });
        assert_eq!(found.as_deref(), (!agrees).then_some("issuing_jurisdiction"), "{code} {state:?}");
    }
    let unknown = check_consistency("org.example.card.1", &licence, timestamp("2050-01-01T00:00:00Z"), elsewhere);
    assert_eq!(unknown, Ok(()));
}
