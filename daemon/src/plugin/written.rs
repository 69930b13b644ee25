//! Calls that the host heard, as parts of a case: the other direction of `case`, which a test kit does not need.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::case::Case;
use super::case::wire::{Answer, Answered, Asked, Body, Value};
use super::contract::{HeaderValue, HttpError, Request, Response, SecretHeader};

impl Case {
    /// The case as a file.
    pub(crate) fn text(&self) -> String {
        // Maps with text keys and values of JSON cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Body {
    /// Bytes as they are written in a case.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes { base64: STANDARD.encode(error.as_bytes()) },
        }
    }
}

impl Asked {
    /// A request as it is written in a case.
    pub(crate) fn of(request: Request) -> Self {
        let value = |value| match value {
            HeaderValue::Text(text) => Value::Text(text),
            HeaderValue::Secret(SecretHeader { name, prefix }) => Value::Secret { secret: name, prefix },
        };
        Self {
            method: request.method.to_ascii_uppercase(),
            url: request.url,
            headers: request.headers.into_iter().map(|(name, header)| (name, value(header))).collect(),
            body: request.body.map(Body::of),
        }
    }
}

impl Answer {
    /// An answer as it is written in a case.
    pub(crate) fn of(answer: Result<Response, HttpError>) -> Self {
        match answer {
            Ok(Response { status, headers, body }) => {
                Self::Response(Answered { status, headers, body: Body::of(body) })
            }
            Err(error) => Self::Error(label(&error).to_owned()),
        }
    }
}

fn label(error: &HttpError) -> &'static str {
    match error {
        HttpError::Denied(_) => "denied",
        HttpError::InvalidRequest(_) => "invalid-request",
        HttpError::Timeout => "timeout",
        HttpError::Connect(_) => "connect",
        HttpError::TooLarge(_) => "too-large",
        HttpError::Quota => "quota",
        HttpError::Other(_) => "other",
    }
}

#[cfg(test)]
mod tests;
