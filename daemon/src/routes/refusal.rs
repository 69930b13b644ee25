//! Requests that end before or instead of their handler, in the form of errors of their audience.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::audience::Audience;
use crate::handler::browser::page_for;

/// Why a request did not get a handler's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing lives at this path.
    NoSuchPath,
    /// The path has other methods.
    MethodNotAllowed,
    /// A path or query parameter cannot be read.
    Malformed,
    /// The body ended early.
    BodyBroken,
    /// The body did not come in time.
    BodyTooSlow,
    /// The body is too long.
    BodyTooLarge,
    /// The body is compressed.
    BodyEncoded,
    /// The handler panicked.
    Panicked,
    /// The handler did not answer in time.
    TooLate,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyEncoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooLate => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::NoSuchPath => "no such endpoint",
            Self::MethodNotAllowed => "this endpoint has other methods, see Allow",
            Self::Malformed => "a parameter of the URL cannot be read",
            Self::BodyBroken => "the body ended early",
            Self::BodyTooSlow => "the body did not arrive in time",
            Self::BodyTooLarge => "the body is too long",
            Self::BodyEncoded => "send the body without Content-Encoding",
            Self::Panicked => "the issuer could not serve this request",
            Self::TooLate => "the issuer did not answer in time, try again",
        }
    }

    /// The error code of OAuth (RFC 6749 5.2); for what no section names, the one that fits best.
    fn oauth(self) -> &'static str {
        match self {
            Self::Panicked => "server_error",
            Self::TooLate => "temporarily_unavailable",
            _ => "invalid_request",
        }
    }

    /// The error code of the management API.
    fn code(self) -> &'static str {
        match self {
            Self::NoSuchPath => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Malformed | Self::BodyBroken => "BadRequest",
            Self::BodyTooSlow => "RequestTimeout",
            Self::BodyTooLarge => "PayloadTooLarge",
            Self::BodyEncoded => "UnsupportedMediaType",
            Self::Panicked => "InternalError",
            Self::TooLate => "ServiceUnavailable",
        }
    }

    /// The response.
    pub(super) fn response(self, audience: Audience) -> Response {
        let body = match audience {
            Audience::Wallet => json!({ "error": self.oauth(), "error_description": self.message() }),
            Audience::Browser => return page_for(self.status()),
            Audience::Operator => json!({ "code": self.code(), "message": self.message() }),
        };
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::TooLate => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
            Self::BodyEncoded => drop(headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))),
            _ => {}
        }
        response
    }
}

/// Replaces the plain text with which extractors refuse a request by the audience's form.
pub(super) fn in_form_of(audience: Audience, response: Response) -> Response {
    let extractor = matches!(response.status(), StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
    let plain = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    if extractor && response.headers().get(header::CONTENT_TYPE).is_some_and(plain) {
        return Refusal::Malformed.response(audience);
    }
    response
}
