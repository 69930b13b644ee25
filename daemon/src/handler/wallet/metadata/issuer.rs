//! Credential Issuer metadata (`OpenID4VCI` 12.2.4).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::configuration::branding::Branding;
use crate::domain::configuration::display::Display;
use crate::domain::configuration::{Body, Configuration};
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

/// One entry of `credential_configurations_supported` (12.2.4, appendices A.2.2 and A.3.2).
fn supported(configuration: &Configuration, algorithm: Algorithm) -> Value {
    // COSE has numbers for algorithms, JOSE names.
    let (member, algorithm) = match &configuration.body {
        Body::Mdoc(_) => ("doctype", json!(algorithm.cose())),
        Body::SdJwtVc(_) => ("vct", json!(algorithm.jose())),
    };
    let mut entry = Map::from_iter([
        ("format".into(), configuration.format().identifier().into()),
        (member.into(), configuration.credential_type().into()),
        ("scope".into(), configuration.scope().into()),
        ("credential_signing_alg_values_supported".into(), json!([algorithm])),
        ("credential_metadata".into(), json!({ "display": displays(configuration), "claims": claims(configuration) })),
    ]);
    if configuration.is_bound() {
        let methods: &[&str] = match &configuration.body {
            Body::Mdoc(_) => &["cose_key", "jwk", "did:jwk", "did:key"],
            Body::SdJwtVc(_) => &["jwk", "did:jwk", "did:key"],
        };
        entry.insert("cryptographic_binding_methods_supported".into(), json!(methods));
        entry.insert("proof_types_supported".into(), proof_types(configuration));
    }
    entry.into()
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

/// How a wallet shows the credential, by language where the configuration says so.
fn displays(configuration: &Configuration) -> Vec<Value> {
    if configuration.display.is_empty() {
        return vec![branded(configuration)];
    }
    configuration.display.iter().map(display).collect()
}

fn display(look: &Display) -> Value {
    let mut display = Map::from_iter([("name".into(), look.name.clone().into())]);
    let text_color = look.text_color.as_deref().or_else(|| look.background_color.as_deref().map(text_color));
    let texts = [
        ("locale", look.locale.as_deref()),
        ("description", look.description.as_deref()),
        ("background_color", look.background_color.as_deref()),
        ("text_color", text_color),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    display.extend(texts);
    if let Some(logo) = &look.logo {
        let alt_text = logo.alt_text.as_deref().unwrap_or(&look.name);
        display.insert("logo".into(), json!({ "uri": logo.uri, "alt_text": alt_text }));
    }
    if let Some(image) = &look.background_image {
        display.insert("background_image".into(), json!({ "uri": image }));
    }
    display.into()
}

/// The look in the one language of an operator's words, which is not known, so no `locale` is claimed.
fn branded(configuration: &Configuration) -> Value {
    let none = Branding::default();
    let branding = configuration.branding.as_ref().unwrap_or(&none);
    let name = branding.name.as_deref().unwrap_or_else(|| configuration.credential_type());
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

/// What is known of each claim (B.2). The order is that of the names, so it never changes.
fn claims(configuration: &Configuration) -> Vec<Value> {
    let described = configuration.body.descriptions().into_iter().map(|claim| {
        let mut members =
            Map::from_iter([("path".into(), claim.path.into()), ("mandatory".into(), claim.mandatory.into())]);
        if !claim.display.is_empty() {
            members.insert("display".into(), json!(claim.display));
        }
        members.into()
    });
    described.collect()
}
