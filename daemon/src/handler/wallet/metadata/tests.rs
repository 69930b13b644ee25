use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::cache::Document;
use super::issuer::{issuer_metadata, text_color};
use super::*;
use crate::domain::client::ClientPolicy;
use crate::domain::configuration::catalog::Snapshot;
use crate::domain::configuration::{Body, Configuration, MdocBody};
use crate::domain::encryption::{EncryptionKeys, EncryptionPolicy};
use crate::domain::site::{CodeFlow, SignedRequests, Site};

fn site(batch_size: usize) -> Site {
    Site { batch_size, ..Site::of("https://issuer.example/acme", "/acme") }
}

fn configurations() -> Snapshot {
    let pid: Configuration = serde_json::from_value(json!({
        "id": "7f2f8a4e-5b0a-4f52-8d5d-2a2a3f0d6c11",
        "type": "eu.europa.ec.eudi.pid.1",
        "claimMappings": { "eu.europa.ec.eudi.pid.1": {
            "family_name": { "mapFrom": "claims.family_name", "required": true, "type": "string" },
            "issuing_country": { "defaultValue": "UT", "required": false },
            "nationality": { "mapFrom": "claims.nationality", "required": false, "type": "string" },
        } },
        "expiresIn": { "months": 3 },
        "branding": { "name": "Person \"ID\"", "description": "d", "backgroundColor": "#1B4D3E",
            "issuerLogo": "data:image/png;base64,AA==", "watermarkImage": "data:image/svg+xml;base64,BB==" },
        "includeStatus": false,
        "createdAt": "2026-03-01T12:00:00Z",
    }))
    .unwrap();
    let Body::Mdoc(body) = pid.body.clone() else { panic!() };
    let body = Body::Mdoc(MdocBody { doc_type: "org.example.pass".into(), ..body });
    let plain = Configuration { branding: None, body, ..pid.clone() };
    Arc::new(vec![Arc::new(pid), Arc::new(Configuration { id: uuid::Uuid::from_u128(9), ..plain })])
}

/// Where nothing is encrypted.
fn facts<'a>(
    site: &'a Site,
    configurations: Snapshot,
    algorithm: Algorithm,
    policy: &'a EncryptionPolicy,
) -> Facts<'a> {
    Facts { site, configurations, algorithm, encryption: (policy, Arc::default()) }
}

fn metadata(batch_size: usize) -> Value {
    let (site, policy) = (site(batch_size), EncryptionPolicy::default());
    let facts = facts(&site, configurations(), Algorithm::Es256, &policy);
    let printed = MetadataCache::default().issuer(&facts);
    serde_json::from_slice(&printed.form(&HeaderMap::new()).1.document.body).unwrap()
}

fn get(document: &Document, name: header::HeaderName, value: &'static str) -> Response {
    let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
    document.clone().respond(&headers)
}

fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(members) => members.values().for_each(|member| walk(member, visit)),
        _ => {}
    }
}

// VCI-12.2.2-11, VCI-12.2.4-01, VCI-12.2.4-04, VCI-12.2.4-10, VCI-12.2.4-12, VCI-12.2.4-17
#[test]
fn the_identifier_is_that_of_the_configuration_and_all_urls_are_below_it() {
    let metadata = metadata(20);
    assert_eq!(metadata["credential_issuer"], "https://issuer.example/acme");
    for (member, path) in [
        ("credential_endpoint", "/v1/openid/credential"),
        ("nonce_endpoint", "/v1/openid/nonce"),
        ("deferred_credential_endpoint", "/v1/openid/deferred_credential"),
        ("notification_endpoint", "/v1/openid/notification"),
        ("mdoc_iacas_uri", "/v1/openid/iacas"),
    ] {
        assert_eq!(metadata[member], format!("https://issuer.example/acme{path}"));
    }
    assert_eq!(metadata["batch_credential_issuance"], json!({ "batch_size": 20 }));
    assert_eq!(metadata["display"], json!([{ "name": "Example Authority" }]));
}

// VCI-12.2.4-02, VCI-12.2.4-05, VCI-12.2.4-06, VCI-12.2.4-07, VCI-12.2.4-08, VCI-12.2.4-09,
// VCI-12.2.4-11: what is not there is not named.
#[test]
fn what_does_not_work_is_not_listed() {
    let nameless = Site { name: None, notifications: false, ..site(1) };
    let metadata = issuer_metadata(&nameless, &configurations(), Algorithm::Es256);
    let members: Vec<_> = metadata.keys().collect();
    let expected = [
        "credential_configurations_supported",
        "credential_endpoint",
        "credential_issuer",
        "deferred_credential_endpoint",
        "mdoc_iacas_uri",
        "nonce_endpoint",
    ];
    assert_eq!(members, expected);
}

