//! Errors of the management API: `{code, message, details?}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use crate::domain::Failure;
use crate::handler::report;
use crate::store::StoreError;
use crate::wire::fields::Detail;

/// Why a management request was not served.
#[derive(Debug)]
pub enum ApiError {
    /// The request is wrong; each mistake is named.
    Invalid(Vec<Detail>),
    /// The request cannot be carried out, for a reason that is in none of its members.
    BadRequest(&'static str),
    /// No such resource: name of the path parameter and its value.
    NotFound(&'static str, String),
    /// The request does not fit the state of the resource.
    Conflict(String),
    /// The request does not fit the state of something that is not in it; each reason is named.
    Refused(String, Vec<Detail>),
    /// No valid token.
    Unauthorized,
    /// The token's role may not do this.
    Forbidden,
    /// The body is not JSON.
    MediaType,
    /// Our fault.
    Failure(Failure),
}

impl ApiError {
    /// No resource has this id.
    #[must_use]
    pub fn unknown(id: Uuid) -> Self {
        Self::NotFound("id", id.to_string())
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}

/// What may be echoed of an identifier that was sent: visible ASCII, bounded.
pub(super) fn shown(sent: &str) -> String {
    sent.chars().filter(char::is_ascii_graphic).take(64).collect()
}

fn body(status: StatusCode, code: &str, message: &str, details: &[Detail]) -> Response {
    let mut body = json!({ "code": code, "message": message });
    if let (false, Some(object)) = (details.is_empty(), body.as_object_mut()) {
        object.insert("details".into(), json!(details));
    }
    (status, Json(body)).into_response()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(details) => body(StatusCode::BAD_REQUEST, "BadRequest", "Validation Error", &details),
            Self::BadRequest(message) => body(StatusCode::BAD_REQUEST, "BadRequest", message, &[]),
            Self::NotFound(param, id) => {
                let msg = "Resource Not Found".into();
                let detail = Detail { location: "params", param: param.into(), msg, value: Some(shown(&id)) };
                body(StatusCode::NOT_FOUND, "NotFound", "Validation Error", &[detail])
            }
            Self::Conflict(message) => body(StatusCode::CONFLICT, "Conflict", &message, &[]),
            Self::Refused(message, reasons) => body(StatusCode::CONFLICT, "Conflict", &message, &reasons),
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, [("WWW-Authenticate", "Bearer")], "Unauthorized").into_response()
            }
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::MediaType => {
                let message = "the body must be application/json";
                body(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message, &[])
            }
            Self::Failure(failure) if report(&failure) => {
                let mut response = body(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "try again", &[]);
                response.headers_mut().insert("Retry-After", axum::http::HeaderValue::from_static("1"));
                response
            }
            Self::Failure(_) => body(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal Error", &[]),
        }
    }
}
