//! Errors of OAuth and `OpenID4VCI`: `{error, error_description}`, never cached.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::Failure;
use crate::domain::blocked::Blocked;
use crate::handler::report;
use crate::signer::Algorithm;

/// When to try again if a plugin is not available and did not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// The longest wait that is asked for, in seconds: a day.
const LONGEST_RETRY_AFTER: u64 = 86_400;

/// An error response. Descriptions are ours and fixed, or a plugin's words to the person, so nothing that was sent comes back.
#[derive(Debug)]
pub struct WalletError {
    status: StatusCode,
    error: &'static str,
    description: Cow<'static, str>,
    /// Scheme of the `WWW-Authenticate` header.
    challenge: Option<&'static str>,
    /// When to try again, in seconds.
    retry_after: u64,
}

impl WalletError {
    /// A 400 with this code.
    #[must_use]
    pub fn bad(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: description.into(),
            challenge: None,
            retry_after: 1,
        }
    }

    /// A failed client authentication (RFC 6749 5.2); `scheme` is that of the `Authorization` header, when one was sent.
    #[must_use]
    pub fn invalid_client(description: impl Into<Cow<'static, str>>, scheme: Option<&'static str>) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self { status, error: "invalid_client", description: description.into(), challenge: scheme, retry_after: 1 }
    }

    /// The same with the challenge of another scheme, or of several behind commas; without a challenge nothing changes.
    #[must_use]
    pub fn with_scheme(mut self, scheme: &'static str) -> Self {
        self.challenge = self.challenge.map(|_| scheme);
        self
    }

    /// Another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// A 401 or 403 of a protected resource (RFC 6750 3).
    #[must_use]
    pub fn challenge(status: StatusCode, error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { status, error, description: description.into(), challenge: Some("Bearer"), retry_after: 1 }
    }
}

impl WalletError {
    /// What a wallet is told when a plugin stands in the way; `denied` is the code of a refusal. Only `temporarily_unavailable` asks
    /// for the same request again, and nothing of it was used up.
    #[must_use]
    pub fn blocked(blocked: &Blocked, denied: &'static str) -> Self {
        let (status, error) = match blocked {
            Blocked::Denied { .. } | Blocked::NotFound => (StatusCode::BAD_REQUEST, denied),
            Blocked::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            Blocked::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        let mut answer = Self::bad(error, blocked.to_string()).with_status(status);
        if let Blocked::Unavailable { retry_after } = blocked {
            answer.retry_after = retry_after.unwrap_or(RETRY_AFTER).as_secs().clamp(1, LONGEST_RETRY_AFTER);
        }
        answer
    }
}

impl From<Failure> for WalletError {
    fn from(failure: Failure) -> Self {
        let again = report(&failure) || matches!(failure, Failure::NoSigner | Failure::NoStatusSigner);
        let status = if again { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self {
            status,
            error: "server_error",
            description: "the issuer could not serve this request".into(),
            challenge: None,
            retry_after: 1,
        }
    }
}

impl IntoResponse for WalletError {
    fn into_response(self) -> Response {
        // Without a token the challenge names no error (RFC 6750 3.1); the body still does, as every error body.
        let error = if self.error.is_empty() { "invalid_token" } else { self.error };
        let body = json!({ "error": error, "error_description": self.description });
        let mut response = (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, self.retry_after.into());
        }
        for scheme in self.challenge.into_iter().flat_map(|schemes| schemes.split(", ")) {
            let value = challenge(scheme, self.error);
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(header::WWW_AUTHENTICATE, value);
            }
        }
        response
    }
}

/// A challenge (RFC 6750 3, RFC 9449 7.1); without a token there is no error to name.
fn challenge(scheme: &str, error: &str) -> String {
    let error = (!error.is_empty()).then(|| format!("error=\"{error}\""));
    let algorithms = (scheme == "DPoP").then(|| format!("algs=\"{}\"", Algorithm::ALL.map(Algorithm::jose).join(" ")));
    let parameters: Vec<_> = error.into_iter().chain(algorithms).collect();
    format!("{scheme} {}", parameters.join(", ")).trim_end().to_owned()
}
