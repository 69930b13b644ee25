//! `GET` and `POST /v1/oauth/hook`: the form of an auth hook. `GET /v1/oauth/hook/return`: back from its page.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::error::{Trouble, send};
use super::visit::{Sent, Visit, leads_to};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::interaction::{Interactions, Session, Shown, Stage};
use crate::page::form::{Field, FormPage, PREFIX};
use crate::plugin::contract::{Form, FormField};
use crate::wire::form::parse_form;

/// The form.
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
    match &session.interaction.stage {
        Stage::Hook(_, Shown::Form(form)) => Ok(page(visit, &session, form)),
        _ => Ok(visit.follow(visit.words(Some(&session)), session.id(), Interactions::place(&session))),
    }
}

fn page(visit: &Visit<'_>, session: &Session, form: &Form) -> Response {
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
pub async fn submit(
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
    let next = if fields.contains_key("cancel") {
        interactions.refuse(session).await?
    } else {
        let own = |(name, value): (String, String)| Some((name.strip_prefix(PREFIX)?.to_owned(), value));
        interactions.submitted(session, fields.into_iter().filter_map(own).collect(), &visit.caller()).await?
    };
    Ok(visit.follow_form(words, &id, next))
}

/// The browser comes back from a page of the hook.
pub async fn back(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&app, &headers, remote.as_ref());
    came_back(&visit, &query.unwrap_or_default()).await.unwrap_or_else(|trouble| visit.trouble(trouble))
}

async fn came_back(visit: &Visit<'_>, query: &str) -> Result<Response, Trouble> {
    let mut query = parse_form(query.as_bytes()).map_err(|_| Trouble::Over)?;
    let (interaction, step) = (query.remove("interaction"), query.remove("step").unwrap_or_default());
    let session = visit.session(interaction.as_deref()).await?;
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let parameters = query.into_iter().collect();
    let next = visit.app.interactions.returned(session, &step, parameters, &visit.caller()).await?;
    Ok(visit.follow(words, &id, next))
}
