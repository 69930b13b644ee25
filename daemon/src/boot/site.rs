//! What the issuer is and allows, from the configuration.

use std::time::Duration;

use crate::config::{AuthorizationCode, Config};
use crate::domain::dpop::DpopPolicy;
use crate::domain::site::{CodeFlow, DeferralRules, SignedRequests, Site};

pub(super) fn site(config: &Config) -> Site {
    let issuer = config.server.issuer.clone();
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let after_scheme = issuer.split_once("://").map_or("", |(_, rest)| rest);
    Site {
        issuer_path: after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or_default().to_owned(),
        issuer,
        name: given(&config.issuer.name),
        country: given(&config.issuer.country),
        offer_lifetime: Duration::from_secs(config.pre_authorized.expires_in),
        offer_lifetime_max: Duration::from_secs(config.pre_authorized.max_expires_in),
        tx_code_attempts: config.pre_authorized.tx_code_attempts,
        requests_per_offer: config.pre_authorized.credential_requests_per_offer,
        keep_ended: Duration::from_secs(config.pre_authorized.keep_ended),
        token_lifetime: Duration::from_secs(config.issuance.access_token_lifetime),
        batch_size: usize::try_from(config.issuance.batch_size).unwrap_or(usize::MAX),
        dpop: DpopPolicy {
            enabled: config.dpop.enabled,
            required: config.dpop.required,
            required_for_authorization_code: config.dpop.enabled && config.dpop.required_for_authorization_code,
        },
        code_flow: code_flow(&config.authorization_code),
        notifications: config.issuance.notifications,
        deferral: DeferralRules {
            lifetime: Duration::from_secs(config.issuance.deferred_lifetime),
            interval: Duration::from_secs(config.issuance.approval_interval),
        },
    }
}

fn code_flow(section: &AuthorizationCode) -> CodeFlow {
    CodeFlow {
        enabled: section.enabled,
        code_lifetime: Duration::from_secs(section.code_lifetime),
        token_lifetime: Duration::from_secs(section.access_token_lifetime),
        refresh_lifetime: Duration::from_secs(section.refresh_token_lifetime),
        require_pushed: section.require_pushed_authorization_requests,
        signed_requests: match section.signed_requests.as_str() {
            "refused" => SignedRequests::Refused,
            "required" => SignedRequests::Required,
            _ => SignedRequests::Allowed,
        },
        rotate: section.rotate_refresh_tokens,
        requests: match section.credential_requests_per_authorization {
            0 => u32::MAX,
            requests => requests,
        },
    }
}
