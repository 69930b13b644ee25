//! What a configuration's claims may be.

use serde_json::{Value, json};

use crate::format::sd_jwt_vc::claims::{Claims, Step, walk};
use crate::format::sd_jwt_vc::mapping::Problem;
use crate::format::sd_jwt_vc::type_metadata;
use crate::format::sd_jwt_vc::{RESERVED, RESERVED_EVERYWHERE, check_claims};

use super::support::claims;

fn problems(body: Value) -> Vec<(String, Problem)> {
    check_claims(&claims(body)).into_iter().map(|found| (found.path, found.problem)).collect()
}

fn only(body: Value) -> (String, Problem) {
    let mut found = problems(body);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn text() -> Value {
    json!({ "mapFrom": "claims.a", "type": "string" })
}

#[test]
fn a_tree_of_values_objects_and_arrays_is_good() {
    let body = json!({
        "name": text(),
        "static": { "defaultValue": { "any": ["thing"] } },
        "account": { "mapFrom": "authenticationProvider.subjectId", "type": "string" },
        "birth": { "mapFrom": "claims.birth", "type": "object", "claims": {
            "place": { "mapFrom": "item.place", "type": "string" },
        } },
        "address": { "claims": { "street": text(), "geo": { "claims": { "lat": text() } } } },
        "nationalities": { "mapFrom": "claims.n", "type": "array", "items": { "type": "string" } },
        "degrees": { "mapFrom": "claims.d", "type": "array", "items": { "claims": {
            "title": { "mapFrom": "item.title", "type": "string" },
            "school": text(),
            "marks": { "mapFrom": "item.marks", "type": "array", "items": { "mapFrom": "item.mark", "type": "number" } },
        } } },
    });
    assert_eq!(problems(body), []);
}

// VCT-2.2.2.3-01, SDJ-9.7-01: what is the issuer's to say cannot be mapped, at the top.
#[test]
fn registered_claims_cannot_be_mapped() {
    for name in RESERVED {
        assert_eq!(only(json!({ *name: text() })), ((*name).to_owned(), Problem::Reserved));
        assert_eq!(problems(json!({ "evidence": { "claims": { *name: text() } } })), []);
    }
    assert_eq!(problems(json!({ "sub": text() })), []);
}

// SDJ-4.2.1-01, SDJ-4.1.1-01
#[test]
fn names_of_the_format_cannot_be_used_at_any_depth() {
    for name in RESERVED_EVERYWHERE {
        assert_eq!(only(json!({ *name: text() })).1, Problem::Reserved);
        let nested = json!({ "a": { "claims": { "b": { "claims": { *name: text() } } } } });
        assert_eq!(only(nested), (format!("a.claims.b.claims.{name}"), Problem::Reserved));
    }
}

#[test]
fn every_mistake_has_its_place() {
    for (claim, problem) in [
        (json!({}), Problem::NoSource),
        (json!({ "mapFrom": "claims.a" }), Problem::NoType),
        (json!({ "mapFrom": "claims.", "type": "string" }), Problem::Path),
        (json!({ "mapFrom": "item.a", "type": "string" }), Problem::Path),
        (json!({ "mapFrom": "a", "type": "string" }), Problem::Path),
        (json!({ "defaultValue": 1, "type": "string" }), Problem::Default("must be a string")),
        (json!({ "defaultValue": null, "type": "string" }), Problem::Default("must not be null")),
        (
            json!({ "defaultValue": "2026-02-30", "type": "date" }),
            Problem::Default("must be a date of the calendar, YYYY-MM-DD"),
        ),
        (
            json!({ "defaultValue": { "a": [{ "_sd": [] }] } }),
            Problem::Default("must not have members named _sd, _sd_alg or ..."),
        ),
        (json!({ "claims": {} }), Problem::NoClaims),
        (json!({ "claims": { "b": text() }, "mapFrom": "claims.a" }), Problem::Type("object")),
        (json!({ "claims": { "b": text() }, "type": "string" }), Problem::Type("object")),
        (json!({ "claims": { "b": text() }, "items": {} }), Problem::Both),
        (json!({ "mapFrom": "claims.a", "type": "string", "items": {} }), Problem::Type("array")),
    ] {
        // A default of null is lost in the JSON of a configuration, so it is put there.
        let mut tree = claims(json!({ "it": claim }));
        if claim.get("defaultValue").is_some_and(Value::is_null) {
            tree.get_mut("it").unwrap().mapping.default_value = Some(Value::Null);
        }
        let found: Vec<_> = check_claims(&tree).into_iter().map(|found| (found.path, found.problem)).collect();
        assert_eq!(found, [("it".to_owned(), problem)], "{claim}");
    }
    assert_eq!(only(json!({ "": text() })).1, Problem::Name);
    assert_eq!(only(json!({ "a\u{0}": text() })).1, Problem::Name);
}

#[test]
fn a_tree_has_an_end() {
    let nested = |levels: usize| (1..levels).fold(text(), |within, _| json!({ "claims": { "a": within } }));
    assert_eq!(problems(json!({ "a": nested(16) })), []);
    assert_eq!(only(json!({ "a": nested(17) })).1, Problem::TooDeep);
}

// VCI-C-01, VCI-B.3-03
#[test]
fn every_claim_has_a_path_and_the_order_is_that_of_the_names() {
    let tree: Claims = claims(json!({
        "b": { "mapFrom": "claims.n", "type": "array", "items": { "claims": { "c": text() } } },
        "a": { "claims": { "d": { "required": true, "mapFrom": "claims.a", "type": "string" } } },
    }));
    let paths: Vec<_> = walk(&tree).iter().map(|found| json!(type_metadata::pointer(&found.path))).collect();
    assert_eq!(paths, [json!(["a"]), json!(["a", "d"]), json!(["b"]), json!(["b", null]), json!(["b", null, "c"])]);
    assert!(walk(&tree)[0].mandatory && !walk(&tree)[2].mandatory);
    assert_eq!(walk(&tree)[3].path, [Step::Name("b"), Step::Items]);
}

// VCT-5.3-01: what the type says is what the issuer does.
#[test]
fn type_metadata_says_what_may_be_kept_back() {
    let names = json!([{ "name": "Surname", "locale": "en" }, { "name": "Nachname", "locale": "de" }, { "name": "N" }]);
    let described = type_metadata::claims(&claims(json!({
        "a": { "mapFrom": "claims.a", "type": "string", "required": true, "display": names },
        "b": { "mapFrom": "claims.b", "type": "array", "sd": "never", "items": { "type": "string", "sd": "allowed" } },
    })));
    let labels = json!([{ "locale": "en", "label": "Surname" }, { "locale": "de", "label": "Nachname" }]);
    assert_eq!(
        json!(described),
        json!([
            { "path": ["a"], "sd": "always", "mandatory": true, "display": labels },
            { "path": ["b"], "sd": "never" },
            { "path": ["b", null], "sd": "allowed" },
        ])
    );
}

// VCT-6-01: standard base64, as Subresource Integrity has it.
#[test]
fn integrity_is_that_of_the_bytes() {
    assert_eq!(type_metadata::integrity(b"abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}
