//! `GET /v1/oauth/login/callback/{id}`: back from an authentication provider. `GET /v1/oauth/hook/callback`: back from the operator's
//! page.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::error::Trouble;
use super::visit::{Link, Query, Visit};
use crate::domain::login::LoginAnswer;

/// The answer of a provider (`OpenID` Connect Core 3.1.2.5).
pub async fn login(Path(provider): Path<String>, Link { visit, query }: Link) -> Response {
    visit.answer(Box::pin(logged_in(&visit, &provider, &query)).await)
}

async fn logged_in(visit: &Visit, provider: &str, query: &Query) -> Result<Response, Trouble> {
    let provider = Uuid::try_parse(provider).map_err(|_| Trouble::NotFound(StatusCode::NOT_FOUND))?;
    let text = |name: &str| query.get(name).map(String::as_str);
    let (id, secret) = text("state").and_then(|state| state.split_once('.')).ok_or(Trouble::Over)?;
    let session = visit.session(Some(id)).await?;
    let words = visit.words(Some(&session));
    let answer = LoginAnswer { provider, code: text("code"), error: text("error"), iss: text("iss") };
    let next = visit.app.interactions.login_answered(session, secret, answer, &visit.caller()).await?;
    Ok(visit.follow(words, id, next))
}

/// The answer of the operator's page.
pub async fn page(Link { visit, query }: Link) -> Response {
    visit.answer(visited(&visit, &query).await)
}

async fn visited(visit: &Visit, query: &Query) -> Result<Response, Trouble> {
    let token = query.get("session_token").ok_or(Trouble::Over)?;
    let interactions = &visit.app.interactions;
    let answer = interactions.visits.finish(token).await?.ok_or(Trouble::Over)?;
    let id = answer.session.clone();
    let session = visit.session(Some(&id)).await?;
    let words = visit.words(Some(&session));
    let next = interactions.visited(session, answer).await?;
    Ok(visit.follow(words, &id, next))
}
