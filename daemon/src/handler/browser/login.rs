//! `GET` and `POST /v1/oauth/login`: who the person is.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use super::error::{Trouble, send};
use super::visit::{Sent, Visit, leads_to, name_of};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::interaction::{Choice, Interactions, Move, Place, Session};
use crate::page::login::Login;
use crate::wire::form::parse_form;

/// The page; or, where there is one way to log in, that way.
pub async fn show(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    look(&visit, &query.unwrap_or_default()).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn look(visit: &Visit<'_>, query: &str) -> Result<Response, Trouble> {
    let query = parse_form(query.as_bytes()).map_err(|_| Trouble::Over)?;
    let session = visit.session(query.get("interaction").map(String::as_str)).await?;
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    match Interactions::place(&session) {
        Move::To(Place::Login) => {}
        next => return Ok(visit.follow(words, &id, next)),
    }
    let logins = &visit.app.interactions.logins;
    let choices = logins.providers(&session.interaction.configurations);
    let test_users = logins.test_users();
    let chosen = query.get("provider").and_then(|id| Uuid::try_parse(id).ok());
    let only = choices.first().filter(|_| choices.len() == 1 && test_users.is_empty()).map(|choice| choice.id);
    if let Some(provider) = chosen.or(only) {
        let next = visit.app.interactions.login(session, Choice::Provider(provider), &visit.caller()).await?;
        return Ok(visit.follow(words, &id, next));
    }
    let url = |provider: Uuid| format!("{}&provider={provider}", visit.url(Place::Login, &id));
    let providers: Vec<_> = choices.into_iter().map(|choice| (url(choice.id), choice.name)).collect();
    Ok(page(visit, &session, &providers, &test_users))
}

fn page(visit: &Visit<'_>, session: &Session, providers: &[(String, String)], test_users: &[String]) -> Response {
    let words = visit.words(Some(session));
    let page = Login {
        words,
        issuer: visit.issuer(words),
        wallet: name_of(&session.interaction.wallet),
        interaction: session.id(),
        form_token: &session.interaction.form_token,
        action: &visit.app.site.url("/v1/oauth/login"),
        leads_to: leads_to(session),
        providers,
        test_users,
    };
    send(page.render(), StatusCode::OK)
}

/// A test user is chosen, or nobody.
pub async fn choose(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    take(&visit, &body).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn take(visit: &Visit<'_>, body: &[u8]) -> Result<Response, Trouble> {
    let Sent { session, fields } = visit.form(body).await?;
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let interactions = &visit.app.interactions;
    let next = match fields.get("user") {
        _ if fields.contains_key("cancel") => interactions.refuse(session).await?,
        Some(user) => interactions.login(session, Choice::TestUser(user), &visit.caller()).await?,
        None => Interactions::place(&session),
    };
    Ok(visit.follow_form(words, &id, next))
}
