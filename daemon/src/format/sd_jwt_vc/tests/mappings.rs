//! Claims of a person in the tree of a configuration.

use serde_json::{Value, json};

use super::support::{claims, clear};
use crate::format::sd_jwt_vc::claims::walk;
use crate::format::sd_jwt_vc::mapping::{Problem, check_values, document_expiry};
use crate::format::sd_jwt_vc::type_metadata::pointer;
use crate::format::sd_jwt_vc::{ClaimProblem, map_claims};

/// What is issued to somebody with these claims, with everything disclosed.
fn mapped(tree: &Value, person: &Value) -> Result<Value, ClaimProblem> {
    let document = json!({ "claims": person, "authenticationProvider": { "subjectId": "42" } });
    map_claims(&claims(tree.clone()), &document).map(|mapped| clear(&mapped))
}

#[test]
fn values_come_from_their_paths_and_defaults_stand_in() {
    let tree = json!({
        "name": { "mapFrom": "claims.person.name", "type": "string" },
        "level": { "mapFrom": "claims.level", "type": "string", "defaultValue": "basic" },
        "club": { "defaultValue": "Rowing Club Lindenau" },
        "account": { "mapFrom": "authenticationProvider.subjectId", "type": "string" },
    });
    let all = json!({ "person": { "name": "Müller 😀" }, "level": "gold" });
    let club = "Rowing Club Lindenau";
    let expected = json!({ "name": "Müller 😀", "level": "gold", "club": club, "account": "42" });
    assert_eq!(mapped(&tree, &all).unwrap(), expected);
    for missing in [json!({}), json!({ "person": null, "level": null }), json!({ "person": { "name": null } })] {
        let expected = json!({ "level": "basic", "club": club, "account": "42" });
        assert_eq!(mapped(&tree, &missing).unwrap(), expected);
    }
}

#[test]
fn an_object_is_there_when_one_of_its_claims_is() {
    let tree = json!({ "address": { "claims": {
        "city": { "mapFrom": "claims.city", "type": "string" },
        "zip": { "mapFrom": "claims.zip", "type": "string" },
    } } });
    assert_eq!(mapped(&tree, &json!({ "city": "Lindenau" })).unwrap(), json!({ "address": { "city": "Lindenau" } }));
    assert_eq!(mapped(&tree, &json!({})).unwrap(), json!({}));
}

#[test]
fn an_object_with_a_source_gives_its_claims_theirs() {
    let tree = json!({ "birth": {
        "mapFrom": "claims.birth", "type": "object", "defaultValue": { "place": "Amaurot" }, "claims": {
            "place": { "mapFrom": "item.place", "type": "string" },
            "country": { "mapFrom": "item.country", "type": "string" },
        },
    } });
    assert_eq!(mapped(&tree, &json!({})).unwrap(), json!({ "birth": { "place": "Amaurot" } }));
    let given = json!({ "birth": { "country": "UT", "secret": 1 } });
    assert_eq!(mapped(&tree, &given).unwrap(), json!({ "birth": { "country": "UT" } }));
    assert_eq!(mapped(&tree, &json!({ "birth": "UT" })).unwrap_err().to_string(), "birth must be an object");
}

#[test]
fn items_are_taken_one_by_one() {
    let tree = json!({ "degrees": { "mapFrom": "claims.degrees", "type": "array", "items": { "claims": {
        "title": { "mapFrom": "item.title", "type": "string", "required": true },
        "year": { "mapFrom": "item.year", "type": "number" },
        "school": { "mapFrom": "claims.school", "type": "string" },
    } } } });
    let degrees = json!([{ "title": "BSc", "year": 2019, "secret": 1 }, { "title": "MSc" }]);
    let expected =
        json!([{ "title": "BSc", "year": 2019, "school": "Lindenau" }, { "title": "MSc", "school": "Lindenau" }]);
    let found = mapped(&tree, &json!({ "degrees": degrees, "school": "Lindenau" })).unwrap();
    assert_eq!(found, json!({ "degrees": expected }));
    let wrong = mapped(&tree, &json!({ "degrees": [{ "year": 2019 }] })).unwrap_err();
    assert_eq!(wrong.path, "degrees.items.claims.title");
    assert_eq!(wrong.problem, Problem::Missing);
    let wrong = mapped(&tree, &json!({ "degrees": "BSc" })).unwrap_err();
    assert_eq!(wrong.to_string(), "degrees must be an array");
    assert_eq!(wrong.map_from.as_deref(), Some("claims.degrees"));
}

#[test]
fn items_may_be_themselves() {
    let tree = json!({ "nationalities": { "mapFrom": "claims.n", "type": "array", "items": { "type": "string" } } });
    assert_eq!(mapped(&tree, &json!({ "n": ["DE", null, "FR"] })).unwrap(), json!({ "nationalities": ["DE", "FR"] }));
    assert_eq!(mapped(&tree, &json!({ "n": [] })).unwrap(), json!({ "nationalities": [] }));
    let wrong = mapped(&tree, &json!({ "n": ["DE", 1] })).unwrap_err();
    assert_eq!(wrong.to_string(), "nationalities.items must be a string");
}

