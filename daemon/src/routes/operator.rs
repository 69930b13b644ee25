//! What operators' programs reach, on the management listener.

use std::sync::Arc;

use axum::Router;

use super::Edge;
use super::audience::Audience;
use super::table::Table;
use crate::app::Shared;
use crate::domain::configuration::CredentialFormat;
use crate::domain::event::Operation;
use crate::handler::operator::configurations::Catalogue;
use crate::handler::operator::credentials::{Mobile, SdJwt};
use crate::handler::operator::signers::{Documents, SdJwts, StatusLists};
use crate::handler::operator::{
    authentication_providers, claim_sources, clients, code_offers, credentials, deferred, encryption_keys, health,
    iacas, interaction_hook, offers, plugins, recordings, revocations, signers, statuses, token, users, wallet_clients,
    wallet_tokens,
};
use crate::lifecycle::Tasks;

/// Longest body in bytes: a configuration with three images of 128 KiB, and room for its mappings.
const BODY: usize = 1024 * 1024;

/// The routes.
pub fn operator(app: &Shared, tasks: &Tasks) -> Router {
    table(Edge::new(app, tasks)).build().with_state(Arc::clone(app))
}

pub(super) fn table(edge: Arc<Edge>) -> Table<Shared> {
    let table = Table::new(edge, Audience::Operator, "", BODY)
        .probe("/healthz", health::live)
        .probe("/readyz", health::ready)
        .probe("/metrics", health::metrics)
        .post("/oauth/token", Operation::ManagementTokenCreate, token::create);
    let table = recording_rows(plugin_rows(wallet_client_rows(client_rows(table))));
    let table = claim_source_rows(wallet_token_rows(offer_rows(table)));
    let table = interaction_hook_rows(user_rows(provider_rows(table)));
    let table = signer_rows(iaca_rows(sd_jwt_configuration_rows(configuration_rows(table))));
    let table = revocation_rows(credential_rows(sd_jwt_status_list_rows(status_list_rows(status_signer_rows(table)))));
    let table = sd_jwt_credential_rows(sd_jwt_signer_rows(table));
    deferred_rows(encryption_key_rows(table))
}

fn provider_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/users/authentication-providers";
    const ONE: &str = "/v1/users/authentication-providers/{id}";
    table
        .post(ALL, Operation::UserAuthenticationProviderCreate, authentication_providers::create)
        .get(ALL, Operation::UserAuthenticationProviderRetrieveList, authentication_providers::list)
        .get(ONE, Operation::UserAuthenticationProviderRetrieve, authentication_providers::find)
        .put(ONE, Operation::UserAuthenticationProviderUpdate, authentication_providers::replace)
        .delete(ONE, Operation::UserAuthenticationProviderDelete, authentication_providers::delete)
}

fn user_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/users";
    const ONE: &str = "/v1/users/{id}";
    table
        .post(ALL, Operation::UserCreate, users::create)
        .get(ALL, Operation::UserRetrieveList, users::list)
        .post_stateless("/v1/users/search", Operation::UserSearch, users::search)
        .get(ONE, Operation::UserRetrieve, users::find)
        .put(ONE, Operation::UserUpdate, users::replace)
        .delete(ONE, Operation::UserDelete, users::delete)
        .get("/v1/users/{id}/credentials", Operation::UserCredentialRetrieveList, users::credentials)
}

fn interaction_hook_rows(table: Table<Shared>) -> Table<Shared> {
    const ONE: &str = "/v1/openid/configuration";
    table.put(ONE, Operation::CredentialProviderOpenidConfigurationUpdate, interaction_hook::set).get(
        ONE,
        Operation::CredentialProviderOpenidConfigurationRetrieve,
        interaction_hook::find,
    )
}

fn client_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/clients";
    const ONE: &str = "/v1/clients/{id}";
    table
        .post(ALL, Operation::ManagementClientCreate, clients::create)
        .get(ALL, Operation::ManagementClientRetrieveList, clients::list)
        .delete(ONE, Operation::ManagementClientDelete, clients::delete)
}

