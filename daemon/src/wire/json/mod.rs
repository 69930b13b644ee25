//! Strict JSON (RFC 8259): what every request body and every JOSE header is read with.
//!
//! One parse makes a tree that borrows from the input wherever a string has no escapes. Members that are sent twice, at any
//! level, are refused instead of one of them winning, so that no two readers of one document see different things.

mod strict;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;

use serde::de::DeserializeSeed as _;
use serde_json::{Map, Number, Value};

use strict::Strict;

/// How many arrays and objects may lie within one another; documents of the standards need fewer than ten.
pub const MOST_LEVELS: usize = 32;
/// Up to this many members names are compared pairwise, above it they are sorted first.
const FEW_MEMBERS: usize = 16;

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

    /// All members, in their order.
    pub fn into_members(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        self.0.into_iter()
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
