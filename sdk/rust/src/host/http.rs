//! Requests to the origins that are granted, one at a time. The host does names, TLS and redirects.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::backend;
use crate::bindings::common::issuer::plugin::http as contract;
pub use crate::bindings::common::issuer::plugin::http::{HeaderValue, HttpError, SecretHeader};
use crate::{Error, Result};

/// A GET request.
pub fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

/// A POST request.
pub fn post(url: impl Into<String>) -> Request {
    request("POST", url)
}

/// A request of any method, in upper case.
pub fn request(method: impl Into<String>, url: impl Into<String>) -> Request {
    let (method, url) = (method.into(), url.into());
    Request(contract::Request { method, url, headers: Vec::new(), body: None, timeout_ms: None })
}

/// Percent-encodes a text so that it stays one segment of a path or one value of a query (RFC 3986: all but unreserved characters).
/// `.` and `..` cannot be encoded, so check that a path's segment is neither.
#[must_use]
pub fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
        encoded
    })
}

/// A request that is not sent yet.
#[must_use = "a request does nothing until it is sent"]
#[derive(Debug, Clone, PartialEq)]
pub struct Request(contract::Request);

impl Request {
    /// With a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), HeaderValue::Text(value.into())));
        self
    }

    /// With a header whose value is `prefix` and the secret, put there by the host; granted with `use = ["header"]`.
    pub fn header_secret(
        mut self,
        name: impl Into<String>,
        prefix: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        let value = SecretHeader { name: secret.into(), prefix: prefix.into() };
        self.0.headers.push((name.into(), HeaderValue::Secret(value)));
        self
    }

    /// With `Authorization: Bearer` and the secret.
    pub fn bearer_secret(self, secret: impl Into<String>) -> Self {
        self.header_secret("authorization", "Bearer ", secret)
    }

    /// With a body and its type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// With a JSON body.
    pub fn json(self, body: &impl Serialize) -> Result<Self> {
        Ok(self.body("application/json", serde_json::to_vec(body)?))
    }

    /// Waits that many milliseconds at most; never longer than the call may take.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.0.timeout_ms = Some(milliseconds);
        self
    }

    /// Sends it. Any status is an answer; see [`Response::found`].
    pub fn send(self) -> Result<Response, HttpError> {
        backend::send(&self.0).map(Response)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response(contract::Response);

impl Response {
    /// The status, 200 for example.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.headers.iter();
        headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.body
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.0.body).map_err(|_| Error::Internal("the answer is not UTF-8".to_owned()))
    }

    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.0.body)?)
    }

    /// Itself when the status is 2xx. Else: 404 and 410 are [`Error::NotFound`]; 408, 429 and 5xx are [`Error::Unavailable`] with the
    /// seconds of `Retry-After`; anything else, such as 401, is [`Error::Misconfigured`].
    pub fn found(self) -> Result<Self> {
        let status = self.0.status;
        match status {
            200..=299 => Ok(self),
            404 | 410 => Err(Error::NotFound(format!("the upstream answered {status}"))),
            408 | 429 | 500.. => Err(Error::Unavailable {
                message: format!("the upstream answered {status}"),
                retry_after_seconds: self.header("retry-after").and_then(|value| value.trim().parse().ok()),
            }),
            _ => Err(Error::Misconfigured(format!("the upstream answered {status}"))),
        }
    }
}

/// What is not granted or not valid is [`Error::Misconfigured`]; what may work later is [`Error::Unavailable`].
impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Denied(why) => Self::Misconfigured(format!("a request is not granted: {why}")),
            HttpError::InvalidRequest(why) => Self::Misconfigured(format!("a request is not valid: {why}")),
            HttpError::TooLarge(limit) => Self::Misconfigured(format!("an answer is larger than {limit} bytes")),
            HttpError::Quota => Self::Misconfigured("the call made more requests than it may".to_owned()),
            HttpError::Timeout => Self::unavailable("the upstream did not answer in time"),
            HttpError::Connect(why) => Self::unavailable(format!("the upstream cannot be reached: {why}")),
            HttpError::Other(why) => Self::unavailable(format!("the upstream failed: {why}")),
        }
    }
}
