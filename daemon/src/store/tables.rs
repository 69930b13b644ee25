//! The tables, and what a key and a value of each is. A number is part of the stored form: a table that goes takes its number
//! with it.

use super::engine::Table;

/// Offer id → [`super::offer::Offer`]; holds no personal data.
pub const OFFER: Table = Table::new(1, "offer");
/// Offer id → sealed [`super::offer::OfferSecrets`]; ends with the offer.
pub const OFFER_SECRETS: Table = Table::new(2, "offer_secrets");
/// SHA-256 of a pre-authorized code → offer id; kept as long as the offer is listed, so that a late code has a reason.
pub const CODE: Table = Table::new(3, "code");
/// SHA-256 of an offer reference → offer id.
pub const REFERENCE: Table = Table::new(4, "reference");
/// SHA-256 of a wallet's access token → [`super::token::Token`].
pub const TOKEN: Table = Table::new(5, "token");
/// End of life (seconds, big-endian) and id of a `c_nonce` that has been taken → empty.
pub const NONCE: Table = Table::new(6, "nonce");
/// User id → sealed [`super::user::User`].
pub const USER: Table = Table::new(7, "user");
/// Credential id → [`super::issued::Issued`].
pub const ISSUED: Table = Table::new(8, "issued");
/// Configuration id → its type; small, since every offer, redemption and issuance checks it.
pub const CONFIGURATION: Table = Table::new(9, "configuration");
/// Configuration id → its JSON document.
pub const CONFIGURATION_DOCUMENT: Table = Table::new(10, "configuration_document");
/// Type (a docType, or a `vct` behind the name of its format) → configuration id; keeps types unique.
pub const TYPE_KEY: Table = Table::new(11, "doctype");
/// `vct` → type metadata whose digest credentials carry; never changes, never ends.
pub const TYPE_METADATA: Table = Table::new(33, "type_metadata");
/// The nil UUID → IACAs, document signers and CRLs in one document, keys sealed: what changes together is one entry.
pub const TRUST: Table = Table::new(12, "trust");
/// Management client id → [`super::client::Client`].
pub const CLIENT: Table = Table::new(13, "client");
/// Keyed hash of (client, `Idempotency-Key`) → offer id and digest of the request.
pub const IDEMPOTENCY: Table = Table::new(14, "idempotency");
/// Name of a daemon key → sealed PKCS#8.
pub const KEY: Table = Table::new(15, "key");
/// Offer id → sealed [`super::enrichment::Enrichment`]; ends with the access token, or with the offer.
pub const ENRICHMENT: Table = Table::new(17, "enrichment");
/// Credential id → the key of its record in a register, sealed.
pub const REGISTER_KEY: Table = Table::new(18, "register_key");
/// Keyed hash of the key of a record in a register, and credential id → empty.
pub const REGISTER_KEY_INDEX: Table = Table::new(19, "register_key_index");
/// Authorization id → [`super::offer::Offer`]: what somebody who logged in has approved. No personal data.
pub const AUTHORIZATION: Table = Table::new(22, "authorization");
/// Authorization id → sealed [`super::authorization::ApprovedClaims`]; ends with the authorization.
pub const AUTHORIZATION_SECRETS: Table = Table::new(23, "authorization_secrets");
/// SHA-256 of an authorization code → [`super::authorization::AuthorizationCode`]; kept as long as what came from it, so that a second
/// use is seen.
pub const AUTHORIZATION_CODE: Table = Table::new(24, "authorization_code");
/// SHA-256 of a refresh token → [`super::authorization::refresh::RefreshToken`].
pub const REFRESH: Table = Table::new(25, "refresh");
/// Id of an authorization code offer that is kept → sealed [`super::code_offer::CodeOffer`].
pub const CODE_OFFER: Table = Table::new(26, "code_offer");
/// Space and SHA-256 of a single-use id → empty; ends when what carries the id is too old to be accepted.
pub const SEEN: Table = Table::new(21, "seen");
/// Authentication provider id → its sealed document.
pub const AUTHENTICATION_PROVIDER: Table = Table::new(29, "authentication_provider");
/// Keyed hash of an identity (issuer and subject) → user id.
pub const USER_IDENTITY: Table = Table::new(30, "user_identity");
/// The nil UUID → the sealed interaction hook.
pub const INTERACTION_HOOK: Table = Table::new(31, "interaction_hook");
/// User id and credential id → empty.
pub const USER_ISSUED: Table = Table::new(32, "user_issued");
/// Status list id → [`super::status::StatusList`].
pub const STATUS_LIST: Table = Table::new(37, "status_list");
/// Id of a status list configuration, made from what it is for → its JSON document.
pub const STATUS_LIST_CONFIGURATION: Table = Table::new(38, "status_list_configuration");
/// Credential id → [`super::status::CredentialStatus`], of those that can be revoked.
pub const CREDENTIAL_STATUS: Table = Table::new(39, "credential_status");
/// Status list id and index (big-endian) → 1 for invalid, 2 for suspended; those that are valid have none.
pub const STATUS_ENTRY: Table = Table::new(40, "status_entry");
/// Status list id → [`super::status::SignedList`]; ends with it.
pub const STATUS_TOKEN: Table = Table::new(41, "status_token");
/// Id of a bulk revocation → its JSON document. Kept: it says who revoked what, and why.
pub const REVOCATION: Table = Table::new(42, "revocation");

