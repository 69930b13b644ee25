//! The two documents that a wallet reads first (`OpenID4VCI` 12.2, RFC 8414): what is issued here, and how to get a token for it.
//!
//! They are public, the same for everybody who asks for the same form, and serialised once a change.

mod accept;
mod authorization_server;
mod cache;
mod encryption;
mod issuer;
mod language;
mod signed;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use cache::Facts;
pub use cache::MetadataCache;

use crate::app::Shared;
use crate::signer::Algorithm;

/// `GET /.well-known/openid-credential-issuer`: as JSON, or signed for who asks for that. Where it cannot be signed, JSON is the form that
/// is always to be had.
pub async fn issuer(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let signer = app.trust.signer(app.clock.now());
    let algorithm = signer.map_or(Algorithm::Es256, |signer| signer.key.algorithm());
    let encryption = (app.encryption.policy(), app.encryption.keys());
    let facts = Facts { site: &app.site, configurations: app.configurations.all(), algorithm, encryption };
    let printed = app.metadata.issuer(&facts);
    let (language, form) = printed.form(&headers);
    if accept::wants_signed(&headers) {
        match signed::signed(&app, &printed, language, form).await {
            Ok(Some(document)) => return document.respond(&headers),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the metadata could not be signed"),
        }
    }
    form.document.clone().respond(&headers)
}

/// `GET /.well-known/oauth-authorization-server`
pub async fn authorization_server(State(app): State<Shared>, headers: HeaderMap) -> Response {
    app.metadata.authorization_server(&app.site, *app.wallet_clients.policy()).respond(&headers)
}

#[cfg(test)]
mod tests;
