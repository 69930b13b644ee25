//! What is left of a configuration when a wallet asks for less, and what it cannot ask for.

use serde_json::json;

use super::*;

fn configuration(doc_type: &str, mappings: &Value) -> Configuration {
    serde_json::from_value(json!({
        "id": uuid::Uuid::from_u128(1), "type": doc_type, "claimMappings": mappings, "expiresIn": { "days": 1 },
        "includeStatus": false, "createdAt": "2026-03-01T12:00:00Z",
    }))
    .unwrap()
}

fn club() -> Configuration {
    configuration(
        "org.example.club",
        &json!({ "club": {
            "name": { "mapFrom": "claims.name", "type": "string", "required": true },
            "level": { "mapFrom": "claims.level", "type": "string" },
            "teams": { "mapFrom": "claims.teams", "type": "array" },
            "expiry_date": { "mapFrom": "claims.expiry_date", "type": "date" },
        }, "more": { "color": { "defaultValue": "blue" } } }),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn asked(path: Value, mandatory: bool) -> AskedClaim {
    AskedClaim { path: path.as_array().unwrap().clone(), mandatory }
}

fn elements(configuration: &Configuration) -> Vec<String> {
    let join = |path: &[Value]| path.iter().map(|step| step.as_str().unwrap_or("*")).collect::<Vec<_>>().join("/");
    configuration.body.descriptions().iter().map(|claim| join(&claim.path)).collect()
}

// VCI-5.1.2-04, VCI-B.1-02
#[test]
fn what_was_asked_for_and_what_must_be_there_stays() {
    let all = club();
    let narrow = |claims: &[AskedClaim]| elements(&all.narrowed(claims));
    assert_eq!(narrow(&[asked(json!(["club", "level"]), false)]), ["club/expiry_date", "club/level", "club/name"]);
    assert_eq!(narrow(&[asked(json!(["more", "color"]), false)]), ["club/expiry_date", "club/name", "more/color"]);
    assert_eq!(narrow(&[asked(json!(["club", "teams", null, "name"]), false)])[2], "club/teams");
    assert_eq!(narrow(&[]), ["club/expiry_date", "club/name"]);
    let marked = all.narrowed(&[asked(json!(["club", "level"]), true)]);
    let level = |configuration: &Configuration| {
        let all = configuration.body.descriptions();
        all.iter().any(|claim| claim.path[1] == "level" && claim.mandatory)
    };
    assert!(level(&marked) && !level(&all));
    let text = json!({ "mapFrom": "claims.x", "type": "string" });
    let mdl = configuration(
        "org.iso.18013.5.1.mDL",
        &json!({ "org.iso.18013.5.1": { "family_name": text, "given_name": text, "resident_city": text } }),
    );
    assert_eq!(elements(&mdl.narrowed(&[])), ["org.iso.18013.5.1/family_name", "org.iso.18013.5.1/given_name"]);
}

// VCI-B.1-01, VCI-C.2-01
#[test]
fn what_the_credential_does_not_have_is_left_out_or_refused() {
    let all = club();
    let (level, unknown) = (asked(json!(["club", "level"]), true), asked(json!(["club", "rank"]), false));
    assert_eq!(all.askable(vec![level.clone(), unknown.clone()]), Ok(vec![level]));
    assert_eq!(all.askable(vec![unknown.clone()]), Ok(Vec::new()));
    let mandatory = AskedClaim { mandatory: true, ..unknown.clone() };
    assert_eq!(all.askable(vec![mandatory]), Err(NarrowError::Unknown));
    for path in [json!(["club"]), json!([null, "level"]), json!(["club", 0]), json!(["club", null])] {
        assert_eq!(all.askable(vec![asked(path, false)]), Err(NarrowError::NotAClaim));
    }
    let free = configuration("org.example.x", &json!({ "club": { "level": { "defaultValue": "x" } } }));
    assert_eq!(free.askable(vec![unknown]), Err(NarrowError::Nothing));
}

// VCI-B.1-01, VCI-C.1-01
#[test]
fn a_mandatory_part_of_an_element_must_be_in_the_claims() {
    let all = club();
    let document = json!({ "claims": { "teams": [{ "name": "A" }, { "name": "B", "since": 2020 }] } });
    for (rest, there) in [
        (json!([]), true),
        (json!([null, "name"]), true),
        (json!([1, "since"]), true),
        (json!([0, "since"]), false),
        (json!([null, "since"]), true),
        (json!([2]), false),
        (json!(["name"]), false),
    ] {
        let path: Vec<_> =
            [json!("club"), json!("teams")].into_iter().chain(rest.as_array().unwrap().clone()).collect();
        let claims = [AskedClaim { path: path.clone(), mandatory: true }];
        assert_eq!(all.lacking(&claims, &document).is_none(), there, "{rest}");
        assert_eq!(all.lacking(&[AskedClaim { path, mandatory: false }], &document), None);
    }
}

fn person() -> Configuration {
    serde_json::from_value(json!({
        "id": uuid::Uuid::from_u128(2), "vct": "urn:example:person", "decoys": 0, "keyBinding": true,
        "claimMappings": {
            "name": { "mapFrom": "claims.name", "type": "string", "required": true },
            "nick": { "mapFrom": "claims.nick", "type": "string" },
            "address": { "claims": {
                "city": { "mapFrom": "claims.city", "type": "string" },
                "street": { "mapFrom": "claims.street", "type": "string" },
            } },
            "teams": { "mapFrom": "claims.teams", "type": "array", "items": { "claims": {
                "name": { "mapFrom": "item.name", "type": "string" },
                "since": { "mapFrom": "item.since", "type": "number" },
            } } },
            "date_of_expiry": { "mapFrom": "claims.until", "type": "date" },
        },
        "expiresIn": { "days": 1 }, "includeStatus": false, "createdAt": "2026-03-01T12:00:00Z",
    }))
    .unwrap()
}

// VCI-5.1.2-04, VCI-B.1-02
#[test]
fn a_tree_keeps_the_branches_that_were_asked_for() {
    let all = person();
    let left = |path: Value| {
        let mut left = elements(&all.narrowed(&[asked(path, false)]));
        left.retain(|claim| claim != "date_of_expiry" && claim != "name");
        left
    };
    assert_eq!(left(json!(["nick"])), ["nick"]);
    assert_eq!(left(json!(["address"])), ["address", "address/city", "address/street"]);
    assert_eq!(left(json!(["address", "city"])), ["address", "address/city"]);
    assert_eq!(left(json!(["teams", null, "since"])), ["teams", "teams/*", "teams/*/since"]);
    assert_eq!(left(json!(["teams", 0])), ["teams", "teams/*", "teams/*/name", "teams/*/since"]);
    assert_eq!(elements(&all.narrowed(&[])), ["date_of_expiry", "name"]);
}

// VCI-B.1-01, VCI-C.1-01
#[test]
fn what_a_tree_does_not_have_is_left_out_or_refused() {
    let all = person();
    for path in [json!(["nick", "x"]), json!(["address", "zip"]), json!(["teams", "name"]), json!(["other"])] {
        assert_eq!(all.askable(vec![asked(path.clone(), false)]), Ok(Vec::new()), "{path}");
        assert_eq!(all.askable(vec![asked(path, true)]), Err(NarrowError::Unknown));
    }
    assert_eq!(all.askable(vec![asked(json!([null, "name"]), false)]), Err(NarrowError::NotAClaim));
    assert_eq!(all.askable(vec![asked(json!(["teams", 1, "since"]), true)]).unwrap().len(), 1);
}

// VCI-B.1-01
#[test]
fn a_mandatory_branch_of_a_tree_must_be_in_the_claims() {
    let all = person();
    let document = json!({ "claims": { "name": "N", "city": "C", "teams": [{ "name": "A" }, { "since": 2020 }] } });
    for (path, there) in [
        (json!(["name"]), true),
        (json!(["nick"]), false),
        (json!(["address", "city"]), true),
        (json!(["address", "street"]), false),
        (json!(["teams", null, "since"]), true),
        (json!(["teams", 0, "since"]), false),
        (json!(["teams", 1, "since"]), true),
    ] {
        let top = path[0].as_str().unwrap().to_owned();
        assert_eq!(all.lacking(&[asked(path, true)], &document), (!there).then_some(top));
    }
}
