//! Fills the claims of a configuration from one person's claims.
//!
//! The rules are those of mdocs: a `defaultValue` stands in where the path has no value, a claim without a value is left out unless it
//! is `required`, and a value that is there but not of the claim's type refuses the credential.

use std::cell::Cell;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::Value;

use super::claims::{Claim, Claims, RESERVED_EVERYWHERE};
use crate::format::claim::{ClaimType, index, resolve, selects};
use crate::format::mdoc::value::{binary, parse_date, parse_instant};

/// Most values of a credential, objects and arrays counted, and most bytes of them together; each copy has a disclosure for each.
const MOST_VALUES: usize = 4_000;
const MOST_BYTES: usize = 1024 * 1024;
/// Media types of images and documents by their first bytes, for values of type binary.
const MAGIC: [(&[u8], &str); 3] =
    [(&[0xff, 0xd8, 0xff], "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf")];

/// What is wrong with one claim of a configuration or of a person. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct ClaimProblem {
    /// The way to the claim in the configuration's `claimMappings`.
    pub path: String,
    /// Where its value comes from, where one was looked for.
    pub map_from: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The name belongs to the issuer or to the format.
    #[error("has a name that the credential uses itself")]
    Reserved,
    /// The name cannot be used.
    #[error("must have a name of 1 to 255 characters without control characters")]
    Name,
    /// An object without claims.
    #[error("must have at least one claim")]
    NoClaims,
    /// Nested too deep.
    #[error("is nested deeper than 16 levels")]
    TooDeep,
    /// Object and array at once.
    #[error("must have claims or items, not both")]
    Both,
    /// The type does not fit.
    #[error("must have the type {0}")]
    Type(&'static str),
    /// There is neither a path nor a value.
    #[error("must have mapFrom or defaultValue")]
    NoSource,
    /// A path is there without a type.
    #[error("must have a type with mapFrom")]
    NoType,
    /// The path leads nowhere.
    #[error(
        "must have a mapFrom of claims.<name>, authenticationProvider.subjectId or authenticationProvider.url; within items, also of item.<name>"
    )]
    Path,
    /// The default is not of the claim's type.
    #[error("has a defaultValue that {0}")]
    Default(&'static str),
    /// A required claim has no value.
    #[error("is required, and the claims have no value for it")]
    Missing,
    /// The value is not of the claim's type.
    #[error("{0}")]
    Value(&'static str),
    /// Claims that say things over and over.
    #[error("makes the credential too large: it may have {MOST_VALUES} values of {MOST_BYTES} bytes together")]
    TooLarge,
}

/// The claims of one person: an object with its members, filled.
#[derive(Clone, Default, PartialEq)]
pub struct MappedClaims {
    /// The members that have a value.
    pub(super) members: Vec<Member>,
    /// How many members could have a disclosure, with a value or without: decoys make up for the difference.
    pub(super) selective: usize,
}

/// A member of an object.
#[derive(Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) part: Part,
}

/// A value, and whether it has a disclosure of its own.
#[derive(Clone, PartialEq)]
pub(super) struct Part {
    pub(super) node: Node,
    pub(super) selective: bool,
}

#[derive(Clone, PartialEq)]
pub(super) enum Node {
    /// A value as it is.
    Value(Value),
    Object(MappedClaims),
    Array(Vec<Part>),
}

impl fmt::Debug for MappedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedClaims").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl MappedClaims {
    /// Whether no claim has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether a claims path pointer leads to something (`OpenID4VCI` C.1).
    #[must_use]
    pub fn selects(&self, path: &[Value]) -> bool {
        let Some((step, rest)) = path.split_first() else { return true };
        let mut named = self.members.iter().filter(|member| step.as_str() == Some(&member.name));
        named.any(|member| member.part.selects(rest))
    }

    /// The value of a claim at the top, as it is.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        match &self.members.iter().find(|member| member.name == name)?.part.node {
            Node::Value(value) => Some(value),
            Node::Object(_) | Node::Array(_) => None,
        }
    }
}

