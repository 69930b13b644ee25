//! `GET` and `POST /v1/oauth/consent`: whether the person approves.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::error::{Trouble, send};
use super::visit::{Link, Query, Sent, Visit, leads_to, name_of};
use crate::domain::configuration::Configuration;
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
        credentials: configurations.iter().map(described).collect(),
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

fn described(configuration: &Arc<Configuration>) -> Credential<'_> {
    let branding = configuration.branding.as_ref();
    let elements = configuration.claim_mappings.values().flat_map(|elements| elements.keys());
    Credential {
        name: branding.and_then(|branding| branding.name.as_deref()).unwrap_or(&configuration.doc_type),
        description: branding.and_then(|branding| branding.description.as_deref()),
        color: branding.and_then(|branding| branding.background_color.as_deref()),
        logo: branding.and_then(|branding| branding.issuer_logo.as_deref().or(branding.issuer_icon.as_deref())),
        claims: elements.map(String::as_str).collect(),
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
