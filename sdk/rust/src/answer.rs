//! Answers, put together.

use serde::Serialize;
use serde_json::Value;

use crate::{ClaimSet, Denial, Enrichment, Error, Form, FormField, Gate, Outcome, Pending, Result, Verdict};

/// Claims that are ready. `claims` must be one JSON object: a `serde_json::json!` value, a map, or a struct.
///
/// ```
/// # use issuerd_plugin::{ready, Result, Outcome};
/// # fn example() -> Result<Outcome> {
/// ready(&serde_json::json!({ "family_name": "Sommer" }))
/// # }
/// # assert!(example().is_ok());
/// ```
pub fn ready(claims: &impl Serialize) -> Result<Outcome> {
    Ok(Outcome::Ready(ClaimSet::new(claims)?))
}

/// A refusal. `reason` goes to the log; the person sees `user_message`.
#[must_use]
pub fn denied(reason: impl Into<String>, user_message: impl Into<String>) -> Outcome {
    Outcome::Denied(Denial { reason: reason.into(), user_message: Some(user_message.into()) })
}

/// Not ready yet. `state` comes back in `resume`, at most 4 KiB; the wallet is told to come back after that many seconds.
#[must_use]
pub fn pending(state: impl Into<String>, retry_after_seconds: u32) -> Outcome {
    Outcome::Pending(Pending { state: state.into(), retry_after_seconds })
}

/// An enrichment with these claims, for `allow`. `claims` must be one JSON object.
pub fn allow(claims: &impl Serialize) -> Result<Enrichment> {
    Ok(Enrichment { claims: object(claims)?, ..Enrichment::default() })
}

fn object(claims: &impl Serialize) -> Result<String> {
    let value = serde_json::to_value(claims)?;
    if value.is_object() { Ok(value.to_string()) } else { Err(Error::Internal("claims are no JSON object".to_owned())) }
}

impl ClaimSet {
    /// These claims, valid as long as the configuration says.
    pub fn new(claims: &impl Serialize) -> Result<Self> {
        Ok(Self { claims: object(claims)?, valid_from: None, valid_until: None, record_ref: None, extra: None })
    }

    /// With the register's own key for the record, at most 256 bytes.
    #[must_use]
    pub fn record_ref(mut self, key: impl Into<String>) -> Self {
        self.record_ref = Some(key.into());
        self
    }

    /// Not valid before that time, in milliseconds since 1970.
    #[must_use]
    pub fn valid_from(mut self, at: u64) -> Self {
        self.valid_from = Some(at);
        self
    }

    /// Not valid after that time, in milliseconds since 1970.
    #[must_use]
    pub fn valid_until(mut self, at: u64) -> Self {
        self.valid_until = Some(at);
        self
    }
}

impl From<ClaimSet> for Outcome {
    fn from(set: ClaimSet) -> Self {
        Self::Ready(set)
    }
}

impl Default for Enrichment {
    fn default() -> Self {
        Self { claims: "{}".to_owned(), subject: None, acr: None, amr: Vec::new(), narrow_to: None, extra: None }
    }
}

impl Enrichment {
    /// Only these credential configurations stay allowed.
    #[must_use]
    pub fn narrow_to(mut self, configurations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.narrow_to = Some(configurations.into_iter().map(Into::into).collect());
        self
    }

    /// With one more authentication method (RFC 8176).
    #[must_use]
    pub fn amr(mut self, method: impl Into<String>) -> Self {
        self.amr.push(method.into());
        self
    }
}

impl Gate {
    /// A refusal, as [`denied`].
    #[must_use]
    pub fn deny(reason: impl Into<String>, user_message: impl Into<String>) -> Self {
        Self::Deny(Denial { reason: reason.into(), user_message: Some(user_message.into()) })
    }
}

impl Verdict {
    /// A refusal, as [`denied`].
    #[must_use]
    pub fn deny(reason: impl Into<String>, user_message: impl Into<String>) -> Self {
        Self::Deny(Denial { reason: reason.into(), user_message: Some(user_message.into()) })
    }
}

/// The kind of a form's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// One line that is not shown.
    Password,
    /// An email address.
    Email,
    /// A telephone number.
    Tel,
    /// A number.
    Number,
    /// A date, sent as `2026-01-31`.
    Date,
    /// A code that is used once.
    OneTimeCode,
    /// Yes or no.
    Checkbox,
    /// One of several; see [`FormField::choice`].
    Choice,
}

impl FieldKind {
    fn text(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Password => "password",
            Self::Email => "email",
            Self::Tel => "tel",
            Self::Number => "number",
            Self::Date => "date",
            Self::OneTimeCode => "one-time-code",
            Self::Checkbox => "checkbox",
            Self::Choice => "choice",
        }
    }
}

impl FormField {
    /// A field that must be filled in.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: FieldKind, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: kind.text().to_owned(),
            label: label.into(),
            help: None,
            value: None,
            required: true,
            max_length: None,
            choices: Vec::new(),
        }
    }

    /// One more value to choose, with its label.
    #[must_use]
    pub fn choice(mut self, value: impl Into<String>, label: impl Into<String>) -> Self {
        self.choices.push((value.into(), label.into()));
        self
    }

    /// At most that many characters.
    #[must_use]
    pub fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }
}

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: None,
            problem: None,
            fields: Vec::new(),
            submit_label: None,
            state: String::new(),
        }
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, field: FormField) -> Self {
        self.fields.push(field);
        self
    }

    /// With what the next step gets back as [`AuthContext::state`](crate::AuthContext), at most 4 KiB; the browser does not see it.
    pub fn state(mut self, state: &impl Serialize) -> Result<Self> {
        self.state = match serde_json::to_value(state)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(self)
    }
}
