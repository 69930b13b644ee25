//! The two documents that a wallet reads first (`OpenID4VCI` 12.2, RFC 8414): what is issued here, and how to get a token for it.
//!
//! They are public, the same for everybody, and serialised once a change.

mod authorization_server;
mod cache;
mod issuer;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

pub use cache::MetadataCache;

use crate::app::Shared;
use crate::signer::Algorithm;

/// `GET /.well-known/openid-credential-issuer`
pub async fn issuer(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let signer = app.trust.signer(app.clock.now());
    let algorithm = signer.map_or(Algorithm::Es256, |signer| signer.key.algorithm());
    app.metadata.issuer(&app.site, &app.configurations.all(), algorithm).respond(&headers)
}

/// `GET /.well-known/oauth-authorization-server`
pub async fn authorization_server(State(app): State<Shared>, headers: HeaderMap) -> Response {
    app.metadata.authorization_server(&app.site, *app.wallet_clients.policy()).respond(&headers)
}

#[cfg(test)]
mod tests;