impl Part {
    fn selects(&self, path: &[Value]) -> bool {
        match (&self.node, path.split_first()) {
            (Node::Value(value), _) => selects(value, path),
            (Node::Object(claims), _) => claims.selects(path),
            (Node::Array(_), None) => true,
            (Node::Array(items), Some((Value::Null, rest))) => items.iter().any(|item| item.selects(rest)),
            (Node::Array(items), Some((Value::Number(place), rest))) => {
                index(place).and_then(|place| items.get(place)).is_some_and(|item| item.selects(rest))
            }
            (Node::Array(_), Some(_)) => false,
        }
    }
}

/// What a credential may still take up: arrays within arrays could make much of little.
struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values: Cell::new(MOST_VALUES), bytes: Cell::new(MOST_BYTES) }
    }
}

impl Budget {
    /// Takes a value from it; `false` when it is used up.
    fn take(&self, node: &Node) -> bool {
        let size = match node {
            Node::Value(value) => size(value),
            Node::Object(_) | Node::Array(_) => 0,
        };
        let left = |of: &Cell<usize>, used: usize| of.get().checked_sub(used).map(|left| of.set(left)).is_some();
        left(&self.values, 1) && left(&self.bytes, size)
    }
}

/// About the bytes of a value in JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value) + 4).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// Where sources are looked up.
#[derive(Clone, Copy)]
struct Scope<'a> {
    budget: &'a Budget,
    document: &'a Value,
    item: Option<&'a Value>,
    /// Whether claims without a value will do, since others may follow.
    partial: bool,
}

/// Fills the claims from `document`, the claims document `{"claims":{…},"authenticationProvider":{…}}`.
pub fn map_claims(claims: &Claims, document: &Value) -> Result<MappedClaims, ClaimProblem> {
    members(claims, "", Scope { budget: &Budget::default(), document, item: None, partial: false })
}

/// The first value that is there and not of its claim's type.
pub fn check_values(claims: &Claims, document: &Value) -> Result<(), ClaimProblem> {
    members(claims, "", Scope { budget: &Budget::default(), document, item: None, partial: true }).map(drop)
}

/// When the document that the credential stands for expires, by its own account: the start of that day in UTC, as for mdocs.
#[must_use]
pub fn document_expiry(claims: &MappedClaims) -> Option<Timestamp> {
    let texts = ["date_of_expiry", "expiry_date"].into_iter().filter_map(|name| claims.value(name)?.as_str());
    let start = |date| Offset::UTC.to_timestamp(Date::at(date, 0, 0, 0, 0)).ok();
    texts.filter_map(|text| parse_instant(text).or_else(|| start(parse_date(text)?))).min()
}

fn members(claims: &Claims, above: &str, scope: Scope<'_>) -> Result<MappedClaims, ClaimProblem> {
    let mut mapped = MappedClaims::default();
    for (name, claim) in claims {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.claims.{name}") };
        mapped.selective += usize::from(claim.sd.is_selective());
        let part = part(claim, &path, scope)?;
        mapped.members.extend(part.map(|part| Member { name: name.clone(), part }));
    }
    Ok(mapped)
}

fn part(claim: &Claim, path: &str, scope: Scope<'_>) -> Result<Option<Part>, ClaimProblem> {
    let problem = |problem| {
        let map_from = claim.mapping.map_from.clone().filter(|path| !path.starts_with("item"));
        ClaimProblem { path: path.to_owned(), map_from, problem }
    };
    let node = match (&claim.claims, &claim.items) {
        (Some(claims), _) => {
            within(claim, scope).map_err(|why| problem(Problem::Value(why)))?.map_or(Ok(None), |within| {
                let found = members(claims, path, within)?;
                Ok((!found.is_empty()).then_some(Node::Object(found)))
            })?
        }
        (None, items) => match (found(claim, scope), items) {
            (None, _) => None,
            (Some(Value::Array(values)), Some(items)) => Some(Node::Array(each(items, values, path, scope)?)),
            (Some(found), _) => {
                Some(Node::Value(value(claim.mapping.kind, found).map_err(|why| problem(Problem::Value(why)))?))
            }
        },
    };
    match node {
        None if claim.mapping.required && !scope.partial => Err(problem(Problem::Missing)),
        Some(node) if !scope.budget.take(&node) => Err(problem(Problem::TooLarge)),
        node => Ok(node.map(|node| Part { node, selective: claim.sd.is_selective() })),
    }
}

