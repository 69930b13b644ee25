//! What is in an issued mdoc, byte by byte.

use std::collections::{BTreeMap, BTreeSet};

use ciborium::Value;
use issuerd_tests::cbor::{array, bytes, full_date, integer, map, member, members, text};
use issuerd_tests::certificate::openssl;
use issuerd_tests::claims::{PORTRAIT, mdl, pid, with, without};
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::{MDL, PID};
use issuerd_tests::proof::seconds_now;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Daemon, HolderKey, Mdoc};
use serde_json::json;

fn claim(daemon: &Daemon, claims: &serde_json::Value, copies: usize) -> Vec<Mdoc> {
    let offer = daemon.management().offer_of(daemon.configuration(MDL), claims);
    let keys: Vec<_> = (0..copies).map(|_| HolderKey::es256()).collect();
    daemon.wallet().claim(&offer, &keys)
}

fn is_date(value: &Value) -> bool {
    matches!(value, Value::Tag(0 | 1004, _))
}

// MDL-02
#[test]
fn mdl_02_all_mandatory_elements_have_the_types_of_the_standard() {
    let daemon = Daemon::start();
    let country = daemon.management().country();
    let mdoc = claim(&daemon, &mdl(&country), 1).remove(0);
    // MDL-01, MDL-18
    assert!(mdoc.elements.iter().all(|element| element.namespace == "org.iso.18013.5.1"));
    // MDL-03, MDL-07, MDL-10
    for (name, value) in [
        ("family_name", "Sommer"),
        ("given_name", "Mika"),
        ("issuing_authority", "Licensing Office"),
        ("document_number", "DL-0042-8817"),
        ("un_distinguishing_sign", "UTO"),
    ] {
        assert_eq!(text(mdoc.value(name)), value);
    }
    // MDL-04, CBR-8949-04
    assert_eq!(full_date(mdoc.value("birth_date")), "1984-02-29");
    // MDL-05
    assert!(is_date(mdoc.value("issue_date")) && is_date(mdoc.value("expiry_date")));
    // MDL-06, CRT-DS-08
    assert_eq!(text(mdoc.value("issuing_country")), country);
    assert_eq!(mdoc.signer().attribute("C"), Some(country));
    // MDL-08
    assert!(bytes(mdoc.value("portrait")).starts_with(&[0xff, 0xd8, 0xff]));
    driving_privileges(mdoc.value("driving_privileges"));
}

/// MDL-09
fn driving_privileges(privileges: &Value) {
    let [car, bike] = array(privileges) else { panic!("{privileges:?}") };
    assert_eq!(text(member(car, "vehicle_category_code")), "B");
    assert_eq!(full_date(member(car, "issue_date")), "2004-05-01");
    assert_eq!(full_date(member(car, "expiry_date")), "2041-01-04");
    assert_eq!(members(car).len(), 3);
    let [code] = array(member(bike, "codes")) else { panic!("{bike:?}") };
    assert_eq!(members(code), [("code", &Value::Text("01".into()))]);
}

// MDL-12
#[test]
fn mdl_12_optional_elements_are_typed_and_absent_ones_are_left_out() {
    let daemon = Daemon::start();
    let all = mdl(&daemon.management().country());
    let full = claim(&daemon, &all, 1).remove(0);
    for (name, value) in [("sex", 2), ("height", 171)] {
        if let Some(found) = full.find(name) {
            assert_eq!(integer(found), value);
        }
    }
    // MDL-15
    for (name, value) in [("age_over_18", true), ("age_over_65", false)] {
        if let Some(found) = full.find(name) {
            assert_eq!(found, &Value::Bool(value));
        }
    }
    let mandatory = claim(&daemon, &without(without(all, "sex"), "height"), 1).remove(0);
    assert!(mandatory.find("sex").is_none() && mandatory.find("height").is_none());
}

// MDL-09
#[test]
fn mdl_09_codes_are_left_out_rather_than_empty() {
    let daemon = Daemon::start();
    let privileges = json!([{ "vehicle_category_code": "B", "codes": [] }]);
    let claims = with(mdl(&daemon.management().country()), "driving_privileges", privileges);
    let mdoc = claim(&daemon, &claims, 1).remove(0);
    assert_eq!(members(&array(mdoc.value("driving_privileges"))[0]).len(), 1);
}

