//! Compares what was expected with what was said.

use serde_json::{Map, Value};

/// Longest value that a difference shows, in characters.
const SHOWN: usize = 120;

/// The differences, a line each; none when the answer is as expected. At the top only what is expected is looked at, so that a case
/// need not repeat texts for the log; inside of a member everything is.
pub(crate) fn differences(expected: &Map<String, Value>, said: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in expected {
        if name == "enrichment" {
            enrichment(value, said.get(name), &mut lines);
        } else {
            compare(name, value, said.get(name).unwrap_or(&Value::Null), &mut lines);
        }
    }
    lines
}

/// Of an enrichment, too, only what is expected is looked at.
fn enrichment(expected: &Value, said: Option<&Value>, lines: &mut Vec<String>) {
    match (expected, said) {
        (Value::Object(expected), Some(Value::Object(said))) => {
            let inner = differences(expected, said);
            lines.extend(inner.into_iter().map(|line| format!("enrichment.{line}")));
        }
        (expected, said) => compare("enrichment", expected, said.unwrap_or(&Value::Null), lines),
    }
}

fn compare(place: &str, expected: &Value, said: &Value, lines: &mut Vec<String>) {
    match (expected, said) {
        (Value::Object(expected), Value::Object(said)) => {
            for (name, value) in expected {
                compare(&format!("{place}.{name}"), value, said.get(name).unwrap_or(&Value::Null), lines);
            }
            let more = said.iter().filter(|(name, _)| !expected.contains_key(*name));
            lines.extend(more.map(|(name, value)| format!("{place}.{name}: not expected, said {}", shown(value))));
        }
        (Value::Array(expected), Value::Array(said)) if expected.len() == said.len() => {
            for (index, (expected, said)) in expected.iter().zip(said).enumerate() {
                compare(&format!("{place}[{index}]"), expected, said, lines);
            }
        }
        _ if same(expected, said) => {}
        (_, Value::Null) => lines.push(format!("{place}: expected {}, nothing was said", shown(expected))),
        (Value::Null, _) => lines.push(format!("{place}: nothing expected, said {}", shown(said))),
        _ => lines.push(format!("{place}: expected {}, said {}", shown(expected), shown(said))),
    }
}

/// 2 and 2.0 are the same number in JSON, and languages without integers write the second.
fn same(expected: &Value, said: &Value) -> bool {
    expected == said || expected.as_f64().is_some_and(|number| said.as_f64() == Some(number))
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(expected: &Value, said: &Value) -> Vec<String> {
        differences(expected.as_object().unwrap(), said.as_object().unwrap())
    }

    #[test]
    fn only_what_is_expected_is_compared_at_the_top() {
        let said = json!({"outcome": "denied", "reason": "for the log", "user_message": "Sorry."});
        assert!(of(&json!({"outcome": "denied"}), &said).is_empty());
        assert!(of(&json!({"outcome": "denied", "user_message": "Sorry."}), &said).is_empty());
        assert_eq!(of(&json!({"outcome": "ready"}), &said), [r#"outcome: expected "ready", said "denied""#]);
    }

    #[test]
    fn claims_are_compared_whole() {
        let said = json!({"claims": {"family_name": "Sommer", "age": 2.0, "more": [1, {"a": true}]}});
        assert!(
            of(&json!({"claims": {"family_name": "Sommer", "age": 2, "more": [1, {"a": true}]}}), &said).is_empty()
        );
        assert_eq!(
            of(&json!({"claims": {"family_name": "Winter", "given_name": "Mika", "more": [1, {"a": false}]}}), &said),
            [
                r#"claims.family_name: expected "Winter", said "Sommer""#,
                r#"claims.given_name: expected "Mika", nothing was said"#,
                "claims.more[1].a: expected false, said true",
                "claims.age: not expected, said 2.0",
            ]
        );
    }

    #[test]
    fn null_means_that_nothing_is_said() {
        assert!(of(&json!({"record_ref": null}), &json!({})).is_empty());
        assert_eq!(
            of(&json!({"record_ref": null}), &json!({"record_ref": "7"})),
            [r#"record_ref: nothing expected, said "7""#]
        );
        assert_eq!(of(&json!({"claims": [1]}), &json!({"claims": [1, 2]})).len(), 1);
    }

    #[test]
    fn an_enrichment_may_be_told_in_part() {
        let said = json!({"enrichment": {"claims": {"level": 3}, "amr": [], "subject": "x"}});
        assert!(of(&json!({"enrichment": {"claims": {"level": 3}}}), &said).is_empty());
        assert_eq!(
            of(&json!({"enrichment": {"subject": "y"}}), &said),
            [r#"enrichment.subject: expected "y", said "x""#]
        );
    }

    #[test]
    fn long_values_are_cut() {
        let line = of(&json!({"claims": {"portrait": "ä".repeat(500)}}), &json!({"claims": {}})).remove(0);
        assert!(line.chars().count() < 200 && line.contains('…'), "{line}");
    }
}
