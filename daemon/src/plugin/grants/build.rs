//! Makes the grants of a plugin from its settings: everything that could be wrong with them is told when the plugin is loaded.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use http::HeaderValue;

use super::{Granted, HttpRight, SecretRight, words};
use crate::plugin::outbound::{Lookup, Real, SystemLookup, place};
use crate::plugin::room::Outside;
use crate::plugin::secrets::{Masks, Secrets};
use crate::plugin::settings::{HttpGrant, PluginSettings, SecretGrant, SecretUse};
use crate::plugin::{HostParts, PluginObserver};

impl Granted {
    /// The grants of `settings` in the real world. The errors are sentences.
    pub(crate) fn new(settings: &PluginSettings, secrets: &Secrets, parts: &HostParts) -> Result<Self, Vec<String>> {
        Self::with_lookup(settings, secrets, parts, &(Arc::<SystemLookup>::default() as Arc<dyn Lookup>))
    }

    /// The same with another way to find addresses of names.
    pub(in crate::plugin) fn with_lookup(
        settings: &PluginSettings,
        secrets: &Secrets,
        parts: &HostParts,
        lookup: &Arc<dyn Lookup>,
    ) -> Result<Self, Vec<String>> {
        let outside = Real::new(&settings.http, parts, lookup).map_err(|problem| vec![problem])?;
        Self::in_world(settings, secrets, parts.observer.clone(), Arc::new(outside))
    }

    /// The same in a world of the caller's own: for the replay of recorded calls, with `Secrets::made_up`.
    pub(crate) fn in_world(
        settings: &PluginSettings,
        secrets: &Secrets,
        observer: Arc<dyn PluginObserver>,
        outside: Arc<dyn Outside>,
    ) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut rights = BTreeMap::new();
        for grant in &settings.secrets {
            let right = good(secret(grant, secrets), &mut problems);
            if right.is_some_and(|right| rights.insert(grant.name.clone(), right).is_some()) {
                problems.push(format!("the secret {} is granted twice", grant.name));
            }
        }
        let http = settings.http.iter().filter_map(|grant| good(right(grant), &mut problems)).collect();
        if problems.is_empty() { Ok(Self::made(settings, rights, http, outside, observer)) } else { Err(problems) }
    }

    fn made(
        settings: &PluginSettings,
        secrets: BTreeMap<String, SecretRight>,
        http: Vec<HttpRight>,
        outside: Arc<dyn Outside>,
        observer: Arc<dyn PluginObserver>,
    ) -> Self {
        let origins =
            |name: &str| secrets.get(name).map(|right| right.origins.iter().cloned().collect()).unwrap_or_default();
        let hidden = secrets.values().filter(|right| !right.uses.contains(&SecretUse::Reveal));
        Self {
            name: settings.name.clone(),
            config: settings.config.clone(),
            words: words::words(settings, &origins),
            masks: Masks::new(secrets.values().map(|right| &right.value)),
            hidden: Masks::new(hidden.map(|right| &right.value)),
            secrets,
            http,
            redirect_origins: settings.redirect_origins.iter().cloned().collect(),
            cache: settings.cache,
            limits: settings.limits,
            outside,
            observer,
            settled: OnceLock::new(),
        }
    }
}

fn good<T>(result: Result<T, String>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn secret(grant: &SecretGrant, secrets: &Secrets) -> Result<SecretRight, String> {
    let section = &grant.secret;
    let held = secrets.get(section).ok_or_else(|| format!("there is no section [secret.{section}]"))?;
    let value = held.value.expose();
    if grant.uses.contains(&SecretUse::Reveal) && std::str::from_utf8(value).is_err() {
        return Err(format!("[secret.{section}]: the value is not UTF-8, so it cannot be revealed to a plugin"));
    }
    if grant.uses.contains(&SecretUse::Header) && HeaderValue::from_bytes(value).is_err() {
        return Err(format!("[secret.{section}]: the value cannot stand in a header (has it a line break?)"));
    }
    Ok(SecretRight { uses: grant.uses.clone(), origins: held.origins.clone(), value: held.value.clone() })
}

fn right(grant: &HttpGrant) -> Result<HttpRight, String> {
    let origin = &grant.origin;
    let url = place::parse(origin).map_err(|problem| format!("the http origin {origin}: {problem}"))?;
    // Whatever reads the file must have written the origin as requests are compared with it.
    if place::origin(&url) != *origin {
        return Err(format!("the http origin {origin} must be written as {}", place::origin(&url)));
    }
    let path = grant.path.as_deref().map(|path| prefix(origin, path)).transpose()?;
    Ok(HttpRight {
        origin: origin.clone(),
        methods: grant.methods.iter().cloned().collect(),
        path,
        private: grant.private,
    })
}

fn prefix(origin: &str, path: &str) -> Result<String, String> {
    let url = place::parse(&format!("{origin}{path}")).map_err(|problem| format!("the path {path}: {problem}"))?;
    if place::origin(&url) != origin || url.path() != path || !place::is_below(&url, "") {
        return Err(format!("the path {path} of {origin} must begin with a slash and be written as requests have it"));
    }
    Ok(path.trim_end_matches('/').to_owned())
}