// VCI-12.2.4-20, VCI-12.2.4-21, VCI-12.2.4-23, VCI-12.2.4-25, VCI-12.2.4-26, VCI-12.2.4-27, VCI-12.2.4-28,
// VCI-12.2.4-29, VCI-12.2.4-30, VCI-12.2.4-32, VCI-12.2.4-33, VCI-12.2.4-35, VCI-12.2.4-36, VCI-C-01, VCI-C.2-01,
// VCI-B.3-01
#[test]
fn a_configuration_is_described_in_the_shape_of_the_final_version() {
    let metadata = metadata(20);
    let pid = &metadata["credential_configurations_supported"]["7f2f8a4e-5b0a-4f52-8d5d-2a2a3f0d6c11"];
    let expected = json!({
        "format": "mso_mdoc",
        "doctype": "eu.europa.ec.eudi.pid.1",
        "scope": "mso_mdoc:eu.europa.ec.eudi.pid.1",
        "credential_signing_alg_values_supported": [-7],
        "cryptographic_binding_methods_supported": ["cose_key", "jwk", "did:jwk", "did:key"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256", "ES384", "EdDSA"] } },
        "credential_metadata": {
            "display": [{
                "name": "Person \"ID\"", "description": "d", "background_color": "#1B4D3E", "text_color": "#ffffff",
                "logo": { "uri": "data:image/png;base64,AA==", "alt_text": "Person \"ID\"" },
                "background_image": { "uri": "data:image/svg+xml;base64,BB==" },
            }],
            "claims": [
                { "path": ["eu.europa.ec.eudi.pid.1", "family_name"], "mandatory": true },
                { "path": ["eu.europa.ec.eudi.pid.1", "issuing_country"], "mandatory": true },
                { "path": ["eu.europa.ec.eudi.pid.1", "nationality"], "mandatory": false },
            ],
        },
    });
    assert_eq!(*pid, expected);
}

// VCI-12.2.4-14, VCI-12.2.4-15, VCI-12.2.4-16
#[test]
fn nothing_is_null_or_empty_and_an_unbranded_configuration_has_a_name() {
    let metadata = metadata(20);
    walk(&metadata, &mut |value| {
        assert!(!value.is_null() && *value != json!([]) && *value != json!({}) && *value != json!(""), "{metadata}");
    });
    let plain = &metadata["credential_configurations_supported"]["00000000-0000-0000-0000-000000000009"];
    assert_eq!(plain["credential_metadata"]["display"], json!([{ "name": "org.example.pass" }]));
}

// ASM-2-01, ASM-2-02, ASM-2-03, ASM-2-04, ASM-2-05, ASM-2-06, ASM-2-07, ASM-2-08, ASM-2-09, ASM-2-11, ASM-2-12,
// ASM-2-13, ASM-2-14, ASM-2-16, ASM-2-18, ASM-3.3-01, VCI-12.2.4-03
#[test]
fn the_authorization_server_lists_only_what_works() {
    let document = MetadataCache::default().authorization_server(&site(20), ClientPolicy::default());
    let expected = json!({
        "issuer": "https://issuer.example/acme",
        "token_endpoint": "https://issuer.example/acme/v1/oauth/token",
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
        "pre-authorized_grant_anonymous_access_supported": true,
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "EdDSA"],
        "authorization_details_types_supported": ["openid_credential"],
    });
    assert_eq!(serde_json::from_slice::<Value>(&document.body).unwrap(), expected);
}

// ASM-2-03, ASM-2-06, ASM-2-07, ASM-2-10, PAR-5-01: the code flow with all that it needs, or nothing of it.
#[test]
fn the_code_flow_is_listed_when_it_is_on() {
    let site = Site { code_flow: CodeFlow::default(), ..site(20) };
    let document = MetadataCache::default().authorization_server(&site, ClientPolicy::default());
    let found: Value = serde_json::from_slice(&document.body).unwrap();
    for (member, value) in [
        ("authorization_endpoint", json!("https://issuer.example/acme/v1/oauth/authorize")),
        ("pushed_authorization_request_endpoint", json!("https://issuer.example/acme/v1/oauth/par")),
        ("revocation_endpoint", json!("https://issuer.example/acme/v1/oauth/revoke")),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        ("require_signed_request_object", json!(false)),
        ("request_object_signing_alg_values_supported", json!(["ES256", "ES384", "EdDSA"])),
        (
            "grant_types_supported",
            json!(["urn:ietf:params:oauth:grant-type:pre-authorized_code", "authorization_code", "refresh_token"]),
        ),
    ] {
        assert_eq!(found[member], value, "{member}");
    }
    for (signed_requests, supported) in [(SignedRequests::Required, true), (SignedRequests::Refused, false)] {
        let site = Site { code_flow: CodeFlow { signed_requests, ..CodeFlow::default() }, ..site.clone() };
        let document = MetadataCache::default().authorization_server(&site, ClientPolicy::default());
        let found: Value = serde_json::from_slice(&document.body).unwrap();
        assert_eq!(found["request_parameter_supported"], supported);
        assert_eq!(found["require_signed_request_object"], supported);
        assert_eq!(found.get("request_object_signing_alg_values_supported").is_some(), supported);
    }
    let once = CodeFlow { refresh_lifetime: Duration::ZERO, ..CodeFlow::default() };
    let document =
        MetadataCache::default().authorization_server(&Site { code_flow: once, ..site }, ClientPolicy::default());
    let found: Value = serde_json::from_slice(&document.body).unwrap();
    assert!(!found["grant_types_supported"].as_array().unwrap().contains(&json!("refresh_token")));
}

