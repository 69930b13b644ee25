//! `GET` and `POST /v1/oauth/login`: who the person is.

use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::error::{Trouble, send};
use super::visit::{Link, Query, Sent, Visit, leads_to, name_of};
use crate::domain::interaction::{Choice, Interactions, Move, Place, Session};
use crate::page::login::Login;

/// The page; or, where there is one way to log in, that way.
pub async fn show(Link { visit, query }: Link) -> Response {
    visit.answer(look(&visit, &query).await)
}

async fn look(visit: &Visit, query: &Query) -> Result<Response, Trouble> {
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

fn page(visit: &Visit, session: &Session, providers: &[(String, String)], test_users: &[String]) -> Response {
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
pub async fn choose(Sent { visit, session, fields }: Sent) -> Response {
    visit.answer(take(&visit, session, &fields).await)
}

async fn take(visit: &Visit, session: Session, fields: &Query) -> Result<Response, Trouble> {
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let interactions = &visit.app.interactions;
    let next = match fields.get("user") {
        _ if fields.contains_key("cancel") => interactions.refuse(session).await?,
        Some(user) => interactions.login(session, Choice::TestUser(user), &visit.caller()).await?,
        None => Interactions::place(&session),
    };
    Ok(visit.follow_form(words, &id, next))
}
