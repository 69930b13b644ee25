//! SD-JWT VC configurations: created, read, listed, replaced, deleted, refused.

use issuerd_tests::configurations::{changed, diploma, membership};
use issuerd_tests::daemon::SD_JWT_PID;
use issuerd_tests::management::{CONFIGURATIONS, SD_JWT_CONFIGURATIONS, details};
use issuerd_tests::{Daemon, HolderKey, Management};
use serde_json::{Value, json};

const VCT: &str = "https://types.example/diploma";

fn path(id: &str) -> String {
    format!("{SD_JWT_CONFIGURATIONS}/{id}")
}

fn refused(management: &Management, body: &Value) -> Vec<(String, String)> {
    details(&management.post(SD_JWT_CONFIGURATIONS, body))
}

/// The one member that is wrong.
#[track_caller]
fn mistake(management: &Management, body: &Value) -> String {
    let mut found = refused(management, body);
    assert_eq!(found.len(), 1, "{body}: {found:?}");
    found.remove(0).0
}

#[test]
fn a_configuration_comes_back_as_it_was_sent_with_an_id() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let mut body = diploma(VCT);
    body["branding"] = json!({ "name": "Diploma", "backgroundColor": "#1B4D3E" });
    body["display"] = json!([
        { "name": "Diploma", "locale": "en", "textColor": "#ffffff" },
        { "name": "Zeugnis", "locale": "de", "description": "Ein Zeugnis" },
    ]);
    body["decoys"] = json!(4);
    body["keyBinding"] = json!(true);
    body["includeStatus"] = json!(false);
    body["validUntil"] = json!({ "mapFrom": "claims.until" });
    body["claimMappings"]["name"]["display"] = json!([{ "name": "Name", "locale": "de" }]);
    let created = management.post(SD_JWT_CONFIGURATIONS, &body).expect(201).json();
    let id = created["id"].as_str().unwrap();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(management.get(&path(id)).expect(200).json(), created);
    assert_eq!(management.list(&format!("{SD_JWT_CONFIGURATIONS}?vct={VCT}")), std::slice::from_ref(&created));
    // What was read can be sent back.
    assert_eq!(management.put(&path(id), &created).expect(200).json(), created);
    assert_eq!(management.list(SD_JWT_CONFIGURATIONS).len(), 2);
    assert_eq!(management.list(&format!("{SD_JWT_CONFIGURATIONS}?limit=1")).len(), 2);
}

#[test]
fn the_two_catalogues_see_nothing_of_each_other() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let diploma_id = management.create_sd_jwt(&diploma(VCT));
    let pass_id = management.create_configuration(&membership("org.example.pass"));
    for (catalogue, foreign) in [(CONFIGURATIONS, &diploma_id), (SD_JWT_CONFIGURATIONS, &pass_id)] {
        let one = format!("{catalogue}/{foreign}");
        management.get(&one).expect(404);
        management.put(&one, &diploma("https://types.example/x")).expect(404);
        management.delete(&one).expect(404);
        assert!(!management.list(catalogue).iter().any(|listed| listed["id"] == **foreign));
    }
    // The same name is another type in another format.
    management.create_configuration(&membership(VCT));
    assert_eq!(mistake(&management, &diploma(VCT)), "vct");
    assert_eq!(mistake(&management, &diploma(SD_JWT_PID)), "vct");
}

#[test]
fn a_replacement_takes_effect_and_a_deletion_ends_offers() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let id = management.create_sd_jwt(&diploma(VCT));
    let claims = json!({ "name": "Mika" });
    let (first, second) = (management.offer_of(&id, &claims), management.offer_of(&id, &claims));
    let replacement = changed(diploma(VCT), "/claimMappings/university", json!({ "defaultValue": "Another" }));
    management.put(&path(&id), &replacement).expect(200);
    let issued = wallet.claim_sd_jwt(&first, &[HolderKey::es256()]).remove(0);
    assert_eq!(issued.claims()["university"], "Another");
    assert!(issued.clear().get("university").is_none());
    management.delete(&path(&id)).expect(204);
    management.get(&path(&id)).expect(404);
    management.delete(&path(&id)).expect(404);
    assert_eq!(wallet.token(&second.code, None).expect(400).json()["error"], "invalid_grant");
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let good = || diploma(VCT);
    let claim = |name: &str| format!("/claimMappings/{name}");
    for (pointer, value, place) in [
        ("/vct".to_owned(), Value::Null, "vct"),
        ("/vct".to_owned(), json!(""), "vct"),
        ("/vct".to_owned(), json!("diploma"), "vct"),
        ("/vct".to_owned(), json!("urn:a b"), "vct"),
        ("/vct".to_owned(), json!("urn:ä"), "vct"),
        ("/type".to_owned(), json!("org.example.pass"), "type"),
        ("/claimMappings".to_owned(), Value::Null, "claimMappings"),
        ("/claimMappings".to_owned(), json!({}), "claimMappings"),
        ("/expiresIn".to_owned(), Value::Null, "expiresIn"),
        ("/expiresIn".to_owned(), json!({ "years": 10 }), "expiresIn"),
        ("/decoys".to_owned(), json!(51), "decoys"),
        ("/decoys".to_owned(), json!(-1), "decoys"),
        ("/keyBinding".to_owned(), json!("yes"), "keyBinding"),
        ("/vctIntegrity".to_owned(), json!(true), "vctIntegrity"),
        ("/display".to_owned(), json!([{ "name": "D", "locale": "xx-" }]), "display.0.locale"),
        (claim("iss"), json!({ "defaultValue": "x" }), "claimMappings.iss"),
        (claim("cnf"), json!({ "defaultValue": {} }), "claimMappings.cnf"),
        (claim("status"), json!({ "claims": { "a": { "defaultValue": 1 } } }), "claimMappings.status"),
        (claim("_sd"), json!({ "defaultValue": [] }), "claimMappings._sd"),
        (claim("name/sd"), json!("sometimes"), "claimMappings.name.sd"),
        (claim("name/mapFrom"), json!("name"), "claimMappings.name"),
        (claim("name/type"), Value::Null, "claimMappings.name"),
        (claim("name/type"), json!("text"), "claimMappings.name.type"),
        (claim("name/requierd"), json!(true), "claimMappings.name.requierd"),
        (claim("name/display"), json!([{ "name": "N" }, { "name": "M" }]), "claimMappings.name.display"),
        (claim("name"), json!("claims.name"), "claimMappings.name"),
        (claim("address/claims"), json!({}), "claimMappings.address"),
        (claim("address/mapFrom"), json!("claims.address"), "claimMappings.address"),
        (claim("address/claims/..."), json!({ "defaultValue": 1 }), "claimMappings.address.claims...."),
        (claim("degrees/type"), json!("string"), "claimMappings.degrees"),
        (claim("degrees/items"), json!([]), "claimMappings.degrees.items"),
        (claim("degrees/items/claims/title/mapFrom"), json!("title"), "claimMappings.degrees.items.claims.title"),
    ] {
        assert_eq!(mistake(&management, &changed(good(), &pointer, value.clone())), place, "{pointer} {value}");
    }
    let attested = changed(changed(good(), "/keyBinding", false), "/keyAttestation", json!({}));
    assert_eq!(mistake(&management, &attested), "keyAttestation");
    assert_eq!(management.list(SD_JWT_CONFIGURATIONS).len(), 1);
}
