//! Strict JSON (RFC 8259): what every request body and every JOSE header is read with.
//!
//! One parse makes a tree that borrows from the input wherever a string has no escapes. Members that are sent twice, at any
//! level, are refused instead of one of them winning, so that no two readers of one document see different things.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How many arrays and objects may lie within one another; documents of the standards need fewer than ten.
pub const MOST_LEVELS: usize = 32;
/// Up to this many members names are compared pairwise, above it they are sorted first.
const FEW_MEMBERS: usize = 16;
/// How `serde_json` hands over numbers when some crate of the build has switched on its `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// Why a text is not accepted as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// Starts with a byte order mark.
    #[error("starts with a byte order mark")]
    ByteOrderMark,
    /// Not JSON, or a number that no double can hold.
    #[error("is not JSON (line {line}, column {column})")]
    Syntax {
        /// Line of the mistake, from 1.
        line: usize,
        /// Column of the mistake, from 1.
        column: usize,
    },
    /// An object has two members of one name.
    #[error("has a member twice in one object")]
    Duplicate,
    /// Nested deeper than [`MOST_LEVELS`].
    #[error("is nested deeper than {MOST_LEVELS} levels")]
    TooDeep,
    /// Something else than an object.
    #[error("is not an object")]
    NotAnObject,
}

/// A JSON value that borrows from the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object in the order in which they were sent; no name occurs twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Reads a text that must be an object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        match Json::parse(bytes)? {
            Json::Object(object) => Ok(object),
            _ => Err(JsonError::NotAnObject),
        }
    }

    /// A member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find_map(|(given, value)| (given == name).then_some(value))
    }

    /// Takes a member out.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let place = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has_duplicates(&self) -> bool {
        if self.0.len() <= FEW_MEMBERS {
            let mut rest = self.0.as_slice();
            while let Some(((name, _), others)) = rest.split_first() {
                if others.iter().any(|(other, _)| other == name) {
                    return true;
                }
                rest = others;
            }
            return false;
        }
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair.first() == pair.last())
    }

    fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect()
    }
}

impl<'a> Json<'a> {
    /// Reads a text.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
        if text.starts_with('\u{feff}') {
            return Err(JsonError::ByteOrderMark);
        }
        let problem = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Strict { levels: MOST_LEVELS, problem: &problem }.deserialize(&mut reader);
        read.and_then(|value| reader.end().map(|()| value))
            .map_err(|error| problem.get().unwrap_or(JsonError::Syntax { line: error.line(), column: error.column() }))
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The array, if it is one.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The same as an owned value.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Array(array) => Value::Array(array.into_iter().map(Json::into_value).collect()),
            Self::Object(object) => Value::Object(object.into_map()),
        }
    }
}

/// Reads a text into an owned value.
pub fn parse_value(bytes: &[u8]) -> Result<Value, JsonError> {
    Json::parse(bytes).map(Json::into_value)
}

/// Reads a text that must be an object into an owned map.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    Object::parse(bytes).map(Object::into_map)
}

/// Reads one value with `levels` levels left below it; `problem` carries out what serde's error can't name.
#[derive(Clone, Copy)]
struct Strict<'p> {
    levels: usize,
    problem: &'p Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn fail<E: serde::de::Error>(self, problem: JsonError) -> E {
        self.problem.set(Some(problem));
        E::custom(problem)
    }

    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, ..self }),
            None => Err(self.fail(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json<'de>, E> {
        Number::from_f64(number).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let below = self.below()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let mut next = members.next_key_seed(Name)?;
        if next.as_deref() == Some(NUMBER) {
            return exact_number(&mut members);
        }
        let below = self.below()?;
        let mut object = Object::default();
        while let Some(name) = next {
            object.0.push((name, members.next_value_seed(below)?));
            next = members.next_key_seed(Name)?;
        }
        if object.has_duplicates() {
            return Err(self.fail(JsonError::Duplicate));
        }
        Ok(Json::Object(object))
    }
}

/// The number behind [`NUMBER`]; read here, so that its range is checked however `serde_json` was built.
fn exact_number<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Json<'de>, A::Error> {
    let text = members.next_value_seed(Name)?;
    let whole = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from)).ok();
    let number = whole.or_else(|| text.parse().ok().and_then(Number::from_f64));
    match (number, members.next_key_seed(Name)?) {
        (Some(number), None) => Ok(Json::Number(number)),
        _ => Err(serde::de::Error::custom("number out of range")),
    }
}

/// Reads a member's name without copying it where that is possible.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
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
}
