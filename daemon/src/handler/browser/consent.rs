//! `GET` and `POST /v1/oauth/consent`: whether the person approves.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::error::{Trouble, send};
use super::visit::{Sent, Visit, leads_to, name_of};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::configuration::Configuration;
use crate::domain::configuration::branding::Branding;
use crate::domain::interaction::redirect::destination;
use crate::domain::interaction::{Interactions, Move, Place, Session};
use crate::page::consent::{Consent, Credential};
use crate::wire::form::parse_form;

/// The page.
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
    match Interactions::place(&session) {
        Move::To(Place::Consent) => Ok(page(visit, &session)),
        next => Ok(visit.follow(visit.words(Some(&session)), session.id(), next)),
    }
}

fn page(visit: &Visit<'_>, session: &Session) -> Response {
    let words = visit.words(Some(session));
    let interaction = &session.interaction;
    let configurations: Vec<_> =
        interaction.configurations.iter().filter_map(|id| visit.app.configurations.find(*id)).collect();
    let page = Consent {
        words,
        issuer: visit.issuer(words),
        wallet: name_of(&interaction.wallet),
        client_id: &interaction.wallet.id,
        attester: interaction.wallet.attester.as_deref().filter(|_| interaction.wallet.attested),
        destination: &destination(&interaction.request.redirect_uri),
        leads_to: leads_to(session),
        interaction: session.id(),
        form_token: &interaction.form_token,
        action: &visit.app.site.url("/v1/oauth/consent"),
        credentials: configurations.iter().map(|one| described(one, words.language)).collect(),
    };
    send(page.render(), StatusCode::OK)
}

fn described<'a>(configuration: &'a Configuration, language: &str) -> Credential<'a> {
    let (look, branding) = (configuration.look_in(language), configuration.branding.as_ref());
    let or = |look: Option<&'a str>, branded: fn(&'a Branding) -> Option<&'a str>| look.or(branding.and_then(branded));
    let logo = look.and_then(|look| look.logo.as_ref());
    let claims = configuration.body.claims().into_iter();
    Credential {
        name: look.map_or_else(|| configuration.name(), |look| &look.name),
        description: or(look.and_then(|look| look.description.as_deref()), |one| one.description.as_deref()),
        color: or(look.and_then(|look| look.background_color.as_deref()), |one| one.background_color.as_deref()),
        logo: or(logo.map(|logo| logo.uri.as_str()), |one| one.issuer_logo.as_deref().or(one.issuer_icon.as_deref())),
        claims: claims.map(|(name, mapping)| mapping.name_in(language).unwrap_or(name)).collect(),
    }
}

/// The decision.
pub async fn decide(
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
    let next = match fields.get("decision").map(String::as_str) {
        Some("approve") => visit.app.interactions.approve(session).await?,
        Some("deny") => visit.app.interactions.refuse(session).await?,
        _ => Interactions::place(&session),
    };
    Ok(visit.follow_form(words, &id, next))
}
