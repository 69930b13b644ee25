//! Requests of the domain to servers that an operator has named, and what it needs of the network for them.

#[cfg(test)]
pub(crate) mod testing;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;

use crate::base::secret::Secret;
use crate::wire::url::WebUrl;

/// Which servers may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether a server may have an address that is not public, and on this machine a URL without TLS.
    pub allow_private: bool,
    /// PEM file with certificates trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Reach {
    /// Whether a URL may be asked, as far as its text tells; names are looked at when they have been resolved.
    pub fn check(&self, url: &WebUrl<'_>) -> Result<(), &'static str> {
        let local = self.allow_private && url.is_loopback();
        if !(url.secure || local) {
            return Err("must be https");
        }
        if !self.allow_private && (url.is_numeric() || url.is_loopback()) {
            return Err("must have a public name as its host");
        }
        Ok(())
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
#[error("{0}")]
pub struct NoAnswer(pub String);

/// Sends requests, each within its bounds; follows no redirect, and connects to no address that is not allowed.
pub trait Outbound: Send + Sync + 'static {
    /// Asks.
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>>;
}
