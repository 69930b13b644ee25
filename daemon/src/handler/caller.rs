//! The sender of a request as the domain is told of it.

use axum::Extension;
use axum::http::{HeaderMap, HeaderName, header};

use crate::base::remote::RemoteAddress;
use crate::domain::caller::Caller;
use crate::observe::log::{RequestId, current_request};

/// The id of the request that is being answered.
pub(super) fn request_id() -> Option<RequestId> {
    let mut found = None;
    current_request(|id| found = Some(*id));
    found
}

/// The sender. Nothing is copied.
pub(super) fn caller<'a>(
    id: Option<&'a RequestId>,
    remote: Option<&Extension<RemoteAddress>>,
    headers: &'a HeaderMap,
) -> Caller<'a> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    Caller {
        request_id: id.map_or("", RequestId::as_str),
        remote_address: remote.map(|Extension(RemoteAddress(address))| *address),
        user_agent: text(header::USER_AGENT),
        languages: text(header::ACCEPT_LANGUAGE),
    }
}