fn wallet_client_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/openid/clients";
    const ONE: &str = "/v1/openid/clients/{id}";
    table
        .post(ALL, Operation::OpenidClientCreate, wallet_clients::create)
        .get(ALL, Operation::OpenidClientRetrieveList, wallet_clients::list)
        .get(ONE, Operation::OpenidClientRetrieve, wallet_clients::find)
        .put(ONE, Operation::OpenidClientUpdate, wallet_clients::replace)
        .delete(ONE, Operation::OpenidClientDelete, wallet_clients::delete)
}

fn plugin_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/plugins";
    const ONE: &str = "/v1/plugins/{name}";
    const RELOAD: &str = "/v1/plugins/{name}/reload";
    table
        .get(ALL, Operation::PluginRetrieveList, plugins::list)
        .get(ONE, Operation::PluginRetrieve, plugins::find)
        .post(RELOAD, Operation::PluginReload, plugins::reload)
}

fn offer_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/openid/offers";
    const ONE: &str = "/v1/openid/offers/{id}";
    const PRE_AUTHORIZED: &str = "/v1/openid/offers/pre-authorized";
    const ONE_PRE_AUTHORIZED: &str = "/v1/openid/offers/pre-authorized/{id}";
    table
        .post(PRE_AUTHORIZED, Operation::OpenidPreAuthorizedOfferCreate, offers::create_pre_authorized)
        .delete(ONE_PRE_AUTHORIZED, Operation::OpenidPreAuthorizedOfferDelete, offers::delete)
        .post(ALL, Operation::OpenidOfferCreate, code_offers::create)
        .get(ALL, Operation::OpenidOfferRetrieveList, offers::list)
        .get(ONE, Operation::OpenidOfferRetrieve, offers::find)
        .delete(ONE, Operation::OpenidOfferDelete, code_offers::delete)
}

fn wallet_token_rows(table: Table<Shared>) -> Table<Shared> {
    table.post("/v1/oauth/introspect", Operation::OpenidTokenIntrospect, wallet_tokens::introspect).post(
        "/v1/oauth/revoke",
        Operation::OpenidTokenRevoke,
        wallet_tokens::revoke,
    )
}

fn claim_source_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/claim-sources";
    const ONE: &str = "/v1/claim-sources/{id}";
    table
        .post(ALL, Operation::ClaimSourceCreate, claim_sources::create)
        .get(ALL, Operation::ClaimSourceRetrieveList, claim_sources::list)
        .get(ONE, Operation::ClaimSourceRetrieve, claim_sources::find)
        .put(ONE, Operation::ClaimSourceUpdate, claim_sources::replace)
        .delete(ONE, Operation::ClaimSourceDelete, claim_sources::delete)
}

fn configuration_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile/configurations";
    const ONE: &str = "/v2/credentials/mobile/configurations/{id}";
    let mobile = Catalogue(CredentialFormat::MsoMdoc);
    table
        .post(ALL, Operation::MobileCredentialConfigurationCreate, mobile.create())
        .get(ALL, Operation::MobileCredentialConfigurationRetrieveList, mobile.list())
        .get(ONE, Operation::MobileCredentialConfigurationRetrieve, mobile.find())
        .put(ONE, Operation::MobileCredentialConfigurationUpdate, mobile.replace())
        .delete(ONE, Operation::MobileCredentialConfigurationDelete, mobile.delete())
}

fn sd_jwt_configuration_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/sd-jwt/configurations";
    const ONE: &str = "/v2/credentials/sd-jwt/configurations/{id}";
    let sd_jwt = Catalogue(CredentialFormat::DcSdJwt);
    table
        .post(ALL, Operation::SdJwtCredentialConfigurationCreate, sd_jwt.create())
        .get(ALL, Operation::SdJwtCredentialConfigurationRetrieveList, sd_jwt.list())
        .get(ONE, Operation::SdJwtCredentialConfigurationRetrieve, sd_jwt.find())
        .put(ONE, Operation::SdJwtCredentialConfigurationUpdate, sd_jwt.replace())
        .delete(ONE, Operation::SdJwtCredentialConfigurationDelete, sd_jwt.delete())
}

