//! The two documents that a wallet reads first (`OpenID4VCI` 12.2, RFC 8414): what is issued here, and how to get a token for it.
//!
//! They are public, the same for everybody, and serialised once a change.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Map, Value, json};

use crate::app::Shared;
use crate::base::secret::sha256;
use crate::domain::branding::Branding;
use crate::domain::configuration::Configuration;
use crate::domain::configurations::Snapshot;
use crate::domain::offers::PRE_AUTHORIZED_GRANT;
use crate::domain::site::Site;
use crate::signer::Algorithm;

/// A minute: a new configuration is seen soon, and a wallet that reads it twice in one issuance asks once.
const FRESHNESS: &str = "public, max-age=60";
/// Now the documents are the same for all; caches that learn this header today are right once they are not.
const VARY: &str = "Accept, Accept-Language";

/// `GET /.well-known/openid-credential-issuer`
pub async fn issuer(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let signer = app.trust.signer(app.clock.now());
    let algorithm = signer.map_or(Algorithm::Es256, |signer| signer.key.algorithm());
    app.metadata.issuer(&app.site, &app.configurations.all(), algorithm).respond(&headers)
}

/// `GET /.well-known/oauth-authorization-server`
pub async fn authorization_server(State(app): State<Shared>, headers: HeaderMap) -> Response {
    app.metadata.authorization_server(&app.site).respond(&headers)
}

/// The documents as they were last printed.
#[derive(Default)]
pub struct MetadataCache {
    /// Printed anew when the configurations or the signer's algorithm change; locked only to clone or swap.
    issuer: RwLock<Option<Printed>>,
    /// Depends on the site only, which never changes.
    server: OnceLock<Document>,
}

struct Printed {
    /// What it was printed from; kept, so that its address cannot be given to another snapshot.
    configurations: Snapshot,
    algorithm: Algorithm,
    document: Document,
}

/// A printed document.
#[derive(Clone)]
struct Document {
    body: Bytes,
    etag: HeaderValue,
}

impl MetadataCache {
    fn issuer(&self, site: &Site, configurations: &Snapshot, algorithm: Algorithm) -> Document {
        let fits =
            |printed: &&Printed| Arc::ptr_eq(&printed.configurations, configurations) && printed.algorithm == algorithm;
        let printed = self.issuer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(printed) = printed.as_ref().filter(fits) {
            return printed.document.clone();
        }
        drop(printed);
        let document = Document::print(&issuer_metadata(site, configurations, algorithm));
        let printed = Printed { configurations: Arc::clone(configurations), algorithm, document: document.clone() };
        *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = Some(printed);
        document
    }

    fn authorization_server(&self, site: &Site) -> Document {
        self.server.get_or_init(|| Document::print(&server_metadata(site))).clone()
    }
}

impl Document {
    fn print(value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        let tag = format!("\"{}\"", B64.encode(sha256(&body)));
        // Base64 fits in a header; a document without a tag of its own would only be loaded once more.
        let etag = HeaderValue::from_str(&tag).unwrap_or(const { HeaderValue::from_static("\"\"") });
        Self { body, etag }
    }

