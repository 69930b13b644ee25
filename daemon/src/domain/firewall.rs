//! The wall between plugins and credentials: everything that a plugin says of a holder passes here, whatever kind of plugin it is.
//!
//! A plugin may give values to the claims that a configuration maps, and nothing else. Names that belong to the issuer, because a
//! credential format or a token uses them for keys, status, validity or the origin of a credential, are not merely ignored: a plugin
//! that sets one is faulty or hostile, and nothing of its answer is used. Names that no configuration maps are dropped, so that a
//! register's whole record can be handed over without going further than it must.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::wire::json::parse_object;

/// Claims of one answer, as JSON, in bytes: as many as an offer may bring.
pub const MOST_BYTES: usize = 128 * 1024;
/// How many arrays and objects may lie within one another, the outermost one counted.
pub const MOST_LEVELS: usize = 16;

/// Names of claims that a plugin may not set. `sub` is not one of them: it names the holder, whom a register knows.
pub const RESERVED: &[&str] = &[
    "iss",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "credential_issuer",
    "authenticationProvider",
    "validityInfo",
    "deviceKeyInfo",
    "docType",
    "digestAlgorithm",
    "valueDigests",
];

pub use crate::format::sd_jwt_vc::RESERVED_EVERYWHERE;

/// Why an answer is not used. Display names nothing that the plugin said, but a reserved name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// More bytes than an answer may have.
    #[error("its claims have more than {MOST_BYTES} bytes")]
    TooLarge,
    /// Not one JSON object whose members have different names.
    #[error("its claims are not a JSON object")]
    NotAnObject,
    /// Nested too deep.
    #[error("its claims are nested deeper than {MOST_LEVELS} levels")]
    TooDeep,
    /// A name that belongs to the issuer.
    #[error("it set {0}, which belongs to the issuer")]
    Reserved(&'static str),
    /// The key of its record is too long.
    #[error("its record-ref has more than {0} bytes")]
    RecordRef(usize),
}

/// The claims of an answer that may be used: those whose names are in `mapped`.
pub fn pass(claims: &str, mapped: &BTreeSet<&str>) -> Result<Map<String, Value>, Breach> {
    if claims.len() > MOST_BYTES {
        return Err(Breach::TooLarge);
    }
    let mut claims = parse_object(claims.as_bytes()).map_err(|error| match error {
        crate::wire::json::JsonError::TooDeep => Breach::TooDeep,
        _ => Breach::NotAnObject,
    })?;
    checked(&claims)?;
    claims.retain(|name, _| mapped.contains(name.as_str()));
    Ok(claims)
}

/// The same for a register that is no plugin: it answers others as well, and what its records hold besides is not its fault. So names
/// that no configuration maps are dropped first.
pub fn pick(mut claims: Map<String, Value>, mapped: &BTreeSet<&str>) -> Result<Map<String, Value>, Breach> {
    claims.retain(|name, _| mapped.contains(name.as_str()));
    checked(&claims)?;
    Ok(claims)
}

fn checked(claims: &Map<String, Value>) -> Result<(), Breach> {
    if let Some(name) = RESERVED.iter().find(|name| claims.contains_key(**name)) {
        return Err(Breach::Reserved(name));
    }
    check_object(claims, MOST_LEVELS)
}

fn check_object(object: &Map<String, Value>, levels: usize) -> Result<(), Breach> {
    let below = levels.checked_sub(1).ok_or(Breach::TooDeep)?;
    if let Some(name) = RESERVED_EVERYWHERE.iter().find(|name| object.contains_key(**name)) {
        return Err(Breach::Reserved(name));
    }
    object.values().try_for_each(|value| check(value, below))
}

fn check(value: &Value, levels: usize) -> Result<(), Breach> {
    match value {
        Value::Object(object) => check_object(object, levels),
        Value::Array(items) => {
            let below = levels.checked_sub(1).ok_or(Breach::TooDeep)?;
            items.iter().try_for_each(|item| check(item, below))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passed(claims: &str) -> Result<Value, Breach> {
        let mapped = RESERVED.iter().chain(RESERVED_EVERYWHERE).chain(&["name", "sub", "address"]).copied().collect();
        pass(claims, &mapped).map(Value::from)
    }

    fn nested(levels: usize, open: &str, close: &str) -> String {
        format!("{{\"name\":{}1{}}}", open.repeat(levels), close.repeat(levels))
    }

    // Even when a configuration maps them.
    #[test]
    fn no_reserved_name_passes() {
        assert_eq!((RESERVED.len(), RESERVED_EVERYWHERE.len()), (17, 3));
        for name in RESERVED.iter().chain(RESERVED_EVERYWHERE) {
            for value in [json!("x"), json!(null), json!({}), json!(1)] {
                let claims = json!({ "name": "Mika", *name: value }).to_string();
                assert_eq!(passed(&claims), Err(Breach::Reserved(name)), "{claims}");
            }
            let escaped = format!("{{\"\\u{:04x}{}\":1}}", name.as_bytes()[0], &name[1..]);
            assert_eq!(passed(&escaped), Err(Breach::Reserved(name)), "{escaped}");
        }
        for name in RESERVED_EVERYWHERE {
            let claims = json!({ "address": { "lines": [{ *name: ["x"] }] } }).to_string();
            assert_eq!(passed(&claims), Err(Breach::Reserved(name)), "{claims}");
        }
    }

    #[test]
    fn a_reserved_word_is_only_a_word_elsewhere() {
        let claims = json!({ "sub": "4711", "address": { "status": "valid", "iss": [1] }, "name": "exp" });
        assert_eq!(passed(&claims.to_string()), Ok(claims));
    }

    #[test]
    fn names_that_are_not_mapped_are_dropped() {
        let claims = json!({ "name": "Mika", "salary": 1, "Iss": "x", "IAT": 1, " exp": 1 }).to_string();
        assert_eq!(passed(&claims), Ok(json!({ "name": "Mika" })));
        assert_eq!(pass(&claims, &BTreeSet::new()), Ok(Map::new()));
    }

    #[test]
    fn claims_are_one_object_of_bounded_size() {
        for text in ["", "null", "[]", "1", "{", "{} {}", "{\"name\":1,\"name\":2}", "{\"name\":1e999}", "\u{feff}{}"] {
            assert_eq!(passed(text), Err(Breach::NotAnObject), "{text}");
        }
        assert_eq!(passed(" {} "), Ok(json!({})));
        let most = format!("{{\"name\":\"{}\"}}", "x".repeat(MOST_BYTES - 11));
        assert_eq!(most.len(), MOST_BYTES);
        assert!(passed(&most).is_ok());
        assert_eq!(passed(&format!("{most} ")), Err(Breach::TooLarge));
    }

    #[test]
    fn claims_are_nested_up_to_a_bound() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            assert!(passed(&nested(MOST_LEVELS - 1, open, close)).is_ok());
            for levels in [MOST_LEVELS, 31, 32, 1000] {
                assert_eq!(passed(&nested(levels, open, close)), Err(Breach::TooDeep), "{levels}");
            }
        }
    }
}
