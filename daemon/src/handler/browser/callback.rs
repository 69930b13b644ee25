//! `GET /v1/oauth/login/callback/{id}`: back from an authentication provider. `GET /v1/oauth/hook/callback`: back from the operator's
//! page.

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use super::error::Trouble;
use super::visit::Visit;
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::login::LoginAnswer;
use crate::wire::form::parse_form;

/// The answer of a provider (`OpenID` Connect Core 3.1.2.5).
pub async fn login(
    State(app): State<Shared>,
    Path(provider): Path<String>,
    remote: Option<Extension<RemoteAddress>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    logged_in(&visit, &provider, &query.unwrap_or_default()).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn logged_in(visit: &Visit<'_>, provider: &str, query: &str) -> Result<Response, Trouble> {
    let provider = Uuid::try_parse(provider).map_err(|_| Trouble::NotFound(StatusCode::NOT_FOUND))?;
    let query = parse_form(query.as_bytes()).map_err(|_| Trouble::Over)?;
    let text = |name: &str| query.get(name).map(String::as_str);
    let (id, secret) = text("state").and_then(|state| state.split_once('.')).ok_or(Trouble::Over)?;
    let session = visit.session(Some(id)).await?;
    let words = visit.words(Some(&session));
    let answer = LoginAnswer { provider, code: text("code"), error: text("error"), iss: text("iss") };
    let next = visit.app.interactions.login_answered(session, secret, answer, &visit.caller()).await?;
    Ok(visit.follow(words, id, next))
}

/// The answer of the operator's page.
pub async fn page(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    visited(&visit, &query.unwrap_or_default()).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn visited(visit: &Visit<'_>, query: &str) -> Result<Response, Trouble> {
    let query = parse_form(query.as_bytes()).map_err(|_| Trouble::Over)?;
    let token = query.get("session_token").ok_or(Trouble::Over)?;
    let interactions = &visit.app.interactions;
    let answer = interactions.visits.finish(token).await?.ok_or(Trouble::Over)?;
    let id = answer.session.clone();
    let session = visit.session(Some(&id)).await?;
    let words = visit.words(Some(&session));
    let next = interactions.visited(session, answer).await?;
    Ok(visit.follow(words, &id, next))
}
