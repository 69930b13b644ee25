//! What `?` turns other errors into.

use std::fmt;

use crate::{Denial, PluginError, RetryHint};

/// Why a call gives no claims or no verdict.
///
/// Only `user_message` of a denial is ever shown to the person; all other texts go to the operator's log. No text should hold a secret or
/// a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// A refusal on purpose. Wallet: `credential_request_denied`.
    Denied(Denial),
    /// No record for this person. Wallet: `credential_request_denied`.
    NotFound(String),
    /// Something upstream is down or slow. Wallet: 503 with `Retry-After`.
    Unavailable {
        /// What is down.
        message: String,
        /// Seconds after which it is worth trying again, when known.
        retry_after_seconds: Option<u32>,
    },
    /// The config table or a grant is wrong. Wallet: 500.
    Misconfigured(String),
    /// A bug. Wallet: 500.
    Internal(String),
}

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Unavailable, without saying for how long.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), retry_after_seconds: None }
    }

    /// A refusal. `reason` goes to the log, `user_message` to the person.
    #[must_use]
    pub fn denied(reason: impl Into<String>, user_message: impl Into<String>) -> Self {
        Self::Denied(Denial { reason: reason.into(), user_message: Some(user_message.into()) })
    }

    /// The case of the contract; a denial comes back in `Err`, since there it is an answer and no error.
    pub(crate) fn split(self) -> std::result::Result<PluginError, Denial> {
        Ok(match self {
            Self::Denied(denial) => return Err(denial),
            Self::NotFound(message) => PluginError::NotFound(message),
            Self::Unavailable { message, retry_after_seconds } => {
                PluginError::Unavailable(RetryHint { message, retry_after_seconds })
            }
            Self::Misconfigured(message) => PluginError::Misconfigured(message),
            Self::Internal(message) => PluginError::Internal(message),
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => write!(f, "denied: {}", denial.reason),
            Self::NotFound(message) => write!(f, "not found: {message}"),
            Self::Unavailable { message, .. } => write!(f, "unavailable: {message}"),
            Self::Misconfigured(message) => write!(f, "misconfigured: {message}"),
            Self::Internal(message) => write!(f, "internal: {message}"),
        }
    }
}

impl std::error::Error for Error {}

/// Text that is not the JSON that was expected: a bug, or an upstream that answers something else.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // The message of serde_json can repeat a value, and values are claims.
        Self::Internal(format!(
            "unexpected JSON at line {}, column {} ({:?})",
            error.line(),
            error.column(),
            error.classify()
        ))
    }
}
