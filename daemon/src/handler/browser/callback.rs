//! `GET /v1/oauth/login/callback`: back from an authentication provider. `GET /v1/oauth/hook/callback`: back from the operator's page.

use axum::response::Response;

use super::error::Trouble;
use super::visit::{Link, Query, Visit};
use crate::domain::login::LoginAnswer;

/// The answer of a provider (`OpenID` Connect Core 3.1.2.5).
pub async fn login(Link { visit, query }: Link) -> Response {
    visit.answer(logged_in(&visit, &query).await)
}

async fn logged_in(visit: &Visit, query: &Query) -> Result<Response, Trouble> {
    let text = |name: &str| query.get(name).map(String::as_str);
    let (id, secret) = text("state").and_then(|state| state.split_once('.')).ok_or(Trouble::Over)?;
    let session = visit.session(Some(id)).await?;
    let words = visit.words(Some(&session));
    let answer = LoginAnswer { code: text("code"), error: text("error"), iss: text("iss") };
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