/// Id of a registered wallet client, made from its `client_id` → its JSON document.
pub const WALLET_CLIENT: Table = Table::new(20, "wallet_client");
/// SHA-256 of the reference in a `request_uri` → sealed authorization request; deleted when an interaction completes it.
pub const PUSHED_REQUEST: Table = Table::new(27, "pushed_request");
/// SHA-256 of the id of an interaction → its sealed state.
pub const INTERACTION: Table = Table::new(28, "interaction");

/// SHA-256 of an authorization code → thumbprint of the key of the attested wallet instance that it is for; none for other wallets.
pub const CODE_INSTANCE: Table = Table::new(53, "code_instance");
/// The nil UUID → the keys that requests are encrypted with, in one document, sealed.
pub const ENCRYPTION_KEY: Table = Table::new(47, "encryption_key");
/// The nil UUID → the metadata signer with its sealed key.
pub const METADATA_SIGNER: Table = Table::new(48, "metadata_signer");
/// Deferred transaction id → sealed [`super::deferred::Deferred`].
pub const DEFERRED: Table = Table::new(49, "deferred");
/// What a deferred transaction is found by: `t` and the SHA-256 of its `transaction_id`, `c` with grant and configuration → its id; and
/// `k` with the SHA-256 of an access token and an id → the [`super::token::Token`] that is kept for it.
pub const DEFERRED_INDEX: Table = Table::new(50, "deferred_index");
/// SHA-256 of a `notification_id` → grant, credentials and sealed events.
pub const NOTIFICATION: Table = Table::new(51, "notification");
/// Credential id → SHA-256 of the `notification_id` under which something was said of it.
pub const CREDENTIAL_NOTIFICATION: Table = Table::new(52, "credential_notification");

/// Claim source id → its sealed document.
pub const CLAIM_SOURCE: Table = Table::new(54, "sealed_claim_source");

/// All of them.
pub const ALL: &[Table] = &[
    OFFER,
    OFFER_SECRETS,
    CODE,
    REFERENCE,
    TOKEN,
    NONCE,
    USER,
    ISSUED,
    CONFIGURATION,
    CONFIGURATION_DOCUMENT,
    TYPE_KEY,
    TYPE_METADATA,
    TRUST,
    CLIENT,
    IDEMPOTENCY,
    KEY,
    CLAIM_SOURCE,
    ENRICHMENT,
    REGISTER_KEY,
    REGISTER_KEY_INDEX,
    WALLET_CLIENT,
    AUTHORIZATION,
    AUTHORIZATION_SECRETS,
    AUTHORIZATION_CODE,
    REFRESH,
    CODE_OFFER,
    SEEN,
    AUTHENTICATION_PROVIDER,
    USER_IDENTITY,
    INTERACTION_HOOK,
    USER_ISSUED,
    PUSHED_REQUEST,
    INTERACTION,
    CODE_INSTANCE,
    ENCRYPTION_KEY,
    METADATA_SIGNER,
    DEFERRED,
    DEFERRED_INDEX,
    NOTIFICATION,
    CREDENTIAL_NOTIFICATION,
    STATUS_LIST,
    STATUS_LIST_CONFIGURATION,
    CREDENTIAL_STATUS,
    STATUS_ENTRY,
    STATUS_TOKEN,
    REVOCATION,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_tables_share_a_number_or_a_name() {
        assert_eq!(ALL.iter().map(|table| table.number).collect::<BTreeSet<_>>().len(), ALL.len());
        assert_eq!(ALL.iter().map(|table| table.name).collect::<BTreeSet<_>>().len(), ALL.len());
    }
}