/// Where the claims of an object are looked up: where it is itself, or in its own value; `None` when it has none.
fn within<'a>(claim: &'a Claim, scope: Scope<'a>) -> Result<Option<Scope<'a>>, &'static str> {
    if !claim.mapping.has_source() {
        return Ok(Some(scope));
    }
    match found(claim, scope) {
        None => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(Scope { item: Some(object), ..scope })),
        Some(_) => Err("must be an object"),
    }
}

fn each(items: &Claim, values: &[Value], path: &str, scope: Scope<'_>) -> Result<Vec<Part>, ClaimProblem> {
    let path = format!("{path}.items");
    let mut parts = Vec::with_capacity(values.len());
    for item in values {
        parts.extend(part(items, &path, Scope { item: Some(item), ..scope })?);
    }
    Ok(parts)
}

/// The value at a claim's source, or its default; an item without a source is itself.
fn found<'a>(claim: &'a Claim, scope: Scope<'a>) -> Option<&'a Value> {
    let mapping = &claim.mapping;
    let found = match (mapping.map_from.as_deref(), scope.item) {
        (None, item) => item.filter(|item| mapping.default_value.is_none() && !item.is_null()),
        (Some("item"), Some(item)) => Some(item).filter(|item| !item.is_null()),
        (Some(path), item) => match (path.strip_prefix("item."), item) {
            (Some(rest), Some(item)) => resolve(item, rest),
            _ => resolve(scope.document, path),
        },
    };
    found.or(mapping.default_value.as_ref())
}

/// A value as the credential has it; a refusal says what it must be and never repeats it.
pub(super) fn value(kind: Option<ClaimType>, value: &Value) -> Result<Value, &'static str> {
    let text = || value.as_str().ok_or("must be a string");
    let kept = |fits: bool, refusal| if fits { Ok(value.clone()) } else { Err(refusal) };
    match kind {
        Some(ClaimType::String) => kept(value.is_string(), "must be a string"),
        Some(ClaimType::Number) => kept(value.is_number(), "must be a number"),
        Some(ClaimType::Boolean) => kept(value.is_boolean(), "must be true or false"),
        Some(ClaimType::DateTime) => {
            kept(parse_instant(text()?).is_some(), "must be a date and time, YYYY-MM-DDThh:mm:ssZ")
        }
        Some(ClaimType::Date) => date(text()?).ok_or("must be a date of the calendar, YYYY-MM-DD"),
        Some(ClaimType::Binary) => data_uri(text()?),
        Some(ClaimType::Array) if !value.is_array() => Err("must be an array"),
        Some(ClaimType::Object) if !value.is_object() => Err("must be an object"),
        Some(ClaimType::Array | ClaimType::Object) | None => {
            kept(!has_reserved(value), "must not have members named _sd, _sd_alg or ...")
        }
    }
}

/// A date, also of a date and time, as it is written there.
fn date(text: &str) -> Option<Value> {
    let date = if parse_instant(text).is_some() { text.get(..10)? } else { text };
    parse_date(date).map(|_| date.into())
}

/// Bytes as a data URI (SD-JWT VC 2.2.2.4); one that is given as such keeps its media type.
fn data_uri(text: &str) -> Result<Value, &'static str> {
    let bytes = binary::decode(text)?;
    if text.starts_with("data:") {
        return Ok(text.into());
    }
    let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    let media_type = known.map_or("application/octet-stream", |(_, media_type)| media_type);
    Ok(format!("data:{media_type};base64,{}", STANDARD.encode(&bytes)).into())
}

fn has_reserved(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_reserved),
        Value::Object(members) => {
            members.iter().any(|(name, value)| RESERVED_EVERYWHERE.contains(&name.as_str()) || has_reserved(value))
        }
        _ => false,
    }
}
