//! `GET` and `POST /v1/oauth/consent`: whether the person approves.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::error::{Trouble, send};
use super::visit::{Link, Query, Sent, Visit, leads_to, name_of};
use crate::domain::configuration::Configuration;
use crate::domain::configuration::branding::Branding;
use crate::domain::interaction::redirect::destination;
use crate::domain::interaction::{Interaction, Interactions, Move, Place, Session};
use crate::page::consent::{Consent, Credential};

/// The page.
pub async fn show(Link { visit, query }: Link) -> Response {
    visit.answer(look(&visit, &query).await)
}

async fn look(visit: &Visit, query: &Query) -> Result<Response, Trouble> {
    let session = visit.session(query.get("interaction").map(String::as_str)).await?;
    match Interactions::place(&session) {
        Move::To(Place::Consent) => Ok(page(visit, &session)),
        next => Ok(visit.follow(visit.words(Some(&session)), session.id(), next)),
    }
}

fn page(visit: &Visit, session: &Session) -> Response {
    let words = visit.words(Some(session));
    let interaction = &session.interaction;
    let configurations: Vec<_> = asked_for(visit, interaction).collect();
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

/// The credentials, with the claims that the wallet will get of them.
fn asked_for(visit: &Visit, interaction: &Interaction) -> impl Iterator<Item = Arc<Configuration>> {
    let found = interaction.configurations.iter().filter_map(move |id| visit.app.configurations.find(*id));
    found.map(move |configuration| match interaction.request.claims.get(&configuration.id) {
        Some(claims) => Arc::new(configuration.narrowed(claims)),
        None => configuration,
    })
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
pub async fn decide(Sent { visit, session, fields }: Sent) -> Response {
    visit.answer(take(&visit, session, &fields).await)
}

async fn take(visit: &Visit, session: Session, fields: &Query) -> Result<Response, Trouble> {
    let (words, id) = (visit.words(Some(&session)), session.id().to_owned());
    let next = match fields.get("decision").map(String::as_str) {
        Some("approve") => visit.app.interactions.approve(session).await?,
        Some("deny") => visit.app.interactions.refuse(session).await?,
        _ => Interactions::place(&session),
    };
    Ok(visit.follow_form(words, &id, next))
}
