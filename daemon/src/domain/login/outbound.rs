//! What a login needs of the network.

use std::path::PathBuf;

use futures_util::future::BoxFuture;

use crate::base::secret::Secret;
use crate::wire::url::WebUrl;

/// Which providers may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether a provider may have an address that is not public, and on this machine a URL without TLS.
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

/// A request. Answers other than JSON of a bounded size are an error.
pub struct Ask<'a> {
    /// An absolute URL.
    pub url: &'a str,
    /// The form of a `POST`; without one it is a `GET`.
    pub form: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
}

/// An answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; at most as long as [`MOST_BYTES`].
    pub body: Vec<u8>,
}

/// Longest answer that is read.
pub const MOST_BYTES: usize = 256 * 1024;

/// There is no answer. The text says why, without the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// Sends requests, each with a bound on time and size; follows no redirect, and connects to no address that is not allowed.
pub trait Outbound: Send + Sync + 'static {
    /// Asks.
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>>;
}