    fn respond(self, headers: &HeaderMap) -> Response {
        let known = [
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static(FRESHNESS)),
            (header::VARY, HeaderValue::from_static(VARY)),
        ];
        if is_known(headers, &self.etag) {
            // RFC 9110 8.6: a length in a 304 is that of the document.
            return (StatusCode::NOT_MODIFIED, known, [(header::CONTENT_LENGTH, self.body.len())]).into_response();
        }
        (known, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

/// Whether `If-None-Match` names the document (RFC 9110 13.1.2: weak comparison).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let fields = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = fields.flat_map(|field| field.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes())
}

/// `OpenID4VCI` 12.2.4.
fn issuer_metadata(site: &Site, configurations: &[Arc<Configuration>], algorithm: Algorithm) -> Value {
    let supported = configurations.iter().map(|one| (one.id.to_string(), supported(one, algorithm)));
    let mut metadata = Map::from_iter([
        ("credential_issuer".into(), site.issuer.clone().into()),
        ("credential_endpoint".into(), site.url("/v1/openid/credential").into()),
        ("nonce_endpoint".into(), site.url("/v1/openid/nonce").into()),
        ("mdoc_iacas_uri".into(), site.url("/v1/openid/iacas").into()),
        ("credential_configurations_supported".into(), supported.collect::<Map<_, _>>().into()),
    ]);
    if let Some(name) = &site.name {
        metadata.insert("display".into(), json!([{ "name": name }]));
    }
    if site.batch_size >= 2 {
        metadata.insert("batch_credential_issuance".into(), json!({ "batch_size": site.batch_size }));
    }
    metadata.into()
}

/// One entry of `credential_configurations_supported` (12.2.4, appendix A.2.2).
fn supported(configuration: &Configuration, algorithm: Algorithm) -> Value {
    let proofs = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa].map(Algorithm::jose);
    json!({
        "format": "mso_mdoc",
        "doctype": configuration.doc_type,
        "scope": configuration.scope(),
        "credential_signing_alg_values_supported": [algorithm.cose()],
        "cryptographic_binding_methods_supported": ["cose_key", "jwk", "did:jwk", "did:key"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": proofs } },
        "credential_metadata": {
            "display": [display(configuration)],
            "claims": claims(configuration),
        },
    })
}

/// How a wallet shows the credential. The language of an operator's words is not known, so no `locale` is claimed.
fn display(configuration: &Configuration) -> Value {
    let none = Branding::default();
    let branding = configuration.branding.as_ref().unwrap_or(&none);
    let name = branding.name.as_deref().unwrap_or(&configuration.doc_type);
    let mut display = Map::from_iter([("name".into(), name.into())]);
    if let Some(description) = &branding.description {
        display.insert("description".into(), description.clone().into());
    }
    if let Some(color) = &branding.background_color {
        display.insert("background_color".into(), color.clone().into());
        display.insert("text_color".into(), text_color(color).into());
    }
    if let Some(logo) = branding.issuer_logo.as_ref().or(branding.issuer_icon.as_ref()) {
        display.insert("logo".into(), json!({ "uri": logo, "alt_text": name }));
    }
    if let Some(image) = &branding.watermark_image {
        display.insert("background_image".into(), json!({ "uri": image }));
    }
    display.into()
}

/// Black or white, whichever is read better on `#RRGGBB`, by the perceived brightness of the background.
fn text_color(background: &str) -> &'static str {
    let part = |at: usize| background.get(at..at + 2).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(255);
    let brightness = (299 * part(1) + 587 * part(3) + 114 * part(5)) / 1000;
    if brightness < 128 { "#ffffff" } else { "#000000" }
}

/// Claims path pointers of an mdoc: namespace, element (appendix C.2). The order is that of the names, so it never changes.
fn claims(configuration: &Configuration) -> Vec<Value> {
    let namespaces = configuration.claim_mappings.iter();
    let elements =
        namespaces.flat_map(|(namespace, elements)| elements.iter().map(move |element| (namespace, element)));
    elements
        .map(|(namespace, (element, mapping))| {
            // Mandatory means: always there. An element with a default is, too.
            let always = mapping.required || mapping.default_value.is_some();
            json!({ "path": [namespace, element], "mandatory": always })
        })
        .collect()
}

