use ciborium::Value;

/// Reads one item that fills `bytes`: shortest-form integers and lengths, definite lengths, no duplicate keys, no floats,
/// nothing after it.
#[track_caller]
pub fn strict(bytes: &[u8]) -> Value {
    let value: Value = ciborium::from_reader(bytes).unwrap_or_else(|error| panic!("not CBOR: {error}"));
    // CBR-8949-01, CBR-8949-02: only the shortest encoding comes out of the encoder as it went in, with the same length.
    assert_eq!(encode(&value), bytes, "not the shortest encoding, or bytes after the item");
    check(&value);
    value
}

/// Encodes with shortest forms, maps in their order.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

#[track_caller]
fn check(value: &Value) {
    match value {
        Value::Float(number) => panic!("a float: {number}"),
        Value::Tag(_, inner) => check(inner),
        Value::Array(items) => items.iter().for_each(check),
        Value::Map(members) => {
            for (place, (key, member)) in members.iter().enumerate() {
                assert!(members[..place].iter().all(|(earlier, _)| earlier != key), "duplicate key {key:?}");
                check(key);
                check(member);
            }
        }
        _ => {}
    }
}

/// The members of a map with text keys, in order.
#[track_caller]
pub fn members(value: &Value) -> Vec<(&str, &Value)> {
    map(value).iter().map(|(key, member)| (text(key), member)).collect()
}

/// The member of a map with text keys.
#[track_caller]
pub fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    let found = members(value).into_iter().find(|(key, _)| *key == name);
    found.unwrap_or_else(|| panic!("no {name} in {value:?}")).1
}

/// The members of a map.
#[track_caller]
pub fn map(value: &Value) -> &[(Value, Value)] {
    value.as_map().unwrap_or_else(|| panic!("not a map: {value:?}"))
}

/// The text of a text string.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_text().unwrap_or_else(|| panic!("not a text string: {value:?}"))
}

/// The bytes of a byte string.
#[track_caller]
pub fn bytes(value: &Value) -> &[u8] {
    value.as_bytes().unwrap_or_else(|| panic!("not a byte string: {value:?}"))
}

/// An unsigned or negative integer.
#[track_caller]
pub fn integer(value: &Value) -> i64 {
    let integer = value.as_integer().unwrap_or_else(|| panic!("not an integer: {value:?}"));
    integer.try_into().unwrap()
}

/// The items of an array.
#[track_caller]
pub fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not an array: {value:?}"))
}

/// What is under a tag.
#[track_caller]
pub fn tagged(value: &Value, tag: u64) -> &Value {
    match value {
        Value::Tag(given, inner) if *given == tag => inner,
        other => panic!("not tag {tag}: {other:?}"),
    }
}

/// A full-date (tag 1004, `YYYY-MM-DD`).
#[track_caller]
pub fn full_date(value: &Value) -> &str {
    let date = text(tagged(value, 1004));
    // CBR-8949-03
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00");
    date
}

/// A tdate (tag 0, `YYYY-MM-DDThh:mm:ssZ`).
#[track_caller]
pub fn tdate(value: &Value) -> jiff::Timestamp {
    let date = text(tagged(value, 0));
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    // CBR-8949-03: UTC, no fractions.
    assert_eq!(shape, "0000-00-00T00:00:00Z");
    date.parse().unwrap()
}
