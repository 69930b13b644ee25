//! Configurations of docTypes that standards define are held to them, element by element.

use issuerd_tests::Daemon;
use issuerd_tests::configurations::{changed, mapped, mdl};
use issuerd_tests::daemon::{MDL, PID};
use issuerd_tests::management::{CONFIGURATIONS, Management, details};
use serde_json::{Map, Value, json};

const PHOTO_ID: &str = "org.iso.23220.photoid.1";

/// Replaces the configuration that `dev` made, so that only the mappings can be at fault.
#[track_caller]
fn refused(management: &Management, id: &str, body: &Value, element: &str) {
    let answer = management.put(&format!("{CONFIGURATIONS}/{id}"), body);
    let details = details(&answer);
    assert!(details.iter().any(|(param, _)| param.ends_with(element)), "{element} is not among {details:?}");
}

// MDL-02
#[test]
fn mdl_02_a_configuration_without_a_mandatory_element_is_refused() {
    let daemon = Daemon::start();
    let (management, id) = (daemon.management(), daemon.configuration(MDL));
    management.put(&format!("{CONFIGURATIONS}/{id}"), &mdl(MDL)).expect(200);
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
        let pointer = format!("/claimMappings/org.iso.18013.5.1/{element}");
        refused(&management, id, &changed(mdl(MDL), &pointer, Value::Null), element);
        // A mandatory element that may be missing is as bad.
        let mut optional = mapped(element, "string");
        optional["type"] = mdl(MDL).pointer(&pointer).unwrap()["type"].clone();
        optional["required"] = json!(false);
        refused(&management, id, &changed(mdl(MDL), &pointer, optional), element);
    }
}

// MDL-11
#[test]
fn mdl_11_each_element_has_the_type_of_the_standard() {
    let daemon = Daemon::start();
    let (management, id) = (daemon.management(), daemon.configuration(MDL));
    for (element, right, wrong) in [
        ("family_name", "string", "number"),
        ("birth_date", "date", "string"),
        ("issue_date", "date", "number"),
        ("portrait", "binary", "string"),
        ("driving_privileges", "array", "object"),
        ("un_distinguishing_sign", "string", "boolean"),
        ("administrative_number", "string", "number"),
        // MDL-12
        ("sex", "number", "string"),
        ("height", "number", "string"),
        ("weight", "number", "boolean"),
        // MDL-13
        ("eye_colour", "string", "number"),
        ("hair_colour", "string", "array"),
        // MDL-14
        ("portrait_capture_date", "dateTime", "string"),
        ("signature_usual_mark", "binary", "string"),
        ("biometric_template_face", "binary", "object"),
        // MDL-15
        ("age_over_18", "boolean", "string"),
        ("age_in_years", "number", "string"),
        ("age_birth_year", "number", "dateTime"),
        // MDL-17
        ("issuing_jurisdiction", "string", "array"),
        ("nationality", "string", "array"),
    ] {
        let pointer = format!("/claimMappings/org.iso.18013.5.1/{element}");
        refused(&management, id, &changed(mdl(MDL), &pointer, mapped(element, wrong)), element);
        let good = changed(mdl(MDL), &pointer, mapped(element, right));
        let answer = management.put(&format!("{CONFIGURATIONS}/{id}"), &good);
        assert_eq!(answer.status, 200, "{element}: {}", answer.text());
    }
}

// MDL-13
#[test]
fn mdl_13_fixed_values_are_checked_too() {
    let daemon = Daemon::start();
    let (management, id) = (daemon.management(), daemon.configuration(MDL));
    for (element, value) in [
        ("eye_colour", json!("turquoise")),
        ("hair_colour", json!("Green")),
        ("sex", json!(3)),
        ("issuing_country", json!("Utopia")),
        ("issuing_country", json!("ut")),
        ("birth_date", json!("2023-02-30")),
        ("portrait", json!("bm90IGFuIGltYWdl")),
        ("un_distinguishing_sign", json!("")),
        ("family_name", json!("x".repeat(151))),
        ("age_over_18", json!("yes")),
    ] {
        let pointer = format!("/claimMappings/org.iso.18013.5.1/{element}");
        refused(&management, id, &changed(mdl(MDL), &pointer, json!({ "defaultValue": value })), element);
    }
}

