//! One request of a person's browser: the language it is answered in, the interaction it belongs to, and where it is sent.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::cookie;
use super::error::{Trouble, send};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::caller::Caller;
use crate::domain::interaction::parties::Wallet;
use crate::domain::interaction::redirect::{destination, policy_source};
use crate::domain::interaction::{Move, Place, Session};
use crate::handler::caller::{caller, request_id};
use crate::handler::has_media_type;
use crate::observe::log::RequestId;
use crate::page::message::{Leaving, Refused};
use crate::page::words::Words;
use crate::wire::form::parse_form;

/// A request of a browser.
pub struct Visit {
    pub(super) app: Shared,
    pub(super) headers: HeaderMap,
    remote: Option<Extension<RemoteAddress>>,
    id: Option<RequestId>,
}

/// Parameters of a link, or fields of a form; none is empty, none was sent twice.
pub(super) type Query = BTreeMap<String, String>;

/// A link that was followed; one that cannot be read is answered with a page.
pub struct Link {
    pub(super) visit: Visit,
    pub(super) query: Query,
}

/// A form of a page of ours, sent by the browser that the page was for; any other is answered with a page.
pub struct Sent {
    pub(super) visit: Visit,
    pub(super) session: Session,
    pub(super) fields: Query,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let remote = parts.extensions.get::<RemoteAddress>().map(|remote| Extension(*remote));
        Ok(Self { app: Arc::clone(app), headers: parts.headers.clone(), remote, id: request_id() })
    }
}

impl FromRequestParts<Shared> for Link {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, app).await;
        match parse_form(parts.uri.query().unwrap_or_default().as_bytes()) {
            Ok(query) => Ok(Self { visit, query }),
            Err(_) => Err(visit.trouble(Trouble::Over)),
        }
    }
}

impl FromRequest<Shared> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(visit) = Visit::from_request_parts(&mut parts, app).await;
        let body = Bytes::from_request(Request::from_parts(parts, body), app).await;
        let body = body.map_err(IntoResponse::into_response)?;
        match visit.form(&body).await {
            Ok((session, fields)) => Ok(Self { visit, session, fields }),
            Err(trouble) => Err(visit.trouble(trouble)),
        }
    }
}

impl Visit {
    pub(super) fn caller(&self) -> Caller<'_> {
        caller(self.id.as_ref(), self.remote.as_ref(), &self.headers)
    }

    /// What came of it, or a page that says why not.
    pub(super) fn answer(&self, outcome: Result<Response, Trouble>) -> Response {
        outcome.unwrap_or_else(|trouble| self.trouble(trouble))
    }

    /// The language of the page: what the wallet says that its user reads, else what the browser says.
    pub(super) fn words(&self, session: Option<&Session>) -> &'static Words {
        let of_wallet = session.map(|session| session.interaction.request.ui_locales.clone()).unwrap_or_default();
        let of_browser = self.caller().locales();
        Words::of(of_wallet.iter().chain(&of_browser).map(String::as_str))
    }

    /// What the issuer is called.
    pub(super) fn issuer<'w>(&'w self, words: &'w Words) -> &'w str {
        self.app.site.name.as_deref().unwrap_or(words.issuer)
    }

    /// The interaction `id`, if it is this browser's.
    pub(super) async fn session(&self, id: Option<&str>) -> Result<Session, Trouble> {
        let id = id.ok_or(Trouble::Over)?;
        let browser = cookie::shown(&self.app.site, &self.headers, id);
        self.app.interactions.session(id, browser).await?.ok_or(Trouble::Over)
    }

    /// The form of a page of ours, sent by the browser that the page was for (RFC 6749 10.12).
    async fn form(&self, body: &[u8]) -> Result<(Session, Query), Trouble> {
        let elsewhere =
            self.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
        if elsewhere || !has_media_type(&self.headers, "application/x-www-form-urlencoded") {
            return Err(Trouble::ForeignForm);
        }
        let fields = parse_form(body).map_err(|_| Trouble::ForeignForm)?;
        let session = self.session(fields.get("interaction").map(String::as_str)).await?;
        if !session.sent(fields.get("form_token").map(String::as_str)) {
            return Err(Trouble::ForeignForm);
        }
        Ok((session, fields))
    }

    /// An error, as a page.
    pub(super) fn trouble(&self, trouble: Trouble) -> Response {
        let words = self.words(None);
        let id = matches!(trouble, Trouble::Failed | Trouble::Unavailable).then_some(self.id.as_ref()).flatten();
        trouble.response(self.app.site.name.as_deref().unwrap_or_default(), words, id.map(RequestId::as_str))
    }

    /// A page of the interaction, as a URL.
    pub(super) fn url(&self, place: Place, id: &str) -> String {
        let path = match place {
            Place::Login => "/v1/oauth/login",
            Place::Hook => "/v1/oauth/hook",
            Place::Consent => "/v1/oauth/consent",
        };
        self.app.site.url(&format!("{path}?interaction={id}"))
    }

    /// Goes on with an answer to a link.
    pub(super) fn follow(&self, words: &'static Words, id: &str, next: Move) -> Response {
        match next {
            Move::To(place) => see_other(&self.url(place, id)),
            Move::Leave(location) => see_other(&location),
            Move::Answer(location) => self.ended(id, see_other(&location)),
            Move::Refused { message, location } => {
                let page = Refused { words, issuer: self.issuer(words), message: &message, location: &location };
                self.ended(id, send(page.render(), StatusCode::OK))
            }
            Move::Over => self.trouble(Trouble::Over),
        }
    }

    /// Goes on with an answer to a form: a page of somebody else is reached by a page of ours.
    pub(super) fn follow_form(&self, words: &'static Words, id: &str, next: Move) -> Response {
        match next {
            Move::Leave(location) => {
                let place = destination(&location);
                let page = Leaving { words, issuer: self.issuer(words), location: &location, place: &place };
                send(page.render(), StatusCode::OK)
            }
            next => self.follow(words, id, next),
        }
    }

    fn ended(&self, id: &str, mut response: Response) -> Response {
        response.headers_mut().extend(cookie::clear(&self.app.site, id).map(|cookie| (header::SET_COOKIE, cookie)));
        response
    }
}

/// Where the answers of an interaction lead, for the policy of its pages.
pub(super) fn leads_to(session: &Session) -> Option<String> {
    policy_source(&session.interaction.request.redirect_uri)
}

/// What the wallet is called on a page.
pub(super) fn name_of(wallet: &Wallet) -> &str {
    wallet.name.as_deref().unwrap_or(&wallet.id)
}

/// 303: the next request is a GET, whatever this one was (RFC 9700 4.12).
pub(super) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
