//! The one gate: every question "may this plugin …" is a method of [`Granted`], and the answer is no unless `issuer.toml` says yes.

mod build;
mod missing;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use http::Method;
use reqwest::Url;
use serde_json::{Map, Value};

use super::PluginObserver;
use super::cache::Cache;
use super::contract::PluginInfo;
use super::contract::claim_source::issuer::plugin::secrets::SecretError;
use super::outbound::{address, place};
use super::room::Outside;
use super::secrets::Masks;
use super::settings::{CacheGrant, Limits, SecretUse};
use crate::base::secret::Secret;

pub(crate) use words::in_plain_words;

/// All that one configured plugin may do; made once when it is loaded.
pub(crate) struct Granted {
    name: String,
    config: Map<String, Value>,
    secrets: BTreeMap<String, SecretRight>,
    http: Vec<HttpRight>,
    redirect_origins: BTreeSet<String>,
    cache: Option<CacheGrant>,
    limits: Limits,
    words: Vec<String>,
    masks: Masks,
    hidden: Masks,
    outside: Arc<dyn Outside>,
    observer: Arc<dyn PluginObserver>,
    settled: OnceLock<Settled>,
}

/// `[[plugin.NAME.secret]]`, with the value.
struct SecretRight {
    uses: BTreeSet<SecretUse>,
    /// Origins of the section `[secret.…]`; empty: any that the plugin may send requests to.
    origins: BTreeSet<String>,
    value: Secret,
}

/// `[[plugin.NAME.http]]`
struct HttpRight {
    origin: String,
    methods: BTreeSet<String>,
    /// Without a slash at its end.
    path: Option<String>,
    private: bool,
}

/// What is known when the plugin has described itself.
struct Settled {
    version: String,
    cache: Arc<Cache>,
}

impl Granted {
    /// May the plugin see a secret?
    pub(super) fn may_reveal(&self, name: &str) -> Result<&Secret, SecretError> {
        let right = self.secrets.get(name).ok_or(SecretError::NotGranted)?;
        if right.uses.contains(&SecretUse::Reveal) { Ok(&right.value) } else { Err(SecretError::NotRevealable) }
    }

    /// May the plugin have an HMAC made with a secret?
    pub(super) fn may_hmac(&self, name: &str) -> Result<&Secret, SecretError> {
        let right = self.secrets.get(name).ok_or(SecretError::NotGranted)?;
        if right.uses.contains(&SecretUse::Hmac) { Ok(&right.value) } else { Err(SecretError::NotGranted) }
    }

    /// May a request to `origin`, which is allowed itself, carry a secret in a header?
    pub(super) fn may_send_secret(&self, name: &str, origin: &str) -> Result<&Secret, String> {
        let right = self.secrets.get(name).filter(|right| right.uses.contains(&SecretUse::Header));
        let right = right.ok_or_else(|| "the secret is not granted for use in a header".to_owned())?;
        if right.origins.is_empty() || right.origins.contains(origin) {
            Ok(&right.value)
        } else {
            Err(format!("the secret may not be sent to {origin}"))
        }
    }

    /// May the plugin send this request? The answer is the number of the grant. Names are resolved later, by the client of that grant,
    /// which refuses addresses that [`Self::may_connect`] refuses.
    pub(super) fn may_request(&self, method: &Method, url: &Url) -> Result<usize, String> {
        let origin = place::origin(url);
        let mut refusal = format!("{origin} is not granted");
        for (number, right) in self.http.iter().enumerate().filter(|(_, right)| right.origin == origin) {
            if !right.methods.contains(method.as_str()) {
                refusal = format!("the method is not granted for {origin}");
            } else if !right.path.as_deref().is_none_or(|prefix| place::is_below(url, prefix)) {
                refusal = format!("the path is not granted for {origin}");
            } else if let Some(address) = place::literal(url)
                && !address::may_connect(address, right.private)
            {
                refusal = format!("{origin} is not a public address");
            } else {
                return Ok(number);
            }
        }
        Err(refusal)
    }

    /// May the plugin keep something between calls? Nothing before it has described itself.
    pub(super) fn may_cache(&self) -> Option<(&Cache, CacheGrant)> {
        Some((&self.settled.get()?.cache, self.cache?))
    }

    /// May the plugin send a browser there?
    pub(crate) fn may_redirect(&self, url: &str) -> bool {
        place::parse(url)
            .is_ok_and(|url| url.scheme() == "https" && self.redirect_origins.contains(&place::origin(&url)))
    }

    /// What the plugin asks for and is not granted, a sentence with the lines to add each. Only what is required.
    pub(super) fn missing(&self, info: &PluginInfo) -> Vec<String> {
        missing::missing(self, info)
    }

    /// What the plugin may do, for people; nothing else.
    pub(crate) fn in_plain_words(&self) -> Vec<String> {
        self.words.clone()
    }

    /// Remembers which version this is, and takes over the store of the version that served before when the plugin is the same up to
    /// its major version. Called once, between `describe` and `check`.
    pub(super) fn settle(&self, version: &str, before: Option<&Granted>) {
        let inherited = before
            .filter(|before| before.name == self.name)
            .and_then(|before| before.settled.get())
            .filter(|before| major(&before.version) == major(version))
            .map(|before| before.cache.clone());
        // A second call would change what calls already see, so the first one stays.
        self.settled.get_or_init(|| Settled { version: version.to_owned(), cache: inherited.unwrap_or_default() });
    }

    /// Puts something into the store for a day, as a call would have; for the replay of recorded calls, after [`Self::settle`].
    pub(super) fn keep(&self, key: &str, value: Vec<u8>) -> bool {
        let now = self.outside.now();
        let count = std::str::from_utf8(&value).ok().and_then(|text| text.parse::<i64>().ok());
        self.may_cache().is_some_and(|(cache, bounds)| match count {
            Some(count) => cache.increment(bounds, key, count, u32::MAX, now).is_ok(),
            None => cache.set(bounds, key, value, u32::MAX, now).is_ok(),
        })
    }

    /// The name in `issuer.toml`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The version that the plugin reported; empty before it did.
    pub(super) fn version(&self) -> &str {
        self.settled.get().map_or("", |settled| &settled.version)
    }

    /// The plugin's configuration.
    pub(super) fn config(&self) -> &Map<String, Value> {
        &self.config
    }

    /// The limits of its calls.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What hides all its secrets.
    pub(super) fn masks(&self) -> &Masks {
        &self.masks
    }

    /// What hides those of its secrets that it may not see.
    pub(super) fn masks_for_plugin(&self) -> &Masks {
        &self.hidden
    }

    /// The world, reached by this plugin's clients.
    pub(super) fn outside(&self) -> Arc<dyn Outside> {
        self.outside.clone()
    }

    /// Who is told of its requests.
    pub(super) fn observer(&self) -> &dyn PluginObserver {
        &*self.observer
    }

    /// The origin of a grant, for metrics.
    pub(super) fn origin(&self, grant: usize) -> &str {
        self.http.get(grant).map_or("", |right| &right.origin)
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granted").field("name", &self.name).field("words", &self.words).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod support;
#[cfg(test)]
mod tests;
