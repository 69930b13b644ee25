//! mDocs configurations: created, read, listed, replaced, deleted.

use issuerd_tests::configurations::{changed, mdl, membership};
use issuerd_tests::daemon::{MDL, PID};
use issuerd_tests::management::{CONFIGURATIONS, OFFERS, details};
use issuerd_tests::{Daemon, HolderKey};
use serde_json::{Value, json};

const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn path(id: &str) -> String {
    format!("{CONFIGURATIONS}/{id}")
}

#[test]
fn a_configuration_comes_back_as_it_was_sent_with_an_id() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let mut body = membership("org.example.club");
    body["branding"] = json!({
        "name": "Club card", "description": "Membership of the rowing club", "backgroundColor": "#1B4D3E",
        "watermarkImage": PNG, "issuerLogo": PNG,
        "issuerIcon": "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
    });
    body["validFrom"] = json!({ "mapFrom": "claims.from" });
    body["validUntil"] = json!({ "mapFrom": "claims.until" });
    body["includeStatus"] = json!(false);
    let created = management.post(CONFIGURATIONS, &body).expect(201).json();
    let id = created["id"].as_str().unwrap();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(management.get(&path(id)).expect(200).json(), created);
    assert!(management.list(CONFIGURATIONS).contains(&created));
}

// VCI-12.2.4-14
#[test]
fn vci_12_2_4_14_a_configuration_is_in_the_metadata_as_soon_as_it_exists_and_no_longer() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let known = |id: &str| wallet.metadata()["credential_configurations_supported"].get(id).cloned();
    let id = management.create_configuration(&membership("org.example.club"));
    let shown = known(&id).expect("the new configuration");
    assert_eq!(shown["format"], "mso_mdoc");
    assert_eq!(shown["doctype"], "org.example.club");
    let renamed = changed(membership("org.example.club"), "/branding", json!({ "name": "Club card" }));
    management.put(&path(&id), &renamed).expect(200);
    assert_eq!(known(&id).unwrap()["credential_metadata"]["display"][0]["name"], "Club card");
    management.delete(&path(&id)).expect(204);
    assert!(known(&id).is_none());
}

#[test]
fn a_replacement_is_whole_and_takes_effect_for_open_offers() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let id = management.create_configuration(&changed(
        membership("org.example.club"),
        "/branding",
        json!({ "name": "Club" }),
    ));
    let offer = management.offer_of(&id, &json!({ "name": "Mika" }));
    let other = changed(
        membership("org.example.club"),
        "/claimMappings/org.example.membership/club",
        json!({ "defaultValue": "Sailing Club" }),
    );
    let replaced = management.put(&path(&id), &other).expect(200).json();
    // Members that are not in the request are gone.
    assert!(replaced.get("branding").is_none());
    assert_eq!(replaced["id"], id);
    let mdoc = wallet.claim(&offer, &[HolderKey::es256()]).remove(0);
    assert_eq!(mdoc.value("club").as_text(), Some("Sailing Club"));
    // What was read can be sent back.
    management.put(&path(&id), &replaced).expect(200);
}

#[test]
fn a_replacement_may_change_the_type_but_not_to_one_that_is_taken() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let id = management.create_configuration(&membership("org.example.club"));
    management.create_configuration(&membership("org.example.pass"));
    let taken = management.put(&path(&id), &membership("org.example.pass"));
    assert_eq!(details(&taken)[0].0, "type");
    management.put(&path(&id), &membership("org.example.card")).expect(200);
    // The old type is free again.
    management.create_configuration(&membership("org.example.club"));
}

#[test]
fn types_are_unique() {
    let daemon = Daemon::start();
    let management = daemon.management();
    assert_eq!(management.refused_configuration(&mdl(MDL))[0].0, "type");
    management.create_configuration(&membership("org.example.club"));
    assert_eq!(management.refused_configuration(&membership("org.example.club"))[0].0, "type");
    // Byte for byte: another case is another type.
    management.create_configuration(&membership("org.example.Club"));
}

