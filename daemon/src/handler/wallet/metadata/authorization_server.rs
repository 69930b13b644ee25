//! Authorization server metadata (RFC 8414).

use serde_json::{Map, Value, json};

use crate::domain::client::ClientPolicy;
use crate::domain::offer::PRE_AUTHORIZED_GRANT;
use crate::domain::site::{SignedRequests, Site};
use crate::handler::wallet::token::{CODE_GRANT, REFRESH_GRANT};
use crate::signer::Algorithm;

/// RFC 8414 section 2, `OpenID4VCI` 12.3: only what works. With the pre-authorized code as the sole grant there is neither an
/// authorization endpoint nor a response type.
pub(super) fn server_metadata(site: &Site, clients: ClientPolicy) -> Value {
    let mut metadata = Map::from_iter([
        ("issuer".into(), site.issuer.clone().into()),
        ("token_endpoint".into(), site.url("/v1/oauth/token").into()),
        ("grant_types_supported".into(), json!([PRE_AUTHORIZED_GRANT])),
        ("pre-authorized_grant_anonymous_access_supported".into(), clients.anonymous().into()),
        ("authorization_details_types_supported".into(), json!(["openid_credential"])),
    ]);
    if site.dpop.enabled {
        // RFC 9449 5.1
        metadata.insert("dpop_signing_alg_values_supported".into(), json!(Algorithm::ALL.map(Algorithm::jose)));
    }
    metadata.extend(authentication(site, clients));
    if site.code_flow.enabled {
        metadata.extend(code_flow(site));
        metadata.extend(signed_requests(site));
        // RFC 7009 does it as the token endpoint does.
        metadata.insert("revocation_endpoint_auth_methods_supported".into(), json!(clients.methods()));
    }
    metadata.into()
}

/// How clients prove who they are (RFC 8414 section 2; attestation-based client authentication 6.1 and 8).
fn authentication(site: &Site, clients: ClientPolicy) -> Vec<(String, Value)> {
    let (methods, algorithms) = (clients.methods(), json!(Algorithm::ALL.map(Algorithm::jose)));
    let mut members = Vec::new();
    if methods.contains(&"private_key_jwt") {
        members.push(("token_endpoint_auth_signing_alg_values_supported".into(), algorithms.clone()));
    }
    if clients.attestation {
        members.push(("challenge_endpoint".into(), site.url("/v1/oauth/challenge").into()));
        members.push(("client_attestation_signing_alg_values_supported".into(), algorithms.clone()));
        members.push(("client_attestation_pop_signing_alg_values_supported".into(), algorithms));
    }
    members.push(("token_endpoint_auth_methods_supported".into(), json!(methods)));
    members
}

/// Whether requests may or must be signed (RFC 9101 10.5, `OpenID` Connect Discovery 3).
fn signed_requests(site: &Site) -> Vec<(String, Value)> {
    let signed = site.code_flow.signed_requests;
    let supported = signed != SignedRequests::Refused;
    let mut members = vec![
        ("request_parameter_supported".into(), supported.into()),
        ("require_signed_request_object".into(), (signed == SignedRequests::Required).into()),
    ];
    if supported {
        let algorithms = json!(Algorithm::ALL.map(Algorithm::jose));
        members.push(("request_object_signing_alg_values_supported".into(), algorithms));
    }
    members
}

/// What is there for the authorization code flow (RFC 8414, RFC 9126 5, RFC 9207 3, RFC 7009).
fn code_flow(site: &Site) -> [(String, Value); 9] {
    let mut grants = vec![PRE_AUTHORIZED_GRANT, CODE_GRANT];
    if !site.code_flow.refresh_lifetime.is_zero() {
        grants.push(REFRESH_GRANT);
    }
    [
        ("authorization_endpoint".into(), site.url("/v1/oauth/authorize").into()),
        ("pushed_authorization_request_endpoint".into(), site.url("/v1/oauth/par").into()),
        ("require_pushed_authorization_requests".into(), site.code_flow.require_pushed.into()),
        ("revocation_endpoint".into(), site.url("/v1/oauth/revoke").into()),
        ("grant_types_supported".into(), json!(grants)),
        ("response_types_supported".into(), json!(["code"])),
        ("response_modes_supported".into(), json!(["query"])),
        ("code_challenge_methods_supported".into(), json!(["S256"])),
        ("authorization_response_iss_parameter_supported".into(), true.into()),
    ]
}