// MDL-18
#[test]
fn mdl_18_the_iso_namespace_has_no_domestic_elements_and_national_namespaces_any() {
    let daemon = Daemon::start();
    let (management, id) = (daemon.management(), daemon.configuration(MDL));
    for element in ["organ_donor", "familyname", "age_over_1", "age_over_100", "Sex"] {
        let pointer = format!("/claimMappings/org.iso.18013.5.1/{element}");
        refused(&management, id, &changed(mdl(MDL), &pointer, mapped("x", "string")), element);
    }
    let organ_donor = json!({ "organ_donor": mapped("organ_donor", "number") });
    refused(&management, id, &changed(mdl(MDL), "/claimMappings/org.example", organ_donor.clone()), "organ_donor");
    let national = changed(mdl(MDL), "/claimMappings/org.iso.18013.5.1.aamva", organ_donor);
    management.put(&format!("{CONFIGURATIONS}/{id}"), &national).expect(200);
}

fn pid() -> Value {
    let string = ["family_name", "given_name", "issuing_authority", "issuing_country"];
    let mut elements: Map<_, _> = string.iter().map(|name| ((*name).to_owned(), mapped(name, "string"))).collect();
    elements.insert("birth_date".into(), mapped("birth_date", "date"));
    elements.insert("place_of_birth".into(), mapped("place_of_birth", "object"));
    elements.insert("nationality".into(), mapped("nationality", "array"));
    elements.insert("portrait".into(), mapped("portrait", "binary"));
    json!({ "type": PID, "expiresIn": { "hours": 24 }, "claimMappings": { PID: elements } })
}

// PID-02
#[test]
fn pid_02_a_configuration_of_a_pid_is_held_to_the_rulebook() {
    let daemon = Daemon::start();
    let (management, id) = (daemon.management(), daemon.configuration(PID));
    management.put(&format!("{CONFIGURATIONS}/{id}"), &pid()).expect(200);
    // PID-03
    for element in [
        "family_name",
        "given_name",
        "birth_date",
        "place_of_birth",
        "nationality",
        "issuing_authority",
        "issuing_country",
    ] {
        refused(&management, id, &changed(pid(), &format!("/claimMappings/{PID}/{element}"), Value::Null), element);
    }
    // PID-04, PID-05, PID-06, PID-07
    for (element, wrong) in [
        ("birth_date", "string"),
        ("place_of_birth", "string"),
        ("nationality", "string"),
        ("portrait", "string"),
        ("sex", "string"),
        ("expiry_date", "string"),
        ("email_address", "number"),
        ("resident_city", "boolean"),
        ("tax_number", "string"),
    ] {
        let body = changed(pid(), &format!("/claimMappings/{PID}/{element}"), mapped(element, wrong));
        refused(&management, id, &body, element);
    }
    // PID-01
    let tax = json!({ "tax_number": mapped("tax_number", "string") });
    refused(&management, id, &changed(pid(), "/claimMappings/org.example", tax.clone()), "tax_number");
    let domestic = changed(pid(), "/claimMappings/eu.europa.ec.eudi.pid.de", tax);
    management.put(&format!("{CONFIGURATIONS}/{id}"), &domestic).expect(200);
}

#[test]
fn a_configuration_of_a_photo_id_is_checked_by_element() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "type": PHOTO_ID, "expiresIn": { "days": 30 }, "claimMappings": {
        "org.iso.23220.1": { "portrait": mapped("portrait", "string"), "shoe_size": mapped("shoe_size", "number") },
    } });
    let params: Vec<_> = management.refused_configuration(&body).into_iter().map(|(param, _)| param).collect();
    for element in ["portrait", "shoe_size", "birth_date"] {
        assert!(params.iter().any(|param| param.ends_with(element)), "{element} is not among {params:?}");
    }
}
