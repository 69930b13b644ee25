//! What `check` says of a table.

use issuerd_plugin::testing::Host;
use register_csv::RegisterCsv;
use serde_json::{Value, json};

fn check(config: &Value) -> Vec<String> {
    Host::new().config(config.clone()).check_source::<RegisterCsv>().err().unwrap_or_default()
}

#[test]
fn every_problem_of_a_table_is_told_with_its_line_and_without_its_cells() {
    let table = "number,name,age\n1,Sommer,34\n1,Sommer,35\n,Sommer,36\n4,Sommer,old\n5,Sommer\n";
    let problems =
        check(&json!({ "table": table, "key_column": "number", "types": { "age": "integer", "hair": "text" } }));
    for expected in [
        "the table has no column `hair`",
        "line 3: its `number` was there before",
        "line 4: no `number`",
        "line 5: column `age` is not of its type",
        "table: line 6 has 2 cells instead of 3",
    ] {
        assert!(problems.iter().any(|problem| problem == expected), "{expected}: {problems:?}");
    }
    assert!(!problems.join(" ").contains("old"), "{problems:?}");
}

#[test]
fn rows_need_keys_too() {
    let rows = json!([{ "id": 1 }, { "id": "1" }, { "name": "Sommer" }]);
    assert_eq!(
        check(&json!({ "rows": rows, "key_column": "id" })),
        ["row 2: its `id` was there before", "row 3: no `id`"]
    );
    assert!(check(&json!({ "rows": [{ "id": 1 }], "key_column": "id" })).is_empty());
}

#[test]
fn a_table_is_given_in_one_way() {
    for config in [json!({ "key_column": "id" }), json!({ "key_column": "id", "table": "id\n", "rows": [] })] {
        assert_eq!(check(&config), ["either `table` or `rows` has to be there"]);
    }
}
