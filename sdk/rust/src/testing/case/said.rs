//! What a plugin said, as JSON: the form in which a case expects it.

use serde_json::{Map, Value, json};

use super::super::contract::{ClaimSet, Denial, Enrichment, Gate, Outcome, PluginError, Verdict};

/// What a claim source said.
pub(crate) fn outcome(said: Outcome) -> Map<String, Value> {
    object(match said {
        Outcome::Ready(set) => claim_set(&set),
        Outcome::Pending(pending) => json!({
            "outcome": "pending",
            "state": pending.state,
            "retry_after_seconds": pending.retry_after_seconds,
        }),
        Outcome::Denied(denial) => denied(&denial),
    })
}

fn claim_set(set: &ClaimSet) -> Value {
    json!({
        "outcome": "ready",
        "claims": parsed(&set.claims),
        "valid_from": set.valid_from,
        "valid_until": set.valid_until,
        "record_ref": set.record_ref,
        "extra": set.extra.as_deref().map(parsed),
    })
}

/// What a plugin said of its configuration.
pub(crate) fn check(said: Result<(), Vec<String>>) -> Map<String, Value> {
    object(match said {
        Ok(()) => json!({ "outcome": "ok" }),
        Err(problems) => json!({ "outcome": "problems", "problems": problems }),
    })
}

/// What a hook said without a browser.
pub(crate) fn gate(said: Gate) -> Map<String, Value> {
    object(match said {
        Gate::Abstain => json!({ "outcome": "abstain" }),
        Gate::Allow(enrichment) => allowed(&enrichment),
        Gate::Deny(denial) => denied(&denial),
    })
}

/// What a hook said to a person.
pub(crate) fn verdict(said: Verdict) -> Map<String, Value> {
    object(match said {
        Verdict::Abstain => json!({ "outcome": "abstain" }),
        Verdict::Allow(enrichment) => allowed(&enrichment),
        Verdict::Deny(denial) => denied(&denial),
        Verdict::Challenge(form) => json!({ "outcome": "challenge", "form": form }),
        Verdict::Redirect(redirection) => json!({ "outcome": "redirect", "redirection": redirection }),
    })
}

/// Why a plugin said nothing.
pub(crate) fn error(said: PluginError) -> Map<String, Value> {
    object(match said {
        PluginError::NotFound(message) => json!({ "outcome": "not_found", "message": message }),
        PluginError::Unavailable(hint) => json!({
            "outcome": "unavailable",
            "message": hint.message,
            "retry_after_seconds": hint.retry_after_seconds,
        }),
        PluginError::Misconfigured(message) => json!({ "outcome": "misconfigured", "message": message }),
        PluginError::Internal(message) => json!({ "outcome": "internal", "message": message }),
    })
}

fn allowed(enrichment: &Enrichment) -> Value {
    json!({
        "outcome": "allow",
        "enrichment": {
            "claims": parsed(&enrichment.claims),
            "subject": enrichment.subject,
            "acr": enrichment.acr,
            "amr": enrichment.amr,
            "narrow_to": enrichment.narrow_to,
            "extra": enrichment.extra.as_deref().map(parsed),
        },
    })
}

fn denied(denial: &Denial) -> Value {
    json!({ "outcome": "denied", "reason": denial.reason, "user_message": denial.user_message })
}

/// A JSON text as JSON; what is none stays a text, and so is seen.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// Without the members that say nothing.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(mut members) => {
            members.retain(|_, value| !value.is_null());
            members
        }
        _ => Map::new(),
    }
}
