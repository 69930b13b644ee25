//! Says in plain words what a plugin may do.

use std::collections::BTreeMap;

use crate::plugin::settings::{HttpGrant, PluginSettings, SecretGrant, SecretSettings, SecretUse};

/// What `settings` let a plugin do, sentence by sentence; needs no secret to be readable.
pub(crate) fn in_plain_words(settings: &PluginSettings, secrets: &BTreeMap<String, SecretSettings>) -> Vec<String> {
    let section = |name: &str| settings.secrets.iter().find(|grant| grant.name == name).map(|grant| &grant.secret);
    words(settings, &|name| {
        section(name).and_then(|section| secrets.get(section)).map(|secret| secret.origins.clone()).unwrap_or_default()
    })
}

/// The same with the origins of a secret by the plugin's name for it.
pub(super) fn words(settings: &PluginSettings, origins: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut words = Vec::new();
    if !settings.config.is_empty() {
        let mut keys: Vec<_> = settings.config.keys().map(String::as_str).collect();
        keys.sort_unstable();
        words.push(format!("reads its configuration: {}", keys.join(", ")));
    }
    words.extend(settings.http.iter().map(request));
    if settings.http.is_empty() {
        words.push("sends no request to anywhere".to_owned());
    }
    for grant in &settings.secrets {
        words.extend(grant.uses.iter().map(|used| secret(grant, *used, &origins(&grant.name))));
    }
    if settings.secrets.is_empty() {
        words.push("uses no secret".to_owned());
    }
    if let Some(cache) = settings.cache {
        words.push(format!("keeps up to {} bytes in {} entries in memory between calls", cache.bytes, cache.entries));
    }
    if !settings.redirect_origins.is_empty() {
        words.push(format!("may send browsers to {}", settings.redirect_origins.join(", ")));
    }
    words.push(limits(settings));
    words.push("reaches no file, no environment variable and nothing else of this machine".to_owned());
    words
}

fn request(grant: &HttpGrant) -> String {
    let methods = if grant.methods.is_empty() { "no".to_owned() } else { grant.methods.join(", ") };
    let path = match grant.path.as_deref().map(|path| path.trim_end_matches('/')) {
        None | Some("") => String::new(),
        Some(path) => format!(", path {path} and below"),
    };
    let addresses = if grant.private { "also at a private address" } else { "at public addresses only" };
    format!("sends {methods} requests to {}{path}, {addresses}", grant.origin)
}

fn secret(grant: &SecretGrant, used: SecretUse, origins: &[String]) -> String {
    let name = &grant.name;
    match used {
        SecretUse::Reveal => format!("SEES the value of the secret {name}"),
        SecretUse::Hmac => format!("has HMACs made with the secret {name} without seeing it"),
        SecretUse::Header if origins.is_empty() => {
            format!("has the secret {name} put into headers of any of its requests without seeing it")
        }
        SecretUse::Header => {
            format!("has the secret {name} put into headers of requests to {} without seeing it", origins.join(", "))
        }
    }
}

fn limits(settings: &PluginSettings) -> String {
    let limits = &settings.limits;
    format!(
        "is ended in a call after {} ms on the processor or {} ms in all, with at most {} MiB of memory and {} requests; at most {} \
         calls run at a time",
        limits.cpu.as_millis(),
        limits.wall.as_millis(),
        limits.memory >> 20,
        limits.http_requests,
        limits.concurrency
    )
}