fn sd_jwt_signer_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/sd-jwt/signers";
    const ONE: &str = "/v2/credentials/sd-jwt/signers/{id}";
    const REVOKE: &str = "/v2/credentials/sd-jwt/signers/{id}/revoke";
    table
        .post(ALL, Operation::SdJwtCredentialSignerCreate, signers::create::<SdJwts>)
        .get(ALL, Operation::SdJwtCredentialSignerRetrieveList, signers::list::<SdJwts>)
        .get(ONE, Operation::SdJwtCredentialSignerRetrieve, signers::find::<SdJwts>)
        .put(ONE, Operation::SdJwtCredentialSignerUpdate, signers::update::<SdJwts>)
        .delete(ONE, Operation::SdJwtCredentialSignerDelete, signers::delete::<SdJwts>)
        .post(REVOKE, Operation::SdJwtCredentialSignerRevoke, signers::revoke::<SdJwts>)
}

fn sd_jwt_credential_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/sd-jwt";
    const ONE: &str = "/v2/credentials/sd-jwt/{id}";
    const STATUS: &str = "/v2/credentials/sd-jwt/{id}/status";
    table
        .get(ALL, Operation::SdJwtCredentialRetrieveList, credentials::list::<SdJwt>)
        .get(ONE, Operation::SdJwtCredentialRetrieve, credentials::find::<SdJwt>)
        .delete(ONE, Operation::UserCredentialDelete, credentials::delete::<SdJwt>)
        .post(STATUS, Operation::SdJwtCredentialStatusSet, statuses::set::<SdJwt>)
        .get(STATUS, Operation::SdJwtCredentialStatusRetrieve, statuses::status::<SdJwt>)
}

fn iaca_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile/iacas";
    const ONE: &str = "/v2/credentials/mobile/iacas/{id}";
    table
        .post(ALL, Operation::MobileCredentialIacaCreate, iacas::create)
        .get(ALL, Operation::MobileCredentialIacaRetrieveList, iacas::list)
        .get(ONE, Operation::MobileCredentialIacaRetrieve, iacas::find)
        .put(ONE, Operation::MobileCredentialIacaUpdate, iacas::update)
        .delete(ONE, Operation::MobileCredentialIacaDelete, iacas::delete)
}

fn signer_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile/document-signers";
    const ONE: &str = "/v2/credentials/mobile/document-signers/{id}";
    const REVOKE: &str = "/v2/credentials/mobile/document-signers/{id}/revoke";
    table
        .post(ALL, Operation::MobileCredentialDocumentSignerCreate, signers::create::<Documents>)
        .get(ALL, Operation::MobileCredentialDocumentSignerRetrieveList, signers::list::<Documents>)
        .get(ONE, Operation::MobileCredentialDocumentSignerRetrieve, signers::find::<Documents>)
        .put(ONE, Operation::MobileCredentialDocumentSignerUpdate, signers::update::<Documents>)
        .delete(ONE, Operation::MobileCredentialDocumentSignerDelete, signers::delete::<Documents>)
        .post(REVOKE, Operation::MobileCredentialDocumentSignerRevoke, signers::revoke::<Documents>)
}

fn status_signer_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile/status-list-signers";
    const ONE: &str = "/v2/credentials/mobile/status-list-signers/{id}";
    const REVOKE: &str = "/v2/credentials/mobile/status-list-signers/{id}/revoke";
    table
        .post(ALL, Operation::MobileCredentialStatusListSignerCreate, signers::create::<StatusLists>)
        .get(ALL, Operation::MobileCredentialStatusListSignerRetrieveList, signers::list::<StatusLists>)
        .get(ONE, Operation::MobileCredentialStatusListSignerRetrieve, signers::find::<StatusLists>)
        .put(ONE, Operation::MobileCredentialStatusListSignerUpdate, signers::update::<StatusLists>)
        .delete(ONE, Operation::MobileCredentialStatusListSignerDelete, signers::delete::<StatusLists>)
        .post(REVOKE, Operation::MobileCredentialStatusListSignerRevoke, signers::revoke::<StatusLists>)
}

