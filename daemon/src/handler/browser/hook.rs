//! `GET` and `POST /v1/oauth/hook`: the form of an auth hook. `GET /v1/oauth/hook/return`: back from its page.

use axum::http::StatusCode;
use axum::response::Response;

use super::error::{Trouble, send};
use super::visit::{Link, Query, Sent, Visit, leads_to};
use crate::domain::interaction::{Interactions, Session, Shown, Stage};
use crate::page::form::{Field, FormPage, PREFIX};
use crate::plugin::contract::{Form, FormField};

/// The form.
pub async fn show(Link { visit, query }: Link) -> Response {
    visit.answer(look(&visit, &query).await)
}

async fn look(visit: &Visit, query: &Query) -> Result<Response, Trouble> {
    let session = visit.session(query.get("interaction").map(String::as_str)).await?;
    match &session.interaction.stage {
        Stage::Hook(_, Shown::Form(form)) => Ok(page(visit, &session, form)),
        _ => Ok(visit.follow(visit.words(Some(&session)), session.id(), Interactions::place(&session))),
    }
}

fn page(visit: &Visit, session: &Session, form: &Form) -> Response {
    let words = visit.words(Some(session));
    let page = FormPage {
        words,
        issuer: visit.issuer(words),
        interaction: session.id(),
        form_token: &session.interaction.form_token,
        action: &visit.app.site.url("/v1/oauth/hook"),
        leads_to: leads_to(session),
        title: &form.title,
        text: form.text.as_deref(),
        problem: form.problem.as_deref(),
        submit: form.submit_label.as_deref(),
        fields: form.fields.iter().map(field).collect(),
    };
    send(page.render(), StatusCode::OK)
}

fn field(field: &FormField) -> Field<'_> {
    Field {
        name: &field.name,
        kind: &field.kind,
        label: &field.label,
        help: field.help.as_deref(),
        value: field.value.as_deref(),
        required: field.required,
        max_length: field.max_length,
        choices: &field.choices,
    }
}

/// The form comes back.
pub async fn submit(Sent { visit, session, fields }: Sent) -> Response {
    visit.answer(take(&visit, session, fields).await)
}

async fn take(visit: &Visit, session: Session, fields: Query) -> Result<Response, Trouble> {
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let interactions = &visit.app.interactions;
    let next = if fields.contains_key("cancel") {
        interactions.refuse(session).await?
    } else {
        let own = |(name, value): (String, String)| Some((name.strip_prefix(PREFIX)?.to_owned(), value));
        interactions.submitted(session, fields.into_iter().filter_map(own).collect(), &visit.caller()).await?
    };
    Ok(visit.follow_form(words, &id, next))
}

/// The browser comes back from a page of the hook.
pub async fn back(Link { visit, query }: Link) -> Response {
    visit.answer(came_back(&visit, query).await)
}

async fn came_back(visit: &Visit, mut query: Query) -> Result<Response, Trouble> {
    let (interaction, step) = (query.remove("interaction"), query.remove("step").unwrap_or_default());
    let session = visit.session(interaction.as_deref()).await?;
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let parameters = query.into_iter().collect();
    let next = visit.app.interactions.returned(session, &step, parameters, &visit.caller()).await?;
    Ok(visit.follow(words, &id, next))
}
