//! How wallets show a credential: names, colours and images that every wallet loads with the metadata.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::wire::fields::Fields;

/// An image as a data URI: it is part of the metadata that every wallet loads.
const MOST_IMAGE_BYTES: usize = 131_072;

/// How wallets show the credential.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Branding {
    /// Name of the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// Data URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark_image: Option<String>,
    /// Data URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_logo: Option<String>,
    /// Data URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_icon: Option<String>,
}

/// Reads the `branding` of a configuration.
pub(super) fn read(fields: &mut Fields<'_>) -> Branding {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let name = text(fields.text("name", 1, 255));
    let description = text(fields.text("description", 1, 1024));
    let background_color = color(fields, "backgroundColor");
    Branding {
        name,
        description,
        background_color,
        watermark_image: image(fields, "watermarkImage"),
        issuer_logo: image(fields, "issuerLogo"),
        issuer_icon: image(fields, "issuerIcon"),
    }
}

/// `#RRGGBB`
pub(super) fn color(fields: &mut Fields<'_>, member: &'static str) -> Option<String> {
    let color = fields.text(member, 7, 7)?;
    if !color.starts_with('#') || !color.bytes().skip(1).all(|b| b.is_ascii_hexdigit()) {
        fields.mistake(member, "must be #RRGGBB");
    }
    Some(color.to_owned())
}

/// A PNG or SVG image as a data URI.
pub(super) fn image(fields: &mut Fields<'_>, member: &'static str) -> Option<String> {
    let uri = fields.text(member, 1, MOST_IMAGE_BYTES)?;
    match image_problem(uri) {
        None => Some(uri.to_owned()),
        Some(problem) => {
            fields.mistake(member, problem);
            None
        }
    }
}

fn image_problem(uri: &str) -> Option<&'static str> {
    let Some((kind, data)) = uri.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,")) else {
        return Some("must be a data URI: data:image/png;base64,… or data:image/svg+xml;base64,…");
    };
    let Ok(bytes) = STANDARD.decode(data) else { return Some("must be base64") };
    match kind {
        "png" if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => None,
        "png" => Some("is not a PNG image"),
        "svg+xml" => svg_problem(&bytes),
        _ => Some("must be png or svg+xml"),
    }
}

fn svg_problem(bytes: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some("is not an SVG image") };
    let lower = text.to_ascii_lowercase();
    if !lower.contains("<svg") {
        Some("is not an SVG image")
    } else if has_scripts(&lower) || refers_outside(&lower) {
        Some("must not have scripts or outside references")
    } else {
        None
    }
}

/// Script elements, foreign markup, entities that could spell either, and event handlers (`on…=`).
fn has_scripts(lower: &str) -> bool {
    const SIGNS: [&str; 6] = ["<script", ":script", "javascript:", "foreignobject", "<!entity", "<!doctype"];
    SIGNS.iter().any(|sign| lower.contains(sign)) || attributes(lower).any(|(name, _)| name.starts_with("on"))
}

/// References other than to a part of the image itself or to data within it.
fn refers_outside(lower: &str) -> bool {
    let within = |value: &str| value.starts_with('#') || value.starts_with("data:image/");
    let linked = |name: &str| name == "href" || name.ends_with(":href") || name == "src";
    attributes(lower).any(|(name, value)| linked(name) && !within(value))
        || lower.split("url(").skip(1).any(|rest| !within(rest.trim_start_matches([' ', '\'', '"'])))
        || lower.contains("@import")
}

/// Names and the start of the values of everything that looks like an attribute, quoted or not, spaces around `=` or not.
fn attributes(lower: &str) -> impl Iterator<Item = (&str, &str)> {
    lower.match_indices('=').filter_map(|(at, _)| {
        let before = lower.get(..at)?.trim_end();
        let start = before.rfind(|c: char| c.is_whitespace() || "\"'/<>".contains(c)).map_or(0, |at| at + 1);
        let after = lower.get(at + 1..)?.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        Some((before.get(start..)?, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inner: &str) -> Option<&'static str> {
        let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {inner}</svg>");
        image_problem(&format!("data:image/svg+xml;base64,{}", STANDARD.encode(text)))
    }

    // VCI-12.2.4-13
    #[test]
    fn images_that_act_or_load_are_refused() {
        for active in [
            "onload=\"x()\">",
            "><rect onmouseover = 'x()'/>",
            "><g\nONCLICK=x()/>",
            "><script>x()</script>",
            "><svg:script/>",
            "><a xlink:href=\"https://tracker.example\"/>",
            "><image href='//tracker.example/i.png'/>",
            "><rect fill=\"url( https://tracker.example)\"/>",
            "><style>@import 'x'</style>",
            "><!ENTITY x 'y'>",
            "><foreignObject/>",
        ] {
            assert!(svg(active).is_some(), "{active}");
        }
    }

    #[test]
    fn drawings_are_accepted() {
        assert_eq!(
            svg("viewBox='0 0 1 1'><rect fill=\"url(#a)\"/><use href=\"#a\"/><text font-size='2'>on</text>"),
            None
        );
    }

    #[test]
    fn an_image_is_what_it_says() {
        let png = |bytes: &[u8]| image_problem(&format!("data:image/png;base64,{}", STANDARD.encode(bytes)));
        assert_eq!(png(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(png(b"GIF89a"), Some("is not a PNG image"));
        assert!(image_problem("https://issuer.example/logo.png").is_some());
        assert!(image_problem("data:image/gif;base64,R0lG").is_some());
    }
}
