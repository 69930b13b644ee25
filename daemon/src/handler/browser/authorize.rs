//! `GET` and `POST /v1/oauth/authorize` (RFC 6749 3.1): a wallet has sent a person here.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::header;
use axum::response::Response;

use super::cookie;
use super::error::Trouble;
use super::visit::{Visit, see_other};
use crate::domain::interaction::Place;
use crate::domain::interaction::open::{Opening, Unsafe};
use crate::handler::has_media_type;
use crate::wire::form::parse_form;

/// Parameters in the query.
pub async fn open(visit: Visit, RawQuery(query): RawQuery) -> Response {
    visit.answer(arrive(&visit, query.unwrap_or_default().as_bytes()).await)
}

/// Parameters in a form.
pub async fn open_form(visit: Visit, body: Bytes) -> Response {
    if !has_media_type(&visit.headers, "application/x-www-form-urlencoded") {
        return visit.trouble(Trouble::Request(Unsafe::Malformed));
    }
    visit.answer(arrive(&visit, &body).await)
}

async fn arrive(visit: &Visit, parameters: &[u8]) -> Result<Response, Trouble> {
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
