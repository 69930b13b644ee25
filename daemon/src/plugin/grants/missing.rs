//! Compares what a plugin says it needs with what it is granted.

use serde_json::Value;
use toml::Value as Toml;

use super::Granted;
use crate::plugin::contract::{Need, PluginInfo};
use crate::plugin::outbound::place;

/// A text of a plugin is printed no longer than this, in characters.
const LONGEST_TEXT: usize = 200;

/// Required needs without a grant, a sentence with the lines to add each.
pub(super) fn missing(granted: &Granted, info: &PluginInfo) -> Vec<String> {
    info.needs.iter().filter(|need| need.required).filter_map(|need| lacks(granted, need)).collect()
}

fn lacks(granted: &Granted, need: &Need) -> Option<String> {
    match need.kind.as_str() {
        "secret" => lacks_secret(granted, need),
        "origin" => lacks_origin(granted, need),
        "redirect-origin" => lacks_redirect_origin(granted, need),
        "cache" => lacks_cache(granted, need),
        kind => Some(format!(
            "plugin {} needs something of the kind {}, which this issuerd does not offer ({})",
            granted.name,
            plain(kind),
            plain(&need.why)
        )),
    }
}

fn lacks_secret(granted: &Granted, need: &Need) -> Option<String> {
    if granted.secrets.contains_key(&need.name) {
        return None;
    }
    let (plugin, name) = (key(&granted.name), quoted(&need.name));
    let lines = format!(
        "[[plugin.{plugin}.secret]]\nname = {name}\nuse = [\"header\"]\n\n[secret.{}]\nfrom = {}",
        key(&need.name),
        quoted(&format!("file:/run/secrets/{}", need.name)),
    );
    Some(sentence(granted, need, &format!("the secret {}", plain(&need.name)), &lines))
}

fn lacks_origin(granted: &Granted, need: &Need) -> Option<String> {
    let origin = match origin(granted, need) {
        Ok(origin) => origin,
        Err(problem) => return Some(problem),
    };
    if granted.http.iter().any(|right| right.origin == origin) {
        return None;
    }
    let lines = format!("[[plugin.{}.http]]\norigin = {}\nmethods = [\"GET\"]", key(&granted.name), quoted(&origin));
    Some(sentence(granted, need, &format!("requests to {origin}"), &lines))
}

fn lacks_redirect_origin(granted: &Granted, need: &Need) -> Option<String> {
    let origin = match origin(granted, need) {
        Ok(origin) => origin,
        Err(problem) => return Some(problem),
    };
    if granted.may_redirect(&origin) {
        return None;
    }
    let lines = format!("[plugin.{}]\nredirect_origins = [{}]", key(&granted.name), quoted(&origin));
    Some(sentence(granted, need, &format!("to send browsers to {origin}"), &lines))
}

fn lacks_cache(granted: &Granted, need: &Need) -> Option<String> {
    if granted.cache.is_some() {
        return None;
    }
    let lines = format!("[plugin.{}]\ncache = {{ bytes = 1048576, entries = 1024 }}", key(&granted.name));
    Some(sentence(granted, need, "a cache", &lines))
}

/// The origin that is needed: named itself, or held by a key of the configuration.
fn origin(granted: &Granted, need: &Need) -> Result<String, String> {
    let plugin = &granted.name;
    let Some(name) = need.name.strip_prefix("config:") else {
        let url = place::parse(&need.name);
        return url.map(|url| place::origin(&url)).map_err(|problem| {
            format!("plugin {plugin} needs the origin {}, which is not one: {problem}", plain(&need.name))
        });
    };
    let Some(value) = granted.config.get(name).and_then(Value::as_str) else {
        let lines = format!("[plugin.{}.config]\n{} = \"https://…\"", key(plugin), key(name));
        return Err(sentence(granted, need, &format!("a URL as {} in its config", plain(name)), &lines));
    };
    let url = place::parse(value);
    url.map(|url| place::origin(&url)).map_err(|problem| {
        format!("plugin {plugin}: {} in its config is no URL to send requests to: {problem}", plain(name))
    })
}

fn sentence(granted: &Granted, need: &Need, what: &str, lines: &str) -> String {
    format!(
        "plugin {} needs {what} ({}); to grant it, add to issuer.toml:\n\n{lines}\n",
        granted.name,
        plain(&need.why)
    )
}

/// A text of a plugin for a terminal: one line, of bounded length, nothing that controls the terminal.
fn plain(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn quoted(text: &str) -> String {
    Toml::String(text.to_owned()).to_string()
}

/// A name as a TOML key.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if bare { name.to_owned() } else { quoted(name) }
}
