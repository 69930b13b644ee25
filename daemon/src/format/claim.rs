//! What the mappings of all formats have in common: where the value of a claim comes from, its type, and its name for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters in the name of a namespace, an element or a claim.
const MOST_NAME_CHARACTERS: usize = 255;

/// The type of a claim, as the management API names it.
///
/// For the elements of a known docType it must agree with the type that the standard gives the element. For all others it decides
/// the CBOR type, and in an SD-JWT VC the form in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClaimType {
    /// Text → `tstr`.
    String,
    /// Number → integer, or floating point when it has a fraction.
    Number,
    /// `true` or `false` → `bool`.
    Boolean,
    /// RFC 3339 date and time → `tdate`.
    DateTime,
    /// `YYYY-MM-DD`, or the date part of a date and time → `full-date`. An addition to the reference API, as are the three below.
    Date,
    /// base64, base64url or a data URI → `bstr`; in an SD-JWT VC a data URI.
    Binary,
    /// JSON array → array.
    Array,
    /// JSON object → map, in deterministic key order.
    Object,
}

/// How wallets name a claim, in one language (`OpenID4VCI` B.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDisplay {
    /// The name.
    pub name: String,
    /// Its language, a BCP 47 tag; without one the name is for all that have none of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub locale: Option<String>,
}

/// Where one claim comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimMapping {
    /// Dotted path into the claims document: `claims.…`, `authenticationProvider.subjectId` or `authenticationProvider.url`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub map_from: Option<String>,
    /// The value when the path has none; without a path, the value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_value: Option<Value>,
    /// Whether a credential without this claim is refused.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub required: bool,
    /// The type of the value; needed with `map_from`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<ClaimType>,
    /// Its names, at most one a language.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub display: Vec<ClaimDisplay>,
}

impl ClaimMapping {
    /// Whether it says where the value comes from.
    #[must_use]
    pub fn has_source(&self) -> bool {
        self.map_from.is_some() || self.default_value.is_some()
    }

    /// Whether every credential has the claim: without a value there is none, or a default takes its place.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.required || self.default_value.is_some()
    }
}

impl ClaimMapping {
    /// Its name in a language, or the one that is for all languages.
    #[must_use]
    pub fn name_in(&self, language: &str) -> Option<&str> {
        let named = |wanted: Option<&str>| {
            self.display.iter().find(|one| one.locale.as_deref().map(primary) == wanted).map(|one| one.name.as_str())
        };
        named(Some(language)).or_else(|| named(None))
    }
}

/// The language of a tag, without script and region.
#[must_use]
pub fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The value at a dotted path; `null` counts as none.
#[must_use]
pub fn resolve<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(document, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// Whether a claims path pointer leads to something (`OpenID4VCI` C.1).
#[must_use]
pub fn selects(value: &Value, steps: &[Value]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return !value.is_null() };
    match (step, value) {
        (Value::String(name), Value::Object(members)) => members.get(name).is_some_and(|found| selects(found, rest)),
        (Value::Null, Value::Array(items)) => items.iter().any(|item| selects(item, rest)),
        (Value::Number(place), Value::Array(items)) => {
            index(place).and_then(|place| items.get(place)).is_some_and(|item| selects(item, rest))
        }
        _ => false,
    }
}

/// The place in an array that a step names.
pub(super) fn index(step: &serde_json::Number) -> Option<usize> {
    step.as_u64().and_then(|place| usize::try_from(place).ok())
}

/// Whether a path leads into the claims document.
pub(super) fn is_path(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix("claims.") {
        return rest.split('.').all(|name| !name.is_empty());
    }
    matches!(path, "authenticationProvider.subjectId" | "authenticationProvider.url")
}

/// Whether something can be named so: 1 to 255 characters, none of them a control character.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= MOST_NAME_CHARACTERS && !name.chars().any(char::is_control)
}
