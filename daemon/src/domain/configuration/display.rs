//! How wallets show a credential and its claims, by language (`OpenID4VCI` 12.2.4 `credential_metadata.display`, B.2).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::branding::{color, image};
use crate::format::claim::ClaimDisplay;
use crate::wire::fields::{Detail, Fields};

/// Most languages.
const MOST: usize = 50;

/// The look in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Display {
    /// Name of the credential.
    pub name: String,
    /// The language, a BCP 47 tag; without one the look is for all that have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `#RRGGBB`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// `#RRGGBB`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_color: Option<String>,
    /// The logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// Data URI of the picture behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_image: Option<String>,
}

/// A logo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Logo {
    /// Data URI.
    pub uri: String,
    /// What it shows, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// Reads the `display` of a configuration.
pub(super) fn read(fields: &mut Fields<'_>) -> Vec<Display> {
    let looks = each(fields, |look| {
        let name = look.text("name", 1, 255);
        Display {
            name: look.required("name", name).unwrap_or_default().to_owned(),
            locale: locale(look),
            description: look.text("description", 1, 1024).map(str::to_owned),
            background_color: color(look, "backgroundColor"),
            text_color: color(look, "textColor"),
            logo: look.nested("logo", logo),
            background_image: image(look, "backgroundImage"),
        }
    });
    distinct(fields, looks.iter().map(|look| look.locale.as_deref()));
    looks
}

fn logo(fields: &mut Fields<'_>) -> Logo {
    let uri = image(fields, "uri");
    let uri = fields.required("uri", uri).unwrap_or_default();
    Logo { uri, alt_text: fields.text("altText", 1, 255).map(str::to_owned) }
}

/// Reads the `display` of a claim.
pub(super) fn read_names(fields: &mut Fields<'_>) -> Vec<ClaimDisplay> {
    let names = each(fields, |one| {
        let name = one.text("name", 1, 255);
        ClaimDisplay { name: one.required("name", name).unwrap_or_default().to_owned(), locale: locale(one) }
    });
    distinct(fields, names.iter().map(|name| name.locale.as_deref()));
    names
}

/// The objects of the array `display`.
fn each<T>(fields: &mut Fields<'_>, read: impl Fn(&mut Fields<'_>) -> T) -> Vec<T> {
    let Some(array) = fields.array("display") else { return Vec::new() };
    if array.is_empty() || array.len() > MOST {
        fields.mistake("display", format!("must have 1 to {MOST} entries"));
        return Vec::new();
    }
    let (mut found, mut mistakes) = (Vec::with_capacity(array.len()), Vec::new());
    for (place, entry) in array.iter().enumerate() {
        let path = format!("{}.{place}", fields.name("display"));
        let Value::Object(object) = entry else {
            mistakes.push(Detail::body(path, "must be an object"));
            continue;
        };
        let mut entry = Fields::new(object, &path, &mut mistakes);
        found.push(read(&mut entry));
        entry.finish();
    }
    for mistake in mistakes {
        fields.detail(mistake);
    }
    found
}

fn locale(fields: &mut Fields<'_>) -> Option<String> {
    let locale = fields.text("locale", 2, 35)?;
    if !is_language_tag(locale) {
        fields.mistake("locale", "must be a BCP 47 language tag, such as de or pt-BR");
    }
    Some(locale.to_owned())
}

/// The shape of RFC 5646 2.1: a language of letters, then parts of up to eight letters and digits.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// At most one entry a language (`OpenID4VCI` 12.2.4, B.2).
fn distinct<'a>(fields: &mut Fields<'_>, locales: impl Iterator<Item = Option<&'a str>>) {
    let mut locales: Vec<_> = locales.map(|locale| locale.map(str::to_ascii_lowercase)).collect();
    let count = locales.len();
    locales.sort_unstable();
    locales.dedup();
    if locales.len() < count {
        fields.mistake("display", "must have at most one entry for each locale");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mistakes(display: &Value) -> Vec<String> {
        let (body, mut mistakes) = (json!({ "display": display }), Vec::new());
        let mut fields = Fields::new(body.as_object().unwrap(), "", &mut mistakes);
        read(&mut fields);
        fields.finish();
        mistakes.into_iter().map(|mistake| mistake.param).collect()
    }

    // VCI-12.2.4-12, VCI-12.2.4-32
    #[test]
    fn a_look_is_read_by_language() {
        let logo = json!({ "uri": "data:image/png;base64,iVBORw0KGgo=", "altText": "A hat" });
        let good = json!([
            { "name": "Pass", "backgroundColor": "#102030", "textColor": "#ffffff", "logo": logo },
            { "name": "Ausweis", "locale": "de-AT" },
        ]);
        assert_eq!(mistakes(&good), Vec::<String>::new());
        for (display, wrong) in [
            (json!([]), "display"),
            (json!({}), "display"),
            (json!(["Pass"]), "display.0"),
            (json!([{}]), "display.0.name"),
            (json!([{ "name": "Pass", "locale": "d" }]), "display.0.locale"),
            (json!([{ "name": "Pass", "locale": "de_AT" }]), "display.0.locale"),
            (json!([{ "name": "Pass", "textColor": "white!!" }]), "display.0.textColor"),
            (json!([{ "name": "Pass", "logo": {} }]), "display.0.logo.uri"),
            (json!([{ "name": "Pass", "backgroundImage": "https://x.example/i.png" }]), "display.0.backgroundImage"),
            (json!([{ "name": "Pass", "colour": "#000000" }]), "display.0.colour"),
            (json!([{ "name": "Pass", "locale": "de" }, { "name": "Ausweis", "locale": "DE" }]), "display"),
            (json!([{ "name": "Pass" }, { "name": "Ausweis" }]), "display"),
        ] {
            assert_eq!(mistakes(&display), [wrong], "{display}");
        }
    }
}
