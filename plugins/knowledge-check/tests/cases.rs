//! The case files, which `issuerd plugin test` runs against the built plugin as well, and the config's schema.

use issuerd_plugin::testing;
use knowledge_check::KnowledgeCheck;
use serde_json::Value;

#[test]
fn the_cases_hold() {
    testing::auth_hook_cases::<KnowledgeCheck>("cases");
}

#[test]
fn the_schema_accepts_the_config_of_every_case() {
    let schema: Value = serde_json::from_str(include_str!("../config.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut cases = 0;
    for entry in std::fs::read_dir("cases").unwrap() {
        let case: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        if case["expected"]["outcome"] != "misconfigured" {
            assert!(schema.is_valid(&case["config"]), "{}", case["config"]);
            cases += 1;
        }
    }
    assert!(cases > 0 && !schema.is_valid(&serde_json::json!({ "unknown": 1 })));
}