// PID-04
#[test]
fn pid_04_elements_have_the_types_of_the_rulebook() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let country = management.country();
    let offer = management.offer_of(daemon.configuration(PID), &pid(&country));
    let mdoc = daemon.wallet().claim(&offer, &[HolderKey::es256()]).remove(0);
    // PID-02, PID-03
    assert_eq!(text(mdoc.value("family_name")), "Sommer");
    assert_eq!(text(mdoc.value("given_name")), "Mika");
    assert_eq!(full_date(mdoc.value("birth_date")), "1984-02-29");
    let place = member(mdoc.value("place_of_birth"), "locality");
    assert_eq!(text(place), "Lindenau");
    assert_eq!(array(mdoc.value("nationality")), [Value::Text(country.clone())]);
    assert_eq!(text(mdoc.value("issuing_authority")), "Population Register");
    // PID-14
    assert_eq!(text(mdoc.value("issuing_country")), country);
    // PID-05
    assert!(bytes(mdoc.value("portrait")).starts_with(&[0xff, 0xd8, 0xff]));
    // PID-06
    if let Some(date) = mdoc.find("expiry_date") {
        assert!(is_date(date), "{date:?}");
    }
}

// MDC-MSO-19, HAIP-8-01
#[test]
fn mdc_mso_19_the_security_object_has_the_members_of_the_standard_and_no_others() {
    let daemon = Daemon::start();
    let mdoc = claim(&daemon, &mdl(&daemon.management().country()), 1).remove(0);
    let names: BTreeSet<_> = members(&mdoc.mso).into_iter().map(|(name, _)| name).collect();
    // MDC-MSO-18: no empty status.
    let expected = ["version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"];
    assert_eq!(names, BTreeSet::from(expected));
    // MDC-MSO-02
    assert_eq!(text(mdoc.mso("version")), "1.0");
    // MDC-MSO-03, COS-9053-03, COS-9052-06
    assert_eq!(text(mdoc.mso("digestAlgorithm")), "SHA-256");
    assert_eq!(mdoc.algorithm, -7);
    let info: BTreeSet<_> = members(mdoc.mso("validityInfo")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(info, BTreeSet::from(["signed", "validFrom", "validUntil"]));
    // MDC-MSO-10: only if configured.
    assert_eq!(members(mdoc.mso("deviceKeyInfo")).len(), 1);
}

// VCI-3.3.2-02
#[test]
fn vci_3_3_2_02_copies_share_the_data_and_nothing_else() {
    let daemon = Daemon::start();
    let mdocs = claim(&daemon, &mdl(&daemon.management().country()), 5);
    let data = |mdoc: &Mdoc| {
        let pairs = mdoc.elements.iter().map(|element| (element.identifier.clone(), format!("{:?}", element.value)));
        pairs.collect::<BTreeMap<_, _>>()
    };
    // VCI-3.3.2-01
    assert!(mdocs.iter().all(|mdoc| data(mdoc) == data(&mdocs[0])));
    let distinct = |values: Vec<Vec<u8>>| values.iter().collect::<BTreeSet<_>>().len() == values.len();
    // MDC-IS-07, ARF-ISSU_35-01
    let salts = mdocs.iter().flat_map(|mdoc| mdoc.elements.iter().map(|element| element.random.clone()));
    assert!(distinct(salts.collect()));
    let digests =
        mdocs.iter().flat_map(|mdoc| members(mdoc.mso("valueDigests")).into_iter().map(|(_, digests)| digests));
    assert!(distinct(
        digests.flat_map(|digests| map(digests).iter().map(|(_, value)| bytes(value).to_vec())).collect()
    ));
    // COS-9053-04: no nonce of a signature is used twice.
    assert!(distinct(mdocs.iter().map(|mdoc| mdoc.signature[..32].to_vec()).collect()));
    assert!(distinct(mdocs.iter().map(|mdoc| format!("{:?}", mdoc.device_key()).into_bytes()).collect()));
}

// MDC-IS-06
#[test]
fn mdc_is_06_the_digest_id_does_not_tell_the_element() {
    let daemon = Daemon::start();
    let mdocs = claim(&daemon, &mdl(&daemon.management().country()), 20);
    let id = |mdoc: &Mdoc| mdoc.elements.iter().find(|element| element.identifier == "birth_date").unwrap().digest_id;
    assert!(mdocs.iter().map(id).collect::<BTreeSet<_>>().len() > 1);
}

// VCI-15.4.1-01
#[test]
fn vci_15_4_1_01_times_do_not_tell_the_second_of_issuance() {
    let daemon = Daemon::start();
    let mdoc = claim(&daemon, &mdl(&daemon.management().country()), 1).remove(0);
    let [signed, from, until] = mdoc.validity().map(jiff::Timestamp::as_second);
    // MDC-MSO-16: on a coarse boundary, or at the document signer's own start or end where rounding would leave its validity.
    let (not_before, not_after) = mdoc.signer().validity();
    assert!(signed % 3_600 == 0 || signed == not_before, "signed {signed}");
    assert!(from % 3_600 == 0 || from == not_before, "validFrom {from}");
    assert!(until % 3_600 == 0 || until == not_after, "validUntil {until}");
}

// MDC-MSO-14
#[test]
fn mdc_mso_14_a_credential_ends_with_the_document() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let tomorrow = jiff::Timestamp::from_second(seconds_now() + 86_400).unwrap().to_string()[..10].to_owned();
    let claims = with(mdl(&management.country()), "expiry_date", tomorrow.clone());
    let mdoc = claim(&daemon, &claims, 1).remove(0);
    let [_, _, until] = mdoc.validity();
    let end: jiff::Timestamp = format!("{tomorrow}T23:59:59Z").parse().unwrap();
    assert!(until <= end, "{until} is after {end}");
    mdoc.verify(&management.iaca());
}

