//! `[profile]`: a set of rules that one line switches on. It sets what the operator left out, and names what contradicts it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::Config;

/// `[profile]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `OpenID4VC` High Assurance Interoperability Profile 1.0.
    pub haip: bool,
}

/// What a profile wants of a key.
#[cfg_attr(not(test), expect(dead_code, reason = "the keys that HAIP governs come with their sections"))]
enum Wanted {
    /// This value.
    Flag(bool),
}

/// One key that a profile governs.
struct Row {
    /// `section.key`
    key: &'static str,
    wanted: Wanted,
    /// The section of the profile, and what it says.
    because: &'static str,
}

/// HAIP 1.0 by key. What needs more than a look at one key is in [`missing`].
const HAIP: &[Row] = &[];

impl Wanted {
    fn value(&self) -> Value {
        match self {
            Self::Flag(flag) => Value::Boolean(*flag),
        }
    }

    fn is_met(&self, value: &Value) -> bool {
        match self {
            Self::Flag(flag) => value.as_bool() == Some(*flag),
        }
    }
}

/// Sets the keys that are not `given` as the profile wants them; a given one that differs is a mistake.
pub(super) fn apply(keys: &mut Table, given: &BTreeSet<String>, mistakes: &mut Vec<String>) {
    let haip = keys.get("profile").and_then(|profile| profile.get("haip")).and_then(Value::as_bool);
    if haip != Some(true) {
        return;
    }
    for row in HAIP {
        let Some(slot) = slot(keys, row.key) else {
            mistakes.push(format!("`profile.haip` governs `{}`, which is no key", row.key));
            continue;
        };
        if row.wanted.is_met(slot) {
            continue;
        }
        if given.contains(row.key) {
            let (key, wanted, because) = (row.key, row.wanted.value(), row.because);
            mistakes.push(format!("`{key}` contradicts `profile.haip`, which wants {wanted}: {because}"));
        } else {
            *slot = row.wanted.value();
        }
    }
}

fn slot<'a>(keys: &'a mut Table, path: &str) -> Option<&'a mut Value> {
    let (section, key) = path.rsplit_once('.')?;
    let mut table = keys;
    for name in section.split('.') {
        table = table.get_mut(name)?.as_table_mut()?;
    }
    table.get_mut(key)
}

/// Notes what the profile wants and the configuration does not have.
pub(super) fn check(config: &Config, mistakes: &mut Vec<String>) {
    if config.profile.haip {
        mistakes.extend(missing(config).into_iter().map(|missing| format!("`profile.haip`: {missing}")));
    }
}

fn missing(config: &Config) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if !config.server.issuer.starts_with("https:") {
        missing.push("`server.issuer` must be https, on a loopback host too (OpenID4VCI 12.2.1)");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;
    use super::*;

    const HTTPS: &str = "[server]\nissuer = 'https://issuer.example'\n";

    #[test]
    fn every_governed_key_exists_and_has_the_type_that_is_wanted() {
        let mut keys = Table::try_from(Config::default()).unwrap();
        for row in HAIP {
            let found = slot(&mut keys, row.key).unwrap_or_else(|| panic!("{} is no key", row.key));
            assert_eq!(found.type_str(), row.wanted.value().type_str(), "{}", row.key);
            assert!(row.wanted.is_met(&row.wanted.value()), "{}", row.key);
        }
    }

    // VCI-12.2.1-01, OPS-02
    #[test]
    fn haip_wants_an_https_issuer() {
        let error = parse("[profile]\nhaip = true\n", &[], |_| ()).unwrap_err();
        assert!(error.0.iter().any(|line| line.contains("`server.issuer` must be https")), "{error}");
        assert!(parse(&format!("{HTTPS}[profile]\nhaip = true\n"), &[], |_| ()).is_ok());
    }
}
