//! Parts of a case file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::contract::{HeaderValue, HttpError, Request, Response, Step as ContractStep};

/// A time: milliseconds since 1970, or RFC 3339 when read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Time(pub(crate) u64);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a time is milliseconds since 1970, or a text of RFC 3339")]
        enum Written {
            Millis(u64),
            Text(Timestamp),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Millis(millis) => millis,
            Written::Text(at) => u64::try_from(at.as_millisecond()).unwrap_or(0),
        }))
    }
}

/// A step of `authorize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// The first.
    Start,
    /// After a form.
    Submitted(Vec<(String, String)>),
    /// After a redirect.
    Returned(Vec<(String, String)>),
}

impl From<Step> for ContractStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Start => Self::Start,
            Step::Submitted(fields) => Self::Submitted(fields),
            Step::Returned(parameters) => Self::Returned(parameters),
        }
    }
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// What the plugin asks.
    pub(crate) request: Asked,
    /// What it gets.
    #[serde(flatten)]
    pub(crate) answer: Answer,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The method, upper case.
    pub(crate) method: String,
    /// The whole address.
    pub(crate) url: String,
    /// Headers that it must have; others do not matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<(String, Value)>,
    /// The body; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Body>,
}

/// A header's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// As it is.
    Text(String),
    /// A secret that the host puts there.
    Secret {
        /// The plugin's name for it.
        secret: String,
        /// What stands before it.
        #[serde(default)]
        prefix: String,
    },
}

/// A body: a text, or base64 when it is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Body {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes {
        /// The bytes.
        base64: String,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// An answer.
    Response(Answered),
    /// None: `timeout`, `connect`, `denied`, `too-large`, `quota`, `invalid-request` or `other`.
    Error(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    /// The status.
    pub(crate) status: u16,
    /// Headers.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    #[serde(default = "empty")]
    pub(crate) body: Body,
}

fn empty() -> Body {
    Body::Text(String::new())
}

impl Body {
    /// The bytes; `None` when the base64 is none.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Bytes { base64 } => STANDARD.decode(base64).ok(),
        }
    }
}

impl Asked {
    /// Whether a request is this one.
    pub(crate) fn is(&self, request: &Request) -> bool {
        let has = |(name, value): &(String, Value)| {
            request.headers.iter().any(|(other, sent)| name.eq_ignore_ascii_case(other) && value.is(sent))
        };
        self.method.eq_ignore_ascii_case(&request.method)
            && self.url == request.url
            && self.headers.iter().all(has)
            && self.body.as_ref().is_none_or(|body| body.bytes() == request.body)
    }
}

impl Value {
    fn is(&self, sent: &HeaderValue) -> bool {
        match (self, sent) {
            (Self::Text(text), HeaderValue::Text(sent)) => text == sent,
            (Self::Secret { secret, prefix }, HeaderValue::Secret(sent)) => {
                *secret == sent.name && *prefix == sent.prefix
            }
            _ => false,
        }
    }
}

impl Answer {
    /// The answer that the plugin gets.
    pub(crate) fn given(&self) -> Result<Response, HttpError> {
        const WHY: &str = "as the case says";
        let error = match self {
            Self::Response(answered) => return answered.given(),
            Self::Error(error) => error.as_str(),
        };
        Err(match error {
            "timeout" => HttpError::Timeout,
            "quota" => HttpError::Quota,
            "connect" => HttpError::Connect(WHY.to_owned()),
            "denied" => HttpError::Denied(WHY.to_owned()),
            "invalid-request" => HttpError::InvalidRequest(WHY.to_owned()),
            "too-large" => HttpError::TooLarge(0),
            other => HttpError::Other(other.to_owned()),
        })
    }
}

impl Answered {
    fn given(&self) -> Result<Response, HttpError> {
        let body =
            self.body.bytes().ok_or_else(|| HttpError::Other("the body of the case is not base64".to_owned()))?;
        Ok(Response { status: self.status, headers: self.headers.clone(), body })
    }
}
