//! From the record to claims.

use issuerd_plugin::Error;
use serde_json::{Map, Value};

use crate::config::Config;

/// The claims; what the record does not have, or has as `null`, is no claim.
pub(crate) fn claims(config: &Config, record: &Value) -> Result<Map<String, Value>, Error> {
    let found = config.claims.iter().filter_map(|(claim, pointer)| {
        let value = record.pointer(pointer).filter(|value| !value.is_null())?;
        Some((claim.clone(), value.clone()))
    });
    let claims: Map<String, Value> = found.collect();
    match config.required.iter().find(|name| !claims.contains_key(*name)) {
        Some(missing) => Err(Error::NotFound(format!("the record has no `{missing}`"))),
        None => Ok(claims),
    }
}

/// Problems of the mapping.
pub(crate) fn check(config: &Config) -> Vec<String> {
    let pointers = config.claims.values().chain(&config.record).chain(&config.record_ref);
    let wrong = pointers.filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/'));
    let mut problems: Vec<_> =
        wrong.map(|pointer| format!("`{pointer}` is no JSON pointer: it starts with /")).collect();
    let unmapped = config.required.iter().filter(|name| !config.claims.contains_key(*name));
    problems.extend(unmapped.map(|name| format!("`{name}` is required, but not in `claims`")));
    problems
}

/// A text or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