// ASM-2-09, ASM-2-10, ASM-2-11, ASM-2-12, ASM-2-13
#[test]
fn methods_of_authentication_are_listed_as_they_are_accepted() {
    let listed = |clients: ClientPolicy| -> Value {
        let document = MetadataCache::default().authorization_server(&site(20), clients);
        serde_json::from_slice(&document.body).unwrap()
    };
    let algorithms = json!(["ES256", "ES384", "EdDSA"]);
    let attested = listed(ClientPolicy { attestation: true, certificates: true, ..ClientPolicy::default() });
    assert_eq!(
        attested["token_endpoint_auth_methods_supported"],
        json!(["none", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth"])
    );
    assert_eq!(attested["challenge_endpoint"], "https://issuer.example/acme/v1/oauth/challenge");
    for member in [
        "token_endpoint_auth_signing_alg_values_supported",
        "client_attestation_signing_alg_values_supported",
        "client_attestation_pop_signing_alg_values_supported",
    ] {
        assert_eq!(attested[member], algorithms, "{member}");
    }
    // VCI-6.1-07, HAIP-4.4.1-01
    let only = listed(ClientPolicy { attestation: true, attestation_required: true, ..ClientPolicy::default() });
    assert_eq!(only["token_endpoint_auth_methods_supported"], json!(["private_key_jwt", "attest_jwt_client_auth"]));
    assert_eq!(only["pre-authorized_grant_anonymous_access_supported"], false);
    let known = listed(ClientPolicy { allow_unregistered: false, ..ClientPolicy::default() });
    assert_eq!(known["pre-authorized_grant_anonymous_access_supported"], false);
    assert_eq!(known.get("challenge_endpoint"), None);
}

#[test]
fn it_is_printed_once_and_again_after_a_change() {
    let (cache, site, policy) = (MetadataCache::default(), site(20), EncryptionPolicy::default());
    let keys = Arc::<EncryptionKeys>::default();
    let print = |configurations: &Snapshot, algorithm, keys: &Arc<EncryptionKeys>| {
        let encryption = (&policy, Arc::clone(keys));
        cache.issuer(&Facts { site: &site, configurations: Arc::clone(configurations), algorithm, encryption })
    };
    let etag = |printed: &cache::Printed| printed.form(&HeaderMap::new()).1.document.etag.clone();
    let first = configurations();
    let printed = print(&first, Algorithm::Es256, &keys);
    assert!(Arc::ptr_eq(&printed, &print(&first, Algorithm::Es256, &keys)));
    let fewer: Snapshot = Arc::new(first[..1].to_vec());
    let changed = print(&fewer, Algorithm::Es256, &keys);
    assert_ne!(etag(&printed), etag(&changed));
    assert_ne!(etag(&changed), etag(&print(&fewer, Algorithm::Es384, &keys)));
    // VCI-B.3-03: the same content has the same order and the same tag, also from another snapshot.
    assert_eq!(etag(&print(&configurations(), Algorithm::Es256, &keys)), etag(&printed));
    assert!(!Arc::ptr_eq(&print(&first, Algorithm::Es256, &keys), &print(&first, Algorithm::Es256, &Arc::default())));
}

// HTP-9111-02, VCI-12.2.2-09
#[test]
fn a_document_that_is_known_is_not_sent_again() {
    let document =
        Document { etag: HeaderValue::from_static("\"abc\""), ..Document::new("{}".into(), "application/json") };
    for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
        let response = get(&document, header::IF_NONE_MATCH, known);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
            assert!(response.headers().contains_key(&name), "{name}");
        }
    }
    for unknown in ["\"abd\"", "abc", "\"\"", ""] {
        assert_eq!(get(&document, header::IF_NONE_MATCH, unknown).status(), StatusCode::OK, "{unknown}");
    }
}

#[test]
fn text_is_readable_on_its_background() {
    let colors = ["#000000", "#1B4D3E", "#ffffff", "#FFDD00", "#ff0000"].map(text_color);
    assert_eq!(colors, ["#ffffff", "#ffffff", "#000000", "#000000", "#ffffff"]);
}
