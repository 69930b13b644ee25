//! Flows over the real binary, by topic. Tests name the requirements they prove in their names or in comments.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is the failure of the test"
)]

mod flow_access_token;
mod flow_asked_claims;
mod flow_authorization_rules;
mod flow_authorization_sessions;
mod flow_authorize;
mod flow_caches;
mod flow_certificates;
mod flow_claim;
mod flow_client_certificates;
mod flow_client_hygiene;
mod flow_code_grant;
mod flow_code_offers;
mod flow_commands;
mod flow_configuration_checks;
mod flow_configurations;
mod flow_credential;
mod flow_deferred;
mod flow_deferred_source;
mod flow_dpop;
mod flow_encryption;
mod flow_http;
mod flow_idempotency;
mod flow_isolation;
mod flow_json;
mod flow_key_attestation;
mod flow_known_types;
mod flow_login_choice;
mod flow_management_access;
mod flow_mdoc;
mod flow_metadata;
mod flow_metrics;
mod flow_nonce;
mod flow_notification;
mod flow_offer_checks;
mod flow_offer_reference;
mod flow_offers;
mod flow_plugin_claims;
mod flow_plugin_hooks;
mod flow_plugin_hostile;
mod flow_plugin_hostile_hooks;
mod flow_plugin_hostile_pages;
mod flow_plugin_recording;
mod flow_plugin_reload;
mod flow_plugins;
mod flow_proof;
mod flow_proof_keys;
mod flow_registers;
mod flow_restart;
mod flow_sd_jwt;
mod flow_sd_jwt_configurations;
mod flow_sd_jwt_metadata;
mod flow_secrets;
mod flow_selection;
mod flow_serve;
mod flow_signed_metadata;
mod flow_signed_requests;
mod flow_status;
mod flow_status_bulk;
mod flow_status_lists;
mod flow_tls;
mod flow_token;
mod flow_tx_code;
mod flow_unmanaged;
mod flow_users;
mod flow_wallet_clients;
