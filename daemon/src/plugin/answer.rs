//! What a plugin is asked, what it may answer, and what an answer is called.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::Phase;
use super::contract::{
    AuthContext, ClaimContext, Enrichment, Form, FormField, Gate, Outcome, PluginError, PluginInfo, Step, Verdict,
};

/// Longest state that a plugin leaves for its next call, in bytes.
const LONGEST_STATE: usize = 4 << 10;
/// Longest key of a record, in bytes.
const LONGEST_REFERENCE: usize = 256;
/// Most fields of a form.
const MOST_FIELDS: usize = 20;
/// Longest texts of a form, all together, in bytes.
const LONGEST_FORM: usize = 32 << 10;
/// Longest URL that a browser is sent to, in bytes.
const LONGEST_URL: usize = 8 << 10;

/// What a plugin is asked.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// What it is.
    Describe,
    /// Whether it can work with its configuration.
    Check,
    /// Claims of a holder.
    Fetch(ClaimContext),
    /// The same again, with the state it left.
    Resume(ClaimContext, String),
    /// Whether a request may go on.
    Admit(AuthContext, Phase),
    /// The next step with a person.
    Authorize(AuthContext, Step),
}

/// What it answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// To `describe`.
    Info(PluginInfo),
    /// To `check`.
    Checked(Result<(), Vec<String>>),
    /// To `fetch` and `resume`.
    Claims(Result<Outcome, PluginError>),
    /// To `admit`.
    Gate(Result<Gate, PluginError>),
    /// To `authorize`.
    Verdict(Result<Verdict, PluginError>),
}

/// What an answer, or none, is called.
pub(super) struct Judged {
    pub(super) outcome: &'static str,
    /// Only an answer that may be used.
    pub(super) answer: Option<Answer>,
    /// For the operator's log.
    pub(super) error: Option<String>,
}

/// Why an answer is not used.
type Refusal = (&'static str, String);

impl Answer {
    /// Holds an answer against what the host can check: sizes, and whether JSON is JSON. `most` bytes of claims.
    pub(super) fn judge(self, most: usize) -> Judged {
        let outcome = match &self {
            Self::Info(_) | Self::Checked(Ok(())) => Ok("ready"),
            Self::Checked(Err(_)) => Ok("misconfigured"),
            Self::Claims(Ok(outcome)) => outcome_of(outcome, most),
            Self::Gate(Ok(gate)) => gate_of(gate, most),
            Self::Verdict(Ok(verdict)) => verdict_of(verdict, most),
            Self::Claims(Err(error)) | Self::Gate(Err(error)) | Self::Verdict(Err(error)) => Ok(error_of(error).0),
        };
        match outcome {
            Ok(outcome) => Judged { outcome, error: self.error(), answer: Some(self) },
            Err((outcome, error)) => Judged::failed(outcome, error),
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Claims(Err(error)) | Self::Gate(Err(error)) | Self::Verdict(Err(error)) => {
                Some(error_of(error).1.to_owned())
            }
            Self::Checked(Err(problems)) => Some(problems.join("; ")),
            _ => None,
        }
    }
}

impl Judged {
    pub(super) fn failed(outcome: &'static str, error: String) -> Self {
        Self { outcome, answer: None, error: Some(error) }
    }
}

fn error_of(error: &PluginError) -> (&'static str, &str) {
    match error {
        PluginError::NotFound(text) => ("not_found", text),
        PluginError::Unavailable(hint) => ("unavailable", &hint.message),
        PluginError::Misconfigured(text) => ("misconfigured", text),
        PluginError::Internal(text) => ("internal", text),
    }
}

fn outcome_of(outcome: &Outcome, most: usize) -> Result<&'static str, Refusal> {
    match outcome {
        Outcome::Ready(set) => {
            object("claims", &set.claims, most)?;
            set.extra.as_ref().map_or(Ok(()), |extra| object("extra", extra, most))?;
            set.record_ref.as_ref().map_or(Ok(()), |it| fits("record-ref", it, LONGEST_REFERENCE))?;
            Ok("ready")
        }
        Outcome::Pending(pending) => fits("state", &pending.state, LONGEST_STATE).map(|()| "pending"),
        Outcome::Denied(_) => Ok("denied"),
    }
}

fn gate_of(gate: &Gate, most: usize) -> Result<&'static str, Refusal> {
    match gate {
        Gate::Abstain => Ok("abstain"),
        Gate::Allow(enrichment) => enriched(enrichment, most),
        Gate::Deny(_) => Ok("denied"),
    }
}

fn verdict_of(verdict: &Verdict, most: usize) -> Result<&'static str, Refusal> {
    match verdict {
        Verdict::Abstain => Ok("abstain"),
        Verdict::Allow(enrichment) => enriched(enrichment, most),
        Verdict::Deny(_) => Ok("denied"),
        Verdict::Challenge(form) if form.fields.len() > MOST_FIELDS => {
            Err(("invalid", format!("the form has more than {MOST_FIELDS} fields")))
        }
        Verdict::Challenge(form) if length(form) > LONGEST_FORM => {
            Err(("oversize", format!("the form has more than {LONGEST_FORM} bytes of text")))
        }
        Verdict::Challenge(form) => fits("state", &form.state, LONGEST_STATE).map(|()| "pending"),
        Verdict::Redirect(redirection) => {
            fits("url", &redirection.url, LONGEST_URL)?;
            fits("state", &redirection.state, LONGEST_STATE).map(|()| "pending")
        }
    }
}

/// Bytes of a form that a browser is shown.
fn length(form: &Form) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let field = |field: &FormField| {
        let choices: usize = field.choices.iter().map(|(value, label)| value.len() + label.len()).sum();
        field.name.len()
            + field.kind.len()
            + field.label.len()
            + optional(&field.help)
            + optional(&field.value)
            + choices
    };
    form.title.len()
        + optional(&form.text)
        + optional(&form.problem)
        + optional(&form.submit_label)
        + form.fields.iter().map(field).sum::<usize>()
}

fn enriched(enrichment: &Enrichment, most: usize) -> Result<&'static str, Refusal> {
    object("claims", &enrichment.claims, most)?;
    enrichment.extra.as_ref().map_or(Ok(()), |extra| object("extra", extra, most))?;
    Ok("allow")
}

fn fits(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.len() > most { Err(("oversize", format!("{what} is longer than {most} bytes"))) } else { Ok(()) }
}

/// One JSON object of a bounded size. What is wrong with it is told by position, never quoted.
fn object(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    fits(what, text, most)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(Object).and_then(|()| reader.end());
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ("invalid", format!("{what} is not a JSON object (line {line}, column {column})"))
    })
}

/// Reads an object and keeps nothing of it.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