#[test]
fn concurrent_creations_of_one_type_make_one_configuration() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = membership("org.example.club");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| management.post(CONFIGURATIONS, &body).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 201 | 400)), "{statuses:?}");
    assert_eq!(management.list(&format!("{CONFIGURATIONS}?type=org.example.club")).len(), 1);
}

#[test]
fn configurations_are_listed_in_pages_and_by_type() {
    let daemon = Daemon::start();
    let management = daemon.management();
    for number in 0..5 {
        management.create_configuration(&membership(&format!("org.example.club.{number}")));
    }
    let types =
        |found: Vec<Value>| found.iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let all = types(management.list(CONFIGURATIONS));
    assert_eq!(all.len(), 7);
    assert!(all.contains(&MDL.to_owned()) && all.contains(&PID.to_owned()));
    assert_eq!(types(management.list(&format!("{CONFIGURATIONS}?limit=2"))), all);
    assert_eq!(types(management.list(&format!("{CONFIGURATIONS}?type={MDL}"))), [MDL]);
    assert!(management.list(&format!("{CONFIGURATIONS}?type=org.example.none")).is_empty());
    for (query, param) in [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=%00", "cursor")] {
        assert_eq!(details(&management.get(&format!("{CONFIGURATIONS}?{query}")))[0].0, param);
    }
}

#[test]
fn unknown_ids_are_404_and_nonsense_400() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let unknown = path("00000000-0000-4000-8000-000000000000");
    let body = membership("org.example.club");
    for answer in [management.get(&unknown), management.put(&unknown, &body), management.delete(&unknown)] {
        let body = answer.expect(404).json();
        assert_eq!(body["code"], "NotFound");
        assert_eq!(body["details"][0]["param"], "id");
    }
    let nonsense = path("nonsense");
    for answer in [management.get(&nonsense), management.put(&nonsense, &body), management.delete(&nonsense)] {
        assert_eq!(details(&answer)[0].0, "id");
    }
}

#[test]
fn deleting_a_configuration_ends_the_open_offers_that_name_it() {
    let daemon = Daemon::start();
    let (management, wallet, mdl_id) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let club = management.create_configuration(&membership("org.example.club"));
    let claims = json!({ "name": "Mika" });
    let issued = management.offer_of(&club, &claims);
    let mdoc = wallet.claim(&issued, &[HolderKey::es256()]).remove(0);
    let redeemed = management.offer_of(&club, &claims);
    let token = wallet.redeem(&redeemed);
    let open = management.offer_of(&club, &claims);
    let both = management.offer(&json!({ "credentials": [mdl_id, club], "claims": claims }));
    let other = management.offer(&json!({ "credentials": [mdl_id] }));

    assert!(management.delete(&path(&club)).expect(204).body.is_empty());
    for ended in [&open, &both] {
        assert_eq!(management.offer_state(&ended.id), "deleted");
        wallet.token(&ended.code, None).expect_error(400, "invalid_grant");
        assert!(matches!(wallet.get(&ended.reference_path()).status, 404 | 410));
    }
    // A token that was given out issues nothing any more.
    let refused = wallet.ask(&token, &club, &[HolderKey::es256()]);
    assert!(matches!(refused.status, 400 | 401 | 403), "{}", refused.text());
    // What was issued stays valid and on record; other offers go on.
    mdoc.verify(&management.iaca());
    assert_eq!(management.offer_state(&issued.id), "issued");
    assert_eq!(management.offer_state(&other.id), "open");
    management.get(&path(&club)).expect(404);
    management.delete(&path(&club)).expect(404);
    assert_eq!(details(&management.post(OFFERS, &json!({ "credentials": [club] })))[0].0, "credentials");
}

#[test]
fn a_new_configuration_of_a_deleted_type_does_not_revive_offers() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let old = management.create_configuration(&membership("org.example.club"));
    let offer = management.offer_of(&old, &json!({ "name": "Mika" }));
    management.delete(&path(&old)).expect(204);
    let new = management.create_configuration(&membership("org.example.club"));
    assert_ne!(old, new);
    wallet.token(&offer.code, None).expect_error(400, "invalid_grant");
    assert_eq!(management.offer_state(&offer.id), "deleted");
}
