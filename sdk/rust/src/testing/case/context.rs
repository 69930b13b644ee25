//! The context of a case: what its author does not write has a default, and what is misspelt is told.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::contract::{AuthContext, ClaimContext};

/// Members that are JSON texts in the contract and may be written as JSON.
const TEXTS: &[&str] = &["claims", "extra"];
/// Members that are times.
const TIMES: &[&str] = &["created_at", "expires_at", "authenticated_at", "deadline"];

/// The context of a claim source.
pub(crate) fn claims(given: &Map<String, Value>, now: u64) -> Result<ClaimContext, String> {
    let base = json!({
        "request_id": "case",
        "credential_issuer": "https://issuer.example",
        "offer": null,
        "wallet": wallet(),
        "identity": null,
        "claims": "{}",
        "configuration": configuration(),
        "credential_identifier": null,
        "holder_keys": [],
        "locales": [],
        "deadline": now.saturating_add(5_000),
        "extra": "{}",
    });
    read(base, given, now)
}

/// The context of an auth hook.
pub(crate) fn auth(given: &Map<String, Value>, now: u64) -> Result<AuthContext, String> {
    let base = json!({
        "request_id": "case",
        "credential_issuer": "https://issuer.example",
        "offer": null,
        "wallet": wallet(),
        "identity": null,
        "claims": "{}",
        "configurations": [configuration()],
        "holder_keys": [],
        "remote_address": null,
        "user_agent": null,
        "locales": [],
        "return_url": null,
        "state": null,
        "deadline": now.saturating_add(5_000),
        "extra": "{}",
    });
    read(base, given, now)
}

fn wallet() -> Value {
    json!({ "client_id": null, "attested": false, "attester": null })
}

fn configuration() -> Value {
    let doctype = "org.iso.18013.5.1.mDL";
    json!({ "id": "case", "format": "mso_mdoc", "credential_type": doctype, "scope": null, "claims": [] })
}

fn offer(now: u64) -> Value {
    json!({
        "id": "offer",
        "user_id": "user",
        "grant": "pre-authorized_code",
        "issuer_state": null,
        "claims": "{}",
        "created_at": now,
        "expires_at": now.saturating_add(3_600_000),
    })
}

fn identity() -> Value {
    json!({
        "subject": "subject",
        "source": "case",
        "acr": null,
        "amr": [],
        "authenticated_at": null,
        "claims": "{}",
    })
}

fn read<T: DeserializeOwned>(base: Value, given: &Map<String, Value>, now: u64) -> Result<T, String> {
    let Value::Object(mut context) = base else { return Err("the context is no object".to_owned()) };
    for (name, value) in given {
        let place = format!("context.{name}");
        let slot = context.get_mut(name).ok_or_else(|| format!("there is no {place}"))?;
        let value = match (name.as_str(), value) {
            (_, Value::Null) => Value::Null,
            ("offer", Value::Object(value)) => over(offer(now), value, &place)?,
            ("identity", Value::Object(value)) => over(identity(), value, &place)?,
            ("wallet", Value::Object(value)) => over(wallet(), value, &place)?,
            ("configuration", Value::Object(value)) => described(value, &place)?,
            ("configurations", Value::Array(all)) => {
                let all = all.iter().map(|one| described(one.as_object().ok_or(&place)?, &place));
                Value::Array(all.collect::<Result<_, _>>()?)
            }
            (_, value) => member(name, value, &place)?,
        };
        *slot = value;
    }
    serde_json::from_value(Value::Object(context)).map_err(|error| format!("context: {error}"))
}

/// A record with its defaults.
fn over(base: Value, given: &Map<String, Value>, place: &str) -> Result<Value, String> {
    let Value::Object(mut record) = base else { return Ok(base) };
    for (name, value) in given {
        let place = format!("{place}.{name}");
        let slot = record.get_mut(name).ok_or_else(|| format!("there is no {place}"))?;
        *slot = member(name, value, &place)?;
    }
    Ok(Value::Object(record))
}

fn member(name: &str, value: &Value, place: &str) -> Result<Value, String> {
    Ok(match value {
        Value::Object(_) if TEXTS.contains(&name) => value.to_string().into(),
        Value::String(text) if TIMES.contains(&name) => {
            let at: Timestamp = text.parse().map_err(|_| format!("{place} is no time"))?;
            at.as_millisecond().into()
        }
        _ => value.clone(),
    })
}

/// A credential configuration, whose claims may leave out what is usual.
fn described(given: &Map<String, Value>, place: &str) -> Result<Value, String> {
    let mut given = given.clone();
    if let Some(Value::Array(claims)) = given.get_mut("claims") {
        for claim in claims {
            let written = claim.as_object().ok_or_else(|| format!("{place}.claims: a claim is an object"))?;
            let mut filled = json!({ "path": [], "mandatory": false, "source": null });
            if let Value::Object(record) = &mut filled {
                record.extend(written.clone());
                record.entry("path").and_modify(|path| *path = pointer(path));
            }
            *claim = filled;
        }
    }
    let Value::Object(mut record) = configuration() else { return Ok(Value::Null) };
    for (name, value) in given {
        *record.get_mut(&name).ok_or_else(|| format!("there is no {place}.{name}"))? = value;
    }
    Ok(Value::Object(record))
}

/// A claims path pointer, written as in `OpenID4VCI`: names, indexes, and null for all.
fn pointer(path: &Value) -> Value {
    let segment = |segment: &Value| match segment {
        Value::Null => json!("All"),
        Value::Number(index) => json!({ "Index": index }),
        Value::String(name) if name != "All" => json!({ "Key": name }),
        other => other.clone(),
    };
    path.as_array().map_or(Value::Null, |path| path.iter().map(segment).collect())
}
