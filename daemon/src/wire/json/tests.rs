use super::*;
use crate::wire::fuzz;
use serde_json::json;

/// Equal, numbers by value and not by spelling.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn json_is_read_as_serde_reads_it() {
    let text = r#" {"a":[1,-2,3.5e2,true,null,"x\n\u00e9"],"b":{"":"é","c":{}},"big":18446744073709551615} "#;
    let read = parse_value(text.as_bytes()).unwrap();
    assert!(same(&read, &serde_json::from_str(text).unwrap()), "{read}");
    assert_eq!(read["a"][2].as_f64(), Some(350.0));
    assert_eq!(read["big"].as_u64(), Some(u64::MAX));
    assert_eq!(parse_object(b"{\"a\":1}").unwrap(), *json!({"a": 1}).as_object().unwrap());
    assert_eq!(parse_object(b"[1]"), Err(JsonError::NotAnObject));
}

#[test]
fn strings_without_escapes_are_borrowed() {
    let text = br#"{"plain":"value","esc\u0061ped":"v\u0061lue"}"#;
    let object = Object::parse(text).unwrap();
    assert!(matches!(object.get("plain"), Some(Json::Text(Cow::Borrowed("value")))));
    assert_eq!(object.get("escaped").and_then(Json::as_str), Some("value"));
}

// HTP-JSON-02, SEC-DUP-01
#[test]
fn a_member_sent_twice_is_refused_at_any_level() {
    for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"x":{"b":[],"c":0,"b":[]}}]"#] {
        assert_eq!(parse_value(text.as_bytes()), Err(JsonError::Duplicate), "{text}");
    }
    let many = |last: &str| {
        let members: Vec<_> = (0..1000).map(|n| format!("\"m{n}\":{n}")).collect();
        format!("{{{},{last}}}", members.join(","))
    };
    assert_eq!(parse_value(many("\"m7\":0").as_bytes()), Err(JsonError::Duplicate));
    assert_eq!(parse_object(many("\"m1000\":0").as_bytes()).unwrap().len(), 1001);
    assert!(parse_value(br#"{"a":{"b":1},"c":{"b":1}}"#).is_ok());
}

// SEC-DEPTH-01
#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse_value(nested(MOST_LEVELS).as_bytes()).is_ok());
    assert!(parse_value(format!("{}1.5{}", "[".repeat(MOST_LEVELS), "]".repeat(MOST_LEVELS)).as_bytes()).is_ok());
    assert_eq!(parse_value(nested(MOST_LEVELS + 1).as_bytes()), Err(JsonError::TooDeep));
    assert_eq!(parse_value("[".repeat(100_000).as_bytes()), Err(JsonError::TooDeep));
    assert_eq!(parse_value("{\"a\":".repeat(100_000).as_bytes()), Err(JsonError::TooDeep));
}

// HTP-JSON-01, HTP-JSON-04, SEC-NUM-01, SEC-UNI-01
#[test]
fn what_is_not_json_is_refused() {
    assert_eq!(parse_value(b"\xef\xbb\xbf{}"), Err(JsonError::ByteOrderMark));
    assert_eq!(parse_value(b"\"\xff\""), Err(JsonError::NotUtf8));
    assert_eq!(parse_value(b"\"\xc0\xaf\""), Err(JsonError::NotUtf8));
    let bad: [&[u8]; 17] = [
        br#"{"$serde_json::private::Number":"1","a":2}"#,
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{\"a\":1,}",
        b"{} {}",
        b"{}x",
        b"NaN",
        b"Infinity",
        b"01",
        b"1e400",
        b"-1e400",
        b"'a'",
        br#""\ud800""#,
        b"\"a\nb\"",
        b"{1:2}",
    ];
    for text in bad {
        let read = parse_value(text);
        assert!(matches!(read, Err(JsonError::Syntax { .. })), "{:?} {read:?}", String::from_utf8_lossy(text));
    }
}

// SEC-PANIC-01
#[test]
fn mutated_json_never_panics_and_agrees_with_serde() {
    let seeds: [&[u8]; 4] = [
        br#"{"credential_configuration_id":"a","proofs":{"jwt":["e.e.e"]},"n":-1.5e3}"#,
        br#"{"a":{"b":[{"c":null},true,false,[[[]]]]},"\u00e9":"\ud83d\ude00"}"#,
        b"[0,1,2,3,{\"k\":\"v\"}]",
        b"\"text\"",
    ];
    fuzz::mutate(&seeds, 20_000, |input| {
        if let Ok(value) = parse_value(input) {
            assert!(same(&serde_json::from_slice(input).unwrap(), &value), "{value}");
        }
    });
}