// VCT-2.2.2.4-01
#[test]
fn values_have_the_form_of_their_type() {
    let one = |kind: &str, value: Value| {
        let tree = json!({ "it": { "mapFrom": "claims.it", "type": kind } });
        mapped(&tree, &json!({ "it": value })).map(|found| found["it"].clone()).map_err(|wrong| wrong.problem)
    };
    for (kind, given, expected) in [
        ("string", json!("a"), json!("a")),
        ("number", json!(1.5), json!(1.5)),
        ("boolean", json!(true), json!(true)),
        ("date", json!("1984-02-29"), json!("1984-02-29")),
        ("date", json!("1984-02-29T23:00:00+02:00"), json!("1984-02-29")),
        ("dateTime", json!("2026-01-05T00:00:00Z"), json!("2026-01-05T00:00:00Z")),
        ("binary", json!("/9j/4A=="), json!("data:image/jpeg;base64,/9j/4A==")),
        ("binary", json!("_9j_4A"), json!("data:image/jpeg;base64,/9j/4A==")),
        ("binary", json!("AAE="), json!("data:application/octet-stream;base64,AAE=")),
        ("binary", json!("data:image/png;base64,iVBORw0KGgo="), json!("data:image/png;base64,iVBORw0KGgo=")),
        ("array", json!([1, { "a": null }]), json!([1, { "a": null }])),
        ("object", json!({ "a": [] }), json!({ "a": [] })),
    ] {
        assert_eq!(one(kind, given.clone()), Ok(expected), "{kind} {given}");
    }
    for (kind, given) in [
        ("string", json!(1)),
        ("number", json!("1")),
        ("boolean", json!("true")),
        ("date", json!("29.02.1984")),
        ("date", json!("1983-02-29")),
        ("dateTime", json!("2026-01-05")),
        ("binary", json!("not base64!")),
        ("array", json!({})),
        ("object", json!([])),
        ("object", json!({ "a": { "...": "x" } })),
        ("array", json!([[{ "_sd_alg": "md5" }]])),
    ] {
        assert!(matches!(one(kind, given.clone()), Err(Problem::Value(_))), "{kind} {given}");
    }
}

#[test]
fn claims_to_which_others_will_be_added_need_not_be_complete() {
    let tree = claims(json!({
        "a": { "mapFrom": "claims.a", "type": "string", "required": true },
        "b": { "mapFrom": "claims.b", "type": "number" },
    }));
    assert_eq!(check_values(&tree, &json!({ "claims": {} })), Ok(()));
    assert_eq!(check_values(&tree, &json!({ "claims": { "b": "x" } })).unwrap_err().path, "b");
}

#[test]
fn a_document_ends_with_the_start_of_its_last_day() {
    let tree = claims(json!({ "date_of_expiry": { "mapFrom": "claims.end", "type": "string" } }));
    let expiry = |end: &str| document_expiry(&map_claims(&tree, &json!({ "claims": { "end": end } })).unwrap());
    assert_eq!(expiry("2027-03-01").unwrap().to_string(), "2027-03-01T00:00:00Z");
    assert_eq!(expiry("2027-03-01T10:00:00Z").unwrap().to_string(), "2027-03-01T10:00:00Z");
    assert_eq!(expiry("never"), None);
}

// SEC-BATCH-01
#[test]
fn much_cannot_be_made_of_little() {
    let item = json!({ "mapFrom": "claims.list", "type": "array", "items": { "type": "string" } });
    let once = claims(json!({ "a": { "mapFrom": "claims.list", "type": "array", "items": item } }));
    let document = |length: usize| json!({ "claims": { "list": vec!["x"; length] } });
    assert!(map_claims(&once, &document(50)).is_ok());
    let refused = map_claims(&once, &document(100)).unwrap_err();
    assert_eq!(refused.problem, Problem::TooLarge);
    let photo = claims(json!({ "a": { "mapFrom": "claims.list", "type": "array", "items": {
        "mapFrom": "claims.photo", "type": "string",
    } } }));
    let mut large = document(20);
    large["claims"]["photo"] = json!("x".repeat(100_000));
    assert_eq!(map_claims(&photo, &large).unwrap_err().problem, Problem::TooLarge);
}

// VCT-5.7-01
#[test]
fn what_may_be_missing_is_not_called_mandatory() {
    let required = |source: &str| json!({ "mapFrom": source, "type": "string", "required": true });
    let tree = claims(json!({
        "grouped": { "claims": { "name": required("claims.name") } },
        "sourced": { "mapFrom": "claims.address", "type": "object", "claims": { "city": required("item.city") } },
        "needed": { "mapFrom": "claims.address", "type": "object", "required": true, "claims": {
            "city": required("item.city"), "zip": { "mapFrom": "item.zip", "type": "string" },
        } },
        "list": { "mapFrom": "claims.list", "type": "array", "required": true, "items": { "claims": {
            "since": required("item.since"),
        } } },
    }));
    let mandatory: Vec<_> = walk(&tree).into_iter().map(|found| (pointer(&found.path), found.mandatory)).collect();
    let expected = [
        (json!(["grouped"]), true),
        (json!(["grouped", "name"]), true),
        (json!(["list"]), true),
        (json!(["list", null]), false),
        (json!(["list", null, "since"]), false),
        (json!(["needed"]), true),
        (json!(["needed", "city"]), true),
        (json!(["needed", "zip"]), false),
        (json!(["sourced"]), false),
        (json!(["sourced", "city"]), false),
    ];
    assert_eq!(mandatory.into_iter().map(|(path, it)| (json!(path), it)).collect::<Vec<_>>(), expected);
}
