//! Credential Issuer metadata (`OpenID4VCI` 12.2.4).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::configuration::Configuration;
use crate::domain::configuration::branding::Branding;
use crate::domain::site::Site;
use crate::signer::Algorithm;

/// The whole document.
pub(super) fn issuer_metadata(
    site: &Site,
    configurations: &[Arc<Configuration>],
    algorithm: Algorithm,
) -> Map<String, Value> {
    let supported = configurations.iter().map(|one| (one.id.to_string(), supported(one, algorithm)));
    let mut metadata = Map::from_iter([
        ("credential_issuer".into(), site.issuer.clone().into()),
        ("credential_endpoint".into(), site.url("/v1/openid/credential").into()),
        ("deferred_credential_endpoint".into(), site.url("/v1/openid/deferred_credential").into()),
        ("nonce_endpoint".into(), site.url("/v1/openid/nonce").into()),
        ("mdoc_iacas_uri".into(), site.url("/v1/openid/iacas").into()),
        ("credential_configurations_supported".into(), supported.collect::<Map<_, _>>().into()),
    ]);
    if let Some(name) = &site.name {
        metadata.insert("display".into(), json!([{ "name": name }]));
    }
    if site.notifications {
        metadata.insert("notification_endpoint".into(), site.url("/v1/openid/notification").into());
    }
    if site.batch_size >= 2 {
        metadata.insert("batch_credential_issuance".into(), json!({ "batch_size": site.batch_size }));
    }
    metadata
}

/// One entry of `credential_configurations_supported` (12.2.4, appendix A.2.2).
fn supported(configuration: &Configuration, algorithm: Algorithm) -> Value {
    json!({
        "format": "mso_mdoc",
        "doctype": configuration.doc_type,
        "scope": configuration.scope(),
        "credential_signing_alg_values_supported": [algorithm.cose()],
        "cryptographic_binding_methods_supported": ["cose_key", "jwk", "did:jwk", "did:key"],
        "proof_types_supported": proof_types(configuration),
        "credential_metadata": {
            "display": [display(configuration)],
            "claims": claims(configuration),
        },
    })
}

/// Where keys must be attested, the attestation comes with a proof or alone (appendix D, F.1, F.3).
fn proof_types(configuration: &Configuration) -> Value {
    let proofs = json!({ "proof_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::jose) });
    let Some(needed) = &configuration.key_attestation else { return json!({ "jwt": proofs }) };
    let levels = [("key_storage", &needed.key_storage), ("user_authentication", &needed.user_authentication)];
    let levels = levels.into_iter().filter(|(_, accepted)| !accepted.is_empty());
    let required: Map<_, _> = levels.map(|(name, accepted)| (name.to_owned(), json!(accepted))).collect();
    let mut attested = proofs;
    if let Some(members) = attested.as_object_mut() {
        members.insert("key_attestations_required".into(), required.into());
    }
    json!({ "jwt": attested, "attestation": attested })
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
pub(super) fn text_color(background: &str) -> &'static str {
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
