//! `GET /v1/oauth/error`, and what every error of a browser looks like: a page, since there is no place to send the person to that is
//! known to be safe.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::visit::Link;
use crate::domain::Failure;
use crate::domain::interaction::open::Unsafe;
use crate::handler::report;
use crate::page::Page;
use crate::page::message::ErrorPage;
use crate::page::words::Words;

/// Why a person sees an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The authorization request.
    Request(Unsafe),
    /// The interaction has ended, or is another browser's.
    Over,
    /// The form is not from one of our pages.
    ForeignForm,
    /// There is no such page, or not with this method.
    NotFound(StatusCode),
    /// The issuer is at fault.
    Failed,
    /// Later it works.
    Unavailable,
}

/// Names of what the page can be asked to show.
const NAMED: &[(&str, Trouble)] = &[
    ("over", Trouble::Over),
    ("malformed", Trouble::Request(Unsafe::Malformed)),
    ("unknown_request", Trouble::Request(Unsafe::UnknownRequest)),
    ("unavailable", Trouble::Unavailable),
    ("failed", Trouble::Failed),
];

impl Trouble {
    fn status(self) -> StatusCode {
        match self {
            Self::Request(_) | Self::Over => StatusCode::BAD_REQUEST,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::NotFound(status) => status,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Request(Unsafe::Malformed | Unsafe::RequestObject) => words.malformed,
            Self::Request(Unsafe::UnknownRequest) => words.unknown_request,
            Self::Request(Unsafe::NotPushed) => words.not_pushed,
            Self::Request(Unsafe::UnknownClient) => words.unknown_client,
            Self::Request(Unsafe::Redirect(_)) => words.bad_redirect,
            Self::Over => words.over,
            Self::ForeignForm => words.foreign_form,
            Self::Request(Unsafe::Disabled) | Self::NotFound(_) => words.not_found,
            Self::Failed => words.failed,
            Self::Unavailable => words.unavailable,
        }
    }

    /// The page.
    pub(super) fn response(self, issuer: &str, words: &'static Words, request_id: Option<&str>) -> Response {
        let issuer = if issuer.is_empty() { words.issuer } else { issuer };
        let page = ErrorPage { words, issuer, what: self.text(words), request_id }.render();
        let mut response = send(page, self.status());
        if self == Self::Unavailable {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        if report(&failure) { Self::Unavailable } else { Self::Failed }
    }
}

/// A page for a request that no handler answers.
#[must_use]
pub fn page_for(status: StatusCode) -> Response {
    let trouble = match status {
        StatusCode::SERVICE_UNAVAILABLE => Trouble::Unavailable,
        status if status.is_server_error() => Trouble::Failed,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Trouble::NotFound(status),
        _ => Trouble::Request(Unsafe::Malformed),
    };
    let mut response = trouble.response("", Words::of([]), None);
    *response.status_mut() = status;
    response
}

/// Sends a page with its policy.
pub(super) fn send(page: Page, status: StatusCode) -> Response {
    let Page { html, policy, language } = page;
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Shows a known error again; for links, since it does nothing.
pub async fn show(Link { visit, query }: Link) -> Response {
    let named = |reason: &String| NAMED.iter().find(|(name, _)| name == reason).map(|(_, trouble)| *trouble);
    let trouble = query.get("reason").and_then(named).unwrap_or(Trouble::Over);
    visit.trouble(trouble)
}
