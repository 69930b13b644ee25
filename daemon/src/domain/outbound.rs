//! Requests of the domain to servers that an operator has named, and what it needs of the network for them.

#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::base::secret::Secret;
use crate::wire::fields::Fields;
use crate::wire::url::WebUrl;

/// Which servers may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Which servers may have an address that is not public, and on this machine a URL without TLS.
    pub private: Private,
    /// PEM file with certificates trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
}

/// Which servers may have an address that is not public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Private {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those with these origins, as [`WebUrl::origin`] writes them.
    Origins(BTreeSet<String>),
}

impl Reach {
    /// Whether the server of a URL may have an address that is not public.
    #[must_use]
    pub fn may_be_private(&self, url: &WebUrl<'_>) -> bool {
        match &self.private {
            Private::None => false,
            Private::All => true,
            Private::Origins(origins) => origins.contains(&url.origin()),
        }
    }

    /// Whether a URL may be asked, as far as its text tells; names are looked at when they have been resolved.
    pub fn check(&self, url: &WebUrl<'_>) -> Result<(), &'static str> {
        let private = self.may_be_private(url);
        if !(url.secure || private && url.is_loopback()) {
            return Err("must be https");
        }
        if !private && (url.is_numeric() || url.is_loopback()) {
            return Err("must have a public name as its host");
        }
        Ok(())
    }
}

/// Reads a required member with the URL of a server; it has no query.
pub fn read_url(fields: &mut Fields<'_>, member: &'static str, reach: &Reach) -> String {
    let text = fields.text(member, 1, 2_000);
    let Some(text) = fields.required(member, text) else { return String::new() };
    match WebUrl::parse(text) {
        Err(error) => fields.mistake(member, error.to_string()),
        Ok(url) if url.query => fields.mistake(member, "must have no query"),
        Ok(url) => {
            if let Err(problem) = reach.check(&url) {
                fields.mistake(member, problem);
            }
            return url.text.to_owned();
        }
    }
    String::new()
}

/// What is shown in the place of a secret.
pub const MASK: &str = "********";

/// Reads a required secret, or [`MASK`] in the place of `kept`. A secret is kept only for the place that it was given for: who may change
/// a resource but does not know its secret cannot have it sent elsewhere.
pub fn read_secret(fields: &mut Fields<'_>, member: &'static str, most: usize, kept: Option<&str>) -> String {
    let given = fields.text(member, 1, most);
    match (fields.required(member, given), kept) {
        (None, _) => String::new(),
        (Some(MASK), Some(kept)) => kept.to_owned(),
        (Some(MASK), None) => {
            fields.mistake(member, "is masked, and there is no earlier one for this URL: give it again");
            String::new()
        }
        (Some(secret), _) => secret.to_owned(),
    }
}

/// How long a request may take, and how much of its answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// For the request and its whole answer.
    pub time: Duration,
    /// Bytes of the answer's body; a longer one is no answer.
    pub bytes: usize,
}

/// A request, which accepts JSON.
pub struct Ask<'a> {
    /// An absolute URL.
    pub url: &'a str,
    /// The body of a `POST`; without one it is a `GET`.
    pub body: Option<Body>,
    /// A header with a secret, by its name in lower case.
    pub header: Option<(&'static str, Secret)>,
    /// How much it may cost.
    pub bounds: Bounds,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`
    Form(String),
    /// `application/json`
    Json(String),
}

impl<'a> Ask<'a> {
    /// A `GET`.
    #[must_use]
    pub fn get(url: &'a str, bounds: Bounds) -> Self {
        Self { url, body: None, header: None, bounds }
    }

    /// A `POST`.
    #[must_use]
    pub fn post(url: &'a str, body: Body, bounds: Bounds) -> Self {
        Self { url, body: Some(body), header: None, bounds }
    }

    /// The same with an `Authorization` header, if there is one.
    #[must_use]
    pub fn authorized(self, authorization: Option<Secret>) -> Self {
        Self { header: authorization.map(|value| ("authorization", value)), ..self }
    }
}

/// The `Authorization` of a client with its secret (RFC 6749 2.3.1: both are form-encoded first).
#[must_use]
pub fn basic(client_id: &str, client_secret: &str) -> Secret {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(client_secret));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)).into_bytes())
}

/// The `Authorization` of who has an access token.
#[must_use]
pub fn bearer(token: &str) -> Secret {
    Secret::new(format!("Bearer {token}").into_bytes())
}

/// The value of a parameter in a query: a string as it is, all else as JSON.
#[must_use]
pub fn printed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An answer.
#[derive(Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The media type without parameters, in lower case; empty where none is named.
    pub media_type: String,
    /// Where a redirect leads, as an absolute URL.
    pub location: Option<String>,
    /// How long to wait (`Retry-After` in seconds; a date counts as none).
    pub retry_after: Option<Duration>,
    /// The body, within the bounds.
    pub body: Vec<u8>,
}

/// There is no answer. The text says why, without the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NoAnswer {
    /// Why.
    pub reason: String,
    /// Whether it was not even asked for, and will not be: something is set up wrongly.
    pub lasting: bool,
}

/// Sends requests, each within its bounds; follows no redirect, and connects to no address that is not allowed.
pub trait Outbound: Send + Sync + 'static {
    /// Asks.
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>>;
}
