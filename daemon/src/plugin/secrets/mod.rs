//! Secrets for plugins: read once when plugins are loaded, held in memory that is wiped, shown to nobody.

mod escape;
mod masks;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::settings::SecretSettings;
use crate::base::secret::Secret;

pub(crate) use masks::Masks;

/// The values of all `[secret.…]` sections.
#[derive(Clone, Default)]
pub(crate) struct Secrets(BTreeMap<String, Arc<Held>>);

/// A secret and where requests that carry it may go.
pub(super) struct Held {
    /// The value; never empty.
    pub(super) value: Secret,
    /// Origins; empty: any that is granted to the plugin.
    pub(super) origins: BTreeSet<String>,
}

impl Secrets {
    /// Reads every section. The errors, a sentence each, name the section and never quote a value.
    pub(crate) fn load(settings: &BTreeMap<String, SecretSettings>) -> Result<Self, Vec<String>> {
        let mut held = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, settings) in settings {
            match read::read(&settings.from) {
                Ok(value) => drop(held.insert(name.clone(), hold(value, settings))),
                Err(problem) => problems.push(format!("[secret.{name}]: {problem}")),
            }
        }
        if problems.is_empty() { Ok(Self(held)) } else { Err(problems) }
    }

    /// Made-up values in place of the real ones, with the same bounds on where they may go; for the replay of recorded calls.
    pub(crate) fn made_up(settings: &BTreeMap<String, SecretSettings>, value: impl Fn(&str) -> String) -> Self {
        let make = |(name, settings): (&String, &SecretSettings)| {
            (name.clone(), hold(Secret::new(value(name).into_bytes()), settings))
        };
        Self(settings.iter().map(make).collect())
    }

    /// The secret of a section.
    pub(super) fn get(&self, section: &str) -> Option<&Arc<Held>> {
        self.0.get(section)
    }
}

fn hold(value: Secret, settings: &SecretSettings) -> Arc<Held> {
    Arc::new(Held { value, origins: settings.origins.iter().cloned().collect() })
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
