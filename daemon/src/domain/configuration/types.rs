//! Type metadata of the SD-JWT VC types whose `vct` is a URL of this issuer (SD-JWT VC 4): made from the configuration.
//!
//! Credentials may carry the digest of the metadata (`vctIntegrity`). From the first such configuration on, the metadata of the type
//! is kept as it is, for good: whatever would change it is refused, since no credential that carries the digest would be accepted any
//! more. The way to change it is another `vct`.

use serde_json::{Map, Value, json};

use super::display::Display;
use super::{Configuration, SdJwtVcBody};
use crate::format::sd_jwt_vc::type_metadata::{claims, integrity};
use crate::wire::fields::Detail;

/// Where the types of this issuer live below it; the name of the type follows.
pub const TYPES: &str = "/v1/credentials/sd-jwt/types/";

/// Metadata as it is served.
pub(super) struct TypeMetadata {
    pub(super) document: Vec<u8>,
    /// `vct#integrity`
    pub(super) integrity: String,
}

/// Whether `vct` is a URL at which this issuer serves type metadata.
pub(super) fn is_own(issuer: &str, vct: &str) -> bool {
    let name = vct.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(TYPES));
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    })
}

/// What is wrong with the `vct` where this issuer is concerned.
pub(super) fn mistake(issuer: &str, body: &SdJwtVcBody) -> Option<Detail> {
    let (own, below) = (is_own(issuer, &body.vct), format!("{issuer}{TYPES}"));
    if body.vct_integrity && !own {
        return Some(Detail::body("vctIntegrity", format!("needs a vct whose metadata is served here: {below}<name>")));
    }
    let unreachable = !own && body.vct.starts_with(&below);
    let msg = "must have one name of letters, digits, -, ., _ and ~ at its end";
    unreachable.then(|| Detail::body("vct", msg))
}

/// The metadata of the type of a configuration (4.2).
pub(super) fn metadata(configuration: &Configuration, body: &SdJwtVcBody) -> TypeMetadata {
    let mut document = Map::from_iter([
        ("vct".to_owned(), body.vct.as_str().into()),
        ("name".to_owned(), configuration.name().into()),
        ("claims".to_owned(), claims(&body.claim_mappings).into()),
    ]);
    let branded = configuration.branding.as_ref().and_then(|branding| branding.description.as_deref());
    let shown = configuration.display.first().and_then(|display| display.description.as_deref());
    if let Some(description) = shown.or(branded) {
        document.insert("description".to_owned(), description.into());
    }
    let looks: Vec<_> = configuration.display.iter().filter_map(look).collect();
    if !looks.is_empty() {
        document.insert("display".to_owned(), looks.into());
    }
    let document = Value::from(document).to_string().into_bytes();
    let integrity = integrity(&document);
    TypeMetadata { document, integrity }
}

/// One language (4.5); a look for all languages has no place here, since `locale` is required.
fn look(display: &Display) -> Option<Value> {
    let mut look = Map::from_iter([
        ("locale".to_owned(), display.locale.as_deref()?.into()),
        ("name".to_owned(), display.name.as_str().into()),
    ]);
    if let Some(description) = &display.description {
        look.insert("description".to_owned(), description.as_str().into());
    }
    let mut simple = Map::new();
    let colors = [("background_color", &display.background_color), ("text_color", &display.text_color)];
    simple.extend(colors.into_iter().filter_map(|(name, color)| Some((name.to_owned(), color.as_deref()?.into()))));
    if let Some(logo) = &display.logo {
        let alt_text = logo.alt_text.as_deref().unwrap_or(&display.name);
        simple.insert("logo".to_owned(), json!({ "uri": logo.uri, "alt_text": alt_text }));
    }
    if let Some(image) = &display.background_image {
        simple.insert("background_image".to_owned(), json!({ "uri": image }));
    }
    if !simple.is_empty() {
        look.insert("rendering".to_owned(), json!({ "simple": simple }));
    }
    Some(look.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_this_issuer_have_one_name_below_it() {
        let issuer = "https://issuer.example/acme";
        let below = |name: &str| format!("{issuer}{TYPES}{name}");
        assert!(is_own(issuer, &below("pass-1.0_a~b")));
        for vct in [below(""), below("a/b"), below("a%20b"), below("a?b"), below("a#b"), format!("{issuer}/types/a")] {
            assert!(!is_own(issuer, &vct), "{vct}");
        }
        assert!(!is_own(issuer, &format!("https://issuer.example{TYPES}a")));
        assert!(!is_own("https://other.example", &below("a")));
    }
}
