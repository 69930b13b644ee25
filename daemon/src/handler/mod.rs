//! Endpoints, one file each: parse → authenticate → domain → one exhaustive match from outcome to wire.

pub mod browser;
mod caller;
pub mod operator;
pub mod wallet;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::domain::Failure;
use crate::store::StoreError;
use crate::store::engine::EngineError;

/// Whether the request's media type is `expected`, parameters and case aside (RFC 9110 8.3).
fn has_media_type(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected))
}

/// The credentials of an `Authorization` header with this scheme (case-insensitive, RFC 9110 11.1).
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut values = headers.get_all(axum::http::header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (given, token) = value.split_once(' ')?;
    let token = token.trim();
    let single = values.next().is_none() && !token.is_empty() && !token.contains([' ', ',']);
    (single && given.eq_ignore_ascii_case(scheme)).then_some(token)
}

/// Logs a failure of ours and says whether trying again may help.
fn report(failure: &Failure) -> bool {
    tracing::error!(error = %failure, "a request failed");
    matches!(
        failure,
        Failure::Store(
            StoreError::Engine(EngineError::Unavailable(_) | EngineError::Uncertain(_)) | StoreError::Contended
        )
    )
}