fn status_list_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile/status-lists/configurations";
    const ONE: &str = "/v2/credentials/mobile/status-lists/configurations/{id}";
    const LISTS: &str = "/v2/credentials/mobile/status-lists";
    const LIST: &str = "/v2/credentials/mobile/status-lists/{id}";
    table
        .post(ALL, Operation::MobileCredentialStatusListConfigurationCreate, statuses::create::<Mobile>)
        .get(ALL, Operation::MobileCredentialStatusListConfigurationRetrieveList, statuses::list::<Mobile>)
        .get(ONE, Operation::MobileCredentialStatusListConfigurationRetrieve, statuses::find::<Mobile>)
        .put(ONE, Operation::MobileCredentialStatusListConfigurationUpdate, statuses::replace::<Mobile>)
        .delete(ONE, Operation::MobileCredentialStatusListConfigurationDelete, statuses::delete::<Mobile>)
        .get(LISTS, Operation::MobileCredentialStatusListRetrieveList, statuses::lists::<Mobile>)
        .get(LIST, Operation::MobileCredentialStatusListRetrieve, statuses::find_list::<Mobile>)
}

fn sd_jwt_status_list_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/sd-jwt/status-lists/configurations";
    const ONE: &str = "/v2/credentials/sd-jwt/status-lists/configurations/{id}";
    const LISTS: &str = "/v2/credentials/sd-jwt/status-lists";
    const LIST: &str = "/v2/credentials/sd-jwt/status-lists/{id}";
    table
        .post(ALL, Operation::SdJwtCredentialStatusListConfigurationCreate, statuses::create::<SdJwt>)
        .get(ALL, Operation::SdJwtCredentialStatusListConfigurationRetrieveList, statuses::list::<SdJwt>)
        .get(ONE, Operation::SdJwtCredentialStatusListConfigurationRetrieve, statuses::find::<SdJwt>)
        .put(ONE, Operation::SdJwtCredentialStatusListConfigurationUpdate, statuses::replace::<SdJwt>)
        .delete(ONE, Operation::SdJwtCredentialStatusListConfigurationDelete, statuses::delete::<SdJwt>)
        .get(LISTS, Operation::SdJwtCredentialStatusListRetrieveList, statuses::lists::<SdJwt>)
        .get(LIST, Operation::SdJwtCredentialStatusListRetrieve, statuses::find_list::<SdJwt>)
}

fn credential_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/mobile";
    const ONE: &str = "/v2/credentials/mobile/{id}";
    const STATUS: &str = "/v2/credentials/mobile/{id}/status";
    table
        .get(ALL, Operation::MobileCredentialRetrieveList, credentials::list::<Mobile>)
        .get(ONE, Operation::MobileCredentialRetrieve, credentials::find::<Mobile>)
        .delete(ONE, Operation::UserCredentialDelete, credentials::delete::<Mobile>)
        .post(STATUS, Operation::MobileCredentialStatusSet, statuses::set::<Mobile>)
        .get(STATUS, Operation::MobileCredentialStatusRetrieve, statuses::status::<Mobile>)
}

fn revocation_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v2/credentials/revocations";
    const ONE: &str = "/v2/credentials/revocations/{id}";
    table
        .post(ALL, Operation::CredentialRevocationCreate, revocations::create)
        .get(ALL, Operation::CredentialRevocationRetrieveList, revocations::list)
        .get(ONE, Operation::CredentialRevocationRetrieve, revocations::find)
}

fn deferred_rows(table: Table<Shared>) -> Table<Shared> {
    table
        .get("/v1/openid/deferred", Operation::OpenidDeferredRetrieveList, deferred::list)
        .get("/v1/openid/deferred/{id}", Operation::OpenidDeferredRetrieve, deferred::find)
        .post("/v1/openid/deferred/{id}/approve", Operation::OpenidDeferredApprove, deferred::approve)
        .post("/v1/openid/deferred/{id}/deny", Operation::OpenidDeferredDeny, deferred::deny)
}

fn encryption_key_rows(table: Table<Shared>) -> Table<Shared> {
    const ALL: &str = "/v1/openid/encryption-keys";
    const ONE: &str = "/v1/openid/encryption-keys/{kid}";
    table
        .post(ALL, Operation::OpenidEncryptionKeyCreate, encryption_keys::create)
        .get(ALL, Operation::OpenidEncryptionKeyRetrieveList, encryption_keys::list)
        .delete(ONE, Operation::OpenidEncryptionKeyDelete, encryption_keys::delete)
}

fn recording_rows(table: Table<Shared>) -> Table<Shared> {
    const ONE: &str = "/v1/plugins/{name}/recording";
    table.post(ONE, Operation::PluginRecordingCreate, recordings::create).get(
        ONE,
        Operation::PluginRecordingRetrieve,
        recordings::find,
    )
}
