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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_what_the_request_says_and_no_more() {
        let headers: HeaderMap = [
            (header::USER_AGENT, "Wallet/1.0"),
            (header::ACCEPT_LANGUAGE, "de, en;q=0.5"),
            // What a client says of its address is not believed here.
            (HeaderName::from_static("x-forwarded-for"), "203.0.113.7"),
        ]
        .map(|(name, value)| (name, value.parse().unwrap()))
        .into_iter()
        .collect();
        let sender = caller(None, None, &headers);
        assert_eq!((sender.user_agent, sender.remote_address, sender.request_id), (Some("Wallet/1.0"), None, ""));
        assert_eq!(sender.locales(), ["de", "en"]);
        let address = "192.0.2.1".parse().unwrap();
        let remote = Extension(RemoteAddress(address));
        assert_eq!(caller(None, Some(&remote), &HeaderMap::new()).remote_address, Some(address));
    }
}
