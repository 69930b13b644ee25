//! `[plugins]`, `[plugin.NAME]`, `[secret.NAME]` and `[[auth_hook]]`: which plugins there are, what they may do and when they are asked.
//!
//! The settings are those of `plugin::settings`, which is their one reader: a second set of the same types here would only have to be
//! kept equal.

mod entry;
mod grant;
mod hook;
mod limits;
mod secret;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::check::range;
use super::clients::{self, ClientEntry};
use super::load::nearest;
use super::store::StoreSection;
use super::table::Reader;
use crate::plugin::settings::{PluginSettings, SecretSettings, Settings};
pub(super) use entry::json_object as json;
pub use hook::AuthHook;

/// Sections whose tables an operator names; the environment overrides none of them.
pub(super) const NAMED: [&str; 4] = ["plugin", "secret", "auth_hook", "client"];

/// `[plugins]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginsSection {
    /// Folder of plugin files; relative to the working directory.
    pub dir: String,
    /// Most calls of all plugins at a time.
    pub max_concurrent: u32,
    /// Whether a plugin is loaded anew when its file changes.
    pub watch: bool,
}

impl Default for PluginsSection {
    fn default() -> Self {
        Self { dir: "plugins".into(), max_concurrent: 64, watch: true }
    }
}

impl PluginsSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        if self.dir.is_empty() {
            mistakes.push("`plugins.dir` must name a folder".into());
        }
        range("plugins.max_concurrent", self.max_concurrent.into(), 1..=1024, mistakes);
    }
}

/// The sections that an operator names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Named {
    /// `[plugin.NAME]`; files as they are written.
    pub plugins: BTreeMap<String, PluginSettings>,
    /// `[secret.NAME]`
    pub secrets: BTreeMap<String, SecretSettings>,
    /// `[[auth_hook]]`, in order.
    pub auth_hooks: Vec<AuthHook>,
    /// `[[client]]`, in order.
    pub clients: Vec<ClientEntry>,
}

impl Named {
    /// Takes the sections out of `given` and reads them.
    pub(super) fn take(given: &mut Table, mistakes: &mut Vec<String>) -> Self {
        let named = Self {
            plugins: tables("plugin", given, mistakes, entry::read),
            secrets: tables("secret", given, mistakes, secret::read),
            auth_hooks: hook::take(given, mistakes),
            clients: clients::take(given, mistakes),
        };
        named.check(mistakes);
        named
    }

    /// What one section says of another.
    fn check(&self, mistakes: &mut Vec<String>) {
        let mut bound = BTreeMap::new();
        for (name, plugin) in &self.plugins {
            for grant in plugin.secrets.iter().filter(|grant| !self.secrets.contains_key(&grant.secret)) {
                let hint = nearest(self.secrets.keys().map(String::as_str), &grant.secret);
                let place = format!("`plugin.{name}.secret` names `{}`", grant.secret);
                mistakes.push(format!("{place}, but there is no `[secret.{}]`{hint}", grant.secret));
            }
            for credential in &plugin.credentials {
                if let Some(other) = bound.insert(credential, name) {
                    let both = format!("`plugin.{other}.credentials` and `plugin.{name}.credentials`");
                    mistakes.push(format!("{both} both have `{credential}`: a type has one claim source"));
                }
            }
        }
        for (place, hook) in self.auth_hooks.iter().enumerate() {
            if !hook.plugin.is_empty() && !self.plugins.contains_key(&hook.plugin) {
                let hint = nearest(self.plugins.keys().map(String::as_str), &hook.plugin);
                let there = format!("`auth_hook[{place}].plugin` names `{}`", hook.plugin);
                mistakes.push(format!("{there}, but there is no `[plugin.{}]`{hint}", hook.plugin));
            }
        }
    }

    /// For the host of the plugins: with paths from the working directory.
    pub(super) fn settings(&self, section: &PluginsSection, store: &StoreSection) -> Settings {
        let mut plugins = self.plugins.clone();
        for plugin in plugins.values_mut() {
            plugin.file = Path::new(&section.dir).join(&plugin.file);
        }
        Settings {
            cache_dir: Path::new(&store.data_dir).join("plugin-cache"),
            max_concurrent: usize::try_from(section.max_concurrent).unwrap_or(usize::MAX),
            plugins,
            secrets: self.secrets.clone(),
        }
    }
}

/// Reads `[section.NAME]` for each name.
fn tables<T>(
    section: &'static str,
    given: &mut Table,
    mistakes: &mut Vec<String>,
    read: impl Fn(&str, Reader<'_>) -> T,
) -> BTreeMap<String, T> {
    let all = match given.remove(section) {
        None => return BTreeMap::new(),
        Some(Value::Table(all)) => all,
        Some(_) => {
            mistakes.push(format!("`{section}` must hold tables: write `[{section}.NAME]`"));
            return BTreeMap::new();
        }
    };
    let mut found = BTreeMap::new();
    for (name, value) in all {
        if !is_name(&name) {
            let wrong = "must have a name of 1 to 64 lower-case letters, digits and hyphens";
            mistakes.push(format!("`[{section}.{name}]` {wrong}"));
        }
        let value = read(&name, Reader::new(format!("{section}.{name}"), value, mistakes));
        found.insert(name, value);
    }
    found
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests;