/// RFC 8414 section 2, `OpenID4VCI` 12.3: only what works. With the pre-authorized code as the sole grant there is neither an
/// authorization endpoint nor a response type.
fn server_metadata(site: &Site) -> Value {
    json!({
        "issuer": site.issuer,
        "token_endpoint": site.url("/v1/oauth/token"),
        "grant_types_supported": [PRE_AUTHORIZED_GRANT],
        "pre-authorized_grant_anonymous_access_supported": true,
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_details_types_supported": ["openid_credential"],
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
        let plain = Configuration { branding: None, doc_type: "org.example.pass".into(), ..pid.clone() };
        Arc::new(vec![Arc::new(pid), Arc::new(Configuration { id: uuid::Uuid::from_u128(9), ..plain })])
    }

    fn metadata(batch_size: usize) -> Value {
        let document = MetadataCache::default().issuer(&site(batch_size), &configurations(), Algorithm::Es256);
        serde_json::from_slice(&document.body).unwrap()
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
        let nameless = Site { name: None, ..site(1) };
        let metadata = issuer_metadata(&nameless, &configurations(), Algorithm::Es256);
        let members: Vec<_> = metadata.as_object().unwrap().keys().collect();
        let expected = [
            "credential_configurations_supported",
            "credential_endpoint",
            "credential_issuer",
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
            assert!(
                !value.is_null() && *value != json!([]) && *value != json!({}) && *value != json!(""),
                "{metadata}"
            );
        });
        let plain = &metadata["credential_configurations_supported"]["00000000-0000-0000-0000-000000000009"];
        assert_eq!(plain["credential_metadata"]["display"], json!([{ "name": "org.example.pass" }]));
    }

    // ASM-2-01, ASM-2-02, ASM-2-03, ASM-2-04, ASM-2-05, ASM-2-06, ASM-2-07, ASM-2-08, ASM-2-09, ASM-2-11, ASM-2-12,
    // ASM-2-13, ASM-2-14, ASM-2-16, ASM-2-18, ASM-3.3-01, VCI-12.2.4-03
    #[test]
    fn the_authorization_server_lists_only_what_works() {
        let document = MetadataCache::default().authorization_server(&site(20));
        let expected = json!({
            "issuer": "https://issuer.example/acme",
            "token_endpoint": "https://issuer.example/acme/v1/oauth/token",
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
            "pre-authorized_grant_anonymous_access_supported": true,
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_details_types_supported": ["openid_credential"],
        });
        assert_eq!(serde_json::from_slice::<Value>(&document.body).unwrap(), expected);
    }

    #[test]
    fn it_is_printed_once_and_again_after_a_change() {
        let (cache, first) = (MetadataCache::default(), configurations());
        let printed = cache.issuer(&site(20), &first, Algorithm::Es256);
        let again = cache.issuer(&site(20), &first, Algorithm::Es256);
        assert_eq!(printed.body.as_ptr(), again.body.as_ptr());
        let fewer: Snapshot = Arc::new(first[..1].to_vec());
        let changed = cache.issuer(&site(20), &fewer, Algorithm::Es256);
        assert_ne!(printed.etag, changed.etag);
        assert_ne!(changed.etag, cache.issuer(&site(20), &fewer, Algorithm::Es384).etag);
        // VCI-B.3-03: the same content has the same order and the same tag, also from another snapshot.
        assert_eq!(cache.issuer(&site(20), &configurations(), Algorithm::Es256).etag, printed.etag);
    }

    // HTP-9111-02, VCI-12.2.2-09
    #[test]
    fn a_document_that_is_known_is_not_sent_again() {
        let document = Document { body: Bytes::from_static(b"{}"), etag: HeaderValue::from_static("\"abc\"") };
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

    // VCI-12.2.2-04, VCI-12.2.2-05, VCI-12.2.2-07, VCI-12.2.2-08, VCI-12.2.2-10, HTP-9110-09
    #[test]
    fn every_accept_and_accept_language_gets_the_whole_document() {
        let document = Document { body: Bytes::from_static(b"{}"), etag: HeaderValue::from_static("\"abc\"") };
        for (name, value) in [
            (header::ACCEPT, "application/jwt"),
            (header::ACCEPT, "text/html"),
            (header::ACCEPT, ";;;"),
            (header::ACCEPT_LANGUAGE, "de"),
            (header::ACCEPT_LANGUAGE, ";;;"),
        ] {
            let response = get(&document, name, value);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            assert!(!response.headers().contains_key(header::CONTENT_LANGUAGE));
        }
    }

    #[test]
    fn text_is_readable_on_its_background() {
        let colors = ["#000000", "#1B4D3E", "#ffffff", "#FFDD00", "#ff0000"].map(text_color);
        assert_eq!(colors, ["#ffffff", "#ffffff", "#000000", "#000000", "#ffffff"]);
    }

    impl Site {
        fn of(issuer: &str, path: &str) -> Self {
            let minute = Duration::from_mins(1);
            Self {
                issuer: issuer.into(),
                name: Some("Example Authority".into()),
                country: None,
                issuer_path: path.into(),
                offer_lifetime: minute,
                offer_lifetime_max: minute,
                tx_code_attempts: 3,
                requests_per_offer: 1,
                keep_ended: minute,
                token_lifetime: minute,
                batch_size: 1,
            }
        }
    }
}
