//! `[[plugin.NAME.http]]` and `[[plugin.NAME.secret]]`: what a plugin is granted.

use std::collections::BTreeSet;

use reqwest::Url;

use crate::config::table::Reader;
use crate::plugin::settings::{HttpGrant, SecretGrant, SecretUse};

/// Methods that can be granted: the rest have no meaning for a request with an answer.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(super) fn http(mut reader: Reader<'_>) -> HttpGrant {
    let given = reader.required("origin", "like `https://register.example`");
    let origin = if given.is_empty() { Ok(String::new()) } else { origin(&given) };
    let origin = origin.unwrap_or_else(|wrong| {
        reader.mistake("origin", &wrong);
        String::new()
    });
    let methods = reader.parsed_list("methods", method).unwrap_or_else(|| vec!["GET".into()]);
    if methods.is_empty() {
        reader.mistake("methods", "must name at least one method");
    }
    let grant = HttpGrant {
        origin,
        methods,
        path: reader.parsed("path", path),
        private: reader.flag("private"),
        ca_file: reader.text("ca_file").map(Into::into),
    };
    reader.finish();
    grant
}

pub(super) fn secret(mut reader: Reader<'_>) -> SecretGrant {
    let name = reader.required("name", "the name that the plugin uses");
    let secret = reader.text("secret").unwrap_or_else(|| name.clone());
    let uses = reader.parsed_list("use", |text| match text {
        "reveal" => Ok(SecretUse::Reveal),
        "header" => Ok(SecretUse::Header),
        "hmac" => Ok(SecretUse::Hmac),
        _ => Err("is none of `reveal`, `header` and `hmac`".into()),
    });
    let uses: BTreeSet<_> = uses.unwrap_or_default().into_iter().collect();
    if uses.is_empty() {
        reader.mistake("use", "must have at least one of `reveal`, `header` and `hmac`");
    }
    reader.finish();
    SecretGrant { name, secret, uses }
}

/// Scheme, host and port in the one spelling that requests are compared with.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let wrong = || "must be scheme, host and port alone, like `https://register.example:8443`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let after = text.split_once("://").map_or("/", |(_, rest)| rest);
    let bare = !after.contains(['/', '?', '#', '@', '\\', '*', '%']) && !text.contains(char::is_whitespace);
    if !bare || !matches!(url.scheme(), "https" | "http") {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

fn method(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str()) { Ok(upper) } else { Err(format!("is none of {}", METHODS.join(", "))) }
}

fn path(text: &str) -> Result<String, String> {
    let plain = |segment: &str| !matches!(segment, "." | "..");
    let good = text.starts_with('/') && !text.contains(['?', '#', '\\', '%']) && text.split('/').all(plain);
    if good { Ok(text.to_owned()) } else { Err("must start with `/` and have no query, no `%` and no `..`".into()) }
}
