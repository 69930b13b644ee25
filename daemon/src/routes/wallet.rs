//! What wallets and verifiers reach, on the public listener.

use std::sync::Arc;

use axum::Router;

use super::Edge;
use super::audience::Audience;
use super::browser::browser;
use super::table::{At, Table};
use crate::app::Shared;
use crate::domain::event::Operation;
use crate::domain::site::most_request;
use crate::handler::wallet::client::WithChallenge;
use crate::handler::wallet::dpop::WithNonce;
use crate::handler::wallet::{
    challenge, credential, deferred, metadata, nonce, notification, offer, par, revoke, sd_jwt, status, token, trust,
};
use crate::lifecycle::Tasks;

/// Longest body of a small request, in bytes: a token request is below 1 KiB, and the largest client attestations below 16 KiB.
const SMALL: usize = 64 * 1024;
/// What encryption adds to a request that is not its content: a header, an initialization vector and a tag, in base64.
const ENCRYPTED: usize = 8 * 1024;

/// The routes.
pub fn wallet(app: &Shared, tasks: &Tasks) -> Router {
    let edge = Edge::new(app, tasks);
    let wallets =
        table(Arc::clone(&edge), &app.site.issuer_path, app.site.batch_size).build().with_state(Arc::clone(app));
    wallets.merge(browser(edge, app))
}

/// All live below the issuer's path, but the metadata, whose well-known part goes before it.
pub(super) fn table(edge: Arc<Edge>, path: &str, batch_size: usize) -> Table<Shared> {
    Table::new(edge, Audience::Wallet, path, SMALL)
        .get_at(issuer_at(path), Operation::OpenidIssuerMetadataRetrieve, metadata::issuer)
        .get_at(server_at(path), Operation::OpenidAuthorizationServerMetadataRetrieve, metadata::authorization_server)
        // The same documents in the place where drafts before 1.0 had them; without a path it is the same place.
        .get(ISSUER, Operation::OpenidIssuerMetadataRetrieve, metadata::issuer)
        .get(SERVER, Operation::OpenidAuthorizationServerMetadataRetrieve, metadata::authorization_server)
        .get("/v1/openid/offers/{reference}/credential_offer", Operation::OpenidOfferResolve, offer::find)
        .post("/v1/oauth/par", Operation::OpenidPushedAuthorizationRequest, WithChallenge(WithNonce(par::create)))
        .post("/v1/oauth/token", Operation::OpenidToken, WithChallenge(WithNonce(token::create)))
        .post_stateless("/v1/oauth/challenge", Operation::OpenidChallenge, challenge::create)
        .post("/v1/oauth/revoke", Operation::OpenidTokenRevoke, revoke::create)
        .post_stateless("/v1/openid/nonce", Operation::OpenidNonce, WithNonce(nonce::create))
        .get("/v1/openid/iacas", Operation::MobileCredentialIacaTrustListRetrieve, trust::iacas)
        .get_at(keys_at(path), Operation::JwtVcIssuerMetadataRetrieve, sd_jwt::issuer)
        .get(
            "/v1/credentials/sd-jwt/types/{name}",
            Operation::SdJwtCredentialTypeMetadataRetrieve,
            sd_jwt::type_metadata,
        )
        .get("/v2/credentials/mobile/iacas/{id}/crl", Operation::MobileCredentialIacaCrlRetrieve, trust::crl)
        .get(MOBILE_LIST, Operation::MobileCredentialStatusListTokenRetrieve, status::mobile_token)
        .get(MOBILE_LISTS, Operation::MobileCredentialStatusListDistribution, status::mobile_distribution)
        .get(SD_JWT_LIST, Operation::SdJwtCredentialStatusListTokenRetrieve, status::sd_jwt_token)
        .get(SD_JWT_LISTS, Operation::SdJwtCredentialStatusListDistribution, status::sd_jwt_distribution)
        .post("/v1/openid/notification", Operation::OpenidNotification, WithNonce(notification::create))
        .body_limit(most_body(batch_size))
        .post("/v1/openid/credential", Operation::OpenidCredential, WithNonce(credential::create))
        .post("/v1/openid/deferred_credential", Operation::OpenidDeferredCredential, WithNonce(deferred::create))
}

/// Longest body of a credential request: as it is, or encrypted, which makes four bytes of three.
fn most_body(batch_size: usize) -> usize {
    most_request(batch_size).saturating_mul(4) / 3 + ENCRYPTED
}

const KEYS: &str = "/.well-known/jwt-vc-issuer";
const ISSUER: &str = "/.well-known/openid-credential-issuer";
const MOBILE_LIST: &str = "/v2/credentials/mobile/status-lists/{id}/token";
const MOBILE_LISTS: &str = "/v2/credentials/mobile/status-lists/distribution";
const SD_JWT_LIST: &str = "/v2/credentials/sd-jwt/status-lists/{id}/token";
const SD_JWT_LISTS: &str = "/v2/credentials/sd-jwt/status-lists/distribution";
const SERVER: &str = "/.well-known/oauth-authorization-server";

/// `OpenID4VCI` 12.2.2: between host and path.
fn issuer_at(path: &str) -> At {
    At::exactly(&format!("{ISSUER}{path}"), ISSUER)
}

/// RFC 8414 section 3: between host and path.
fn server_at(path: &str) -> At {
    At::exactly(&format!("{SERVER}{path}"), SERVER)
}

/// SD-JWT VC 3.1: between host and path.
fn keys_at(path: &str) -> At {
    At::exactly(&format!("{KEYS}{path}"), KEYS)
}