#[test]
fn validity_follows_the_configuration_and_mapped_times_win() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let plain = management.create_configuration(&membership("org.example.club"));
    let mapped = changed(membership("org.example.pass"), "/validUntil", json!({ "mapFrom": "claims.until" }));
    let mapped = management.create_configuration(&mapped);
    let day = 86_400;
    let until = jiff::Timestamp::from_second((seconds_now() / day + 3) * day).unwrap();
    let claims = json!({ "name": "Mika", "until": until.to_string() });
    for (configuration, days) in [(plain, 30), (mapped, 3)] {
        let mdoc = wallet.claim(&management.offer_of(&configuration, &claims), &[HolderKey::es256()]).remove(0);
        let left = mdoc.validity()[2].as_second() - seconds_now();
        assert!(((days - 1) * day..=days * day).contains(&left), "{left} seconds left of {days} days");
    }
}

// COS-9052-05
#[test]
fn cos_9052_05_openssl_verifies_the_chain() {
    let daemon = Daemon::start();
    let mdoc = claim(&daemon, &mdl(&daemon.management().country()), 1).remove(0);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("iaca.pem"), daemon.management().iaca().pem()).unwrap();
    std::fs::write(folder.path().join("signer.pem"), mdoc.signer().pem()).unwrap();
    // The critical extended key usage of a document signer is unknown to openssl's purposes.
    let said = openssl(folder.path(), &["verify", "-ignore_critical", "-CAfile", "iaca.pem", "signer.pem"]);
    assert!(said.contains("signer.pem: OK"), "{said}");
}

// MDL-08
#[test]
fn mdl_08_the_portrait_is_the_image_that_was_given() {
    use base64::Engine as _;
    let daemon = Daemon::start();
    let mdoc = claim(&daemon, &mdl(&daemon.management().country()), 1).remove(0);
    let image = base64::engine::general_purpose::STANDARD.decode(PORTRAIT).unwrap();
    assert_eq!(bytes(mdoc.value("portrait")), image);
}

#[test]
fn the_response_to_a_batch_holds_whole_credentials() {
    // VCI-8.3-06: each decodes strictly by itself, which `credentials` checks.
    let daemon = Daemon::start();
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&management.country()));
    let token = daemon.wallet().redeem(&offer);
    let keys: Vec<_> = (0..20).map(|_| HolderKey::es256()).collect();
    let answer = daemon.wallet().ask(&token, daemon.configuration(MDL), &keys).expect(200);
    assert_eq!(credentials(&answer).len(), 20);
}
