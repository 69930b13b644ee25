//! `GET` and `POST /v1/oauth/authorize` (RFC 6749 3.1): a wallet has sent a person here.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::cookie;
use super::error::Trouble;
use super::visit::{Visit, see_other};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::interaction::Place;
use crate::domain::interaction::open::{Opening, Unsafe};
use crate::handler::has_media_type;
use crate::wire::form::parse_form;

/// Parameters in the query.
pub async fn open(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    arrive(&visit, query.unwrap_or_default().as_bytes()).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

/// Parameters in a form.
pub async fn open_form(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        return visit.trouble(Trouble::Request(Unsafe::Malformed));
    }
    arrive(&visit, &body).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn arrive(visit: &Visit<'_>, parameters: &[u8]) -> Result<Response, Trouble> {
    let parameters = parse_form(parameters).map_err(|_| Trouble::Request(Unsafe::Malformed))?;
    match visit.app.interactions.open(&parameters).await? {
        Opening::Refused(why) => Err(Trouble::Request(why)),
        Opening::Answer(location) => Ok(see_other(&location)),
        Opening::Begun { id, browser } => {
            let mut response = see_other(&visit.url(Place::Login, &id));
            let cookie = cookie::set(&visit.app.site, &id, &browser);
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            Ok(response)
        }
    }
}
