//! `[profile]`: a set of rules that one line switches on. It sets what the operator left out, and names what contradicts it.

use std::collections::BTreeSet;
use std::fmt;

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
enum Wanted {
    /// This value.
    Flag(bool),
    /// At most this number.
    AtMost(i64),
}

/// One key that a profile governs.
struct Row {
    /// `section.key`
    key: &'static str,
    wanted: Wanted,
    /// What the profile says, and where.
    because: &'static str,
}

const fn row(key: &'static str, wanted: Wanted, because: &'static str) -> Row {
    Row { key, wanted, because }
}

/// HAIP 1.0 by key. What needs more than a look at one key is in [`missing`].
const HAIP: &[Row] = &[
    row("authorization_code.enabled", Wanted::Flag(true), "the authorization code flow is required (HAIP 4)"),
    row(
        "authorization_code.require_pushed_authorization_requests",
        Wanted::Flag(true),
        "authorization requests are pushed (HAIP 4)",
    ),
    row("authorization_code.code_lifetime", Wanted::AtMost(60), "codes live 60 s at most (FAPI 2.0 5.3.2.1)"),
    row("authorization_code.rotate_refresh_tokens", Wanted::Flag(false), "no rotation (FAPI 2.0 5.3.2.1)"),
    row("dpop.enabled", Wanted::Flag(true), "DPoP is required (HAIP 4)"),
    row("dpop.required", Wanted::Flag(true), "only sender-constrained tokens are issued (FAPI 2.0 5.3.2.1)"),
    row("dpop.required_for_authorization_code", Wanted::Flag(true), "as `dpop.required`"),
    row("clients.allow_unregistered", Wanted::Flag(false), "every wallet proves who it is (FAPI 2.0 5.3.2.1)"),
    row("wallet_attestation.required", Wanted::Flag(true), "wallets are attested (HAIP 4.4.1)"),
];

impl Wanted {
    fn value(&self) -> Value {
        match self {
            Self::Flag(flag) => Value::Boolean(*flag),
            Self::AtMost(most) => Value::Integer(*most),
        }
    }

    fn is_met(&self, value: &Value) -> bool {
        match self {
            Self::Flag(flag) => value.as_bool() == Some(*flag),
            Self::AtMost(most) => value.as_integer().is_some_and(|number| number <= *most),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
        }
    }
}

impl Profile {
    /// What the profile makes of the keys that it governs, a line each; nothing when it is off.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        if !self.haip {
            return Vec::new();
        }
        let rows = HAIP.iter().map(|row| format!("profile.haip: {} is {}: {}", row.key, row.wanted, row.because));
        let rest =
            "profile.haip: authentication providers and configurations are in the store, where this does not look";
        rows.chain([rest.to_owned()]).collect()
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
            let Row { key, wanted, because } = row;
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

fn missing(config: &Config) -> Vec<String> {
    let mut missing = Vec::new();
    if !config.server.issuer.starts_with("https:") {
        missing.push("`server.issuer` must be https, on a loopback host too (OpenID4VCI 12.2.1)".into());
    }
    if config.wallet_attestation.trust_anchors.is_empty() {
        let what = "PEM files of the authorities of wallet providers (HAIP 4.4.1)";
        missing.push(format!("`wallet_attestation.trust_anchors` is missing: {what}"));
    }
    for (place, client) in config.named.clients.iter().enumerate() {
        let how = client.members.get("authentication").and_then(serde_json::Value::as_str).unwrap_or_default();
        if how != "attestation" {
            missing.push(format!("`client[{place}].authentication` is `{how}`, but wallets are attested (HAIP 4.4.1)"));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;
    use super::*;

    /// What the profile cannot know.
    const HTTPS: &str =
        "[server]\nissuer = 'https://issuer.example'\n[wallet_attestation]\ntrust_anchors = ['wallets.pem']\n";

    #[test]
    fn every_governed_key_exists_and_has_the_type_that_is_wanted() {
        let mut keys = Table::try_from(Config::default()).unwrap();
        for row in HAIP {
            let found = slot(&mut keys, row.key).unwrap_or_else(|| panic!("{} is no key", row.key));
            assert_eq!(found.type_str(), row.wanted.value().type_str(), "{}", row.key);
            assert!(row.wanted.is_met(&row.wanted.value()), "{}", row.key);
        }
    }

    // HAIP-4-01, HAIP-4-02, F2-5.3.2.1-03
    #[test]
    fn one_line_switches_on_what_haip_wants() {
        let config = parse(&format!("{HTTPS}[profile]\nhaip = true\n"), &[], |_| ()).unwrap();
        assert!(config.authorization_code.enabled && config.dpop.enabled);
        assert!(config.dpop.required && config.dpop.required_for_authorization_code);
        assert!(config.wallet_attestation.required && !config.clients.allow_unregistered);
        assert_eq!(config.profile.describe().len(), HAIP.len() + 1);
        let without = parse(HTTPS, &[], |_| ()).unwrap();
        assert!(!without.dpop.required && without.profile.describe().is_empty());
    }

    #[test]
    fn one_line_does_in_a_copy_of_the_commented_defaults_too() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../issuer.toml")).unwrap();
        let text =
            text.replace("haip = false", "haip = true").replace("http://127.0.0.1:8080", "https://issuer.example");
        let anchors = [("ISSUERD_WALLET_ATTESTATION_TRUST_ANCHORS".to_owned(), "wallets.pem".to_owned())];
        parse(&text, &anchors, |_| ()).unwrap();
    }

    // HAIP-4.4.1-01, HAIP-4.4.1-02, F2-5.3.2.1-02
    #[test]
    fn haip_wants_attested_wallets_and_to_know_who_attests() {
        let none = parse("[server]\nissuer = 'https://x.example'\n[profile]\nhaip = true\n", &[], |_| ()).unwrap_err();
        assert!(none.0.iter().any(|line| line.contains("`wallet_attestation.trust_anchors` is missing")), "{none}");
        let wallets = "[profile]\nhaip = true\n[[client]]\nid = 'a'\nauthentication = 'attestation'\n\
            [[client]]\nid = 'b'\nauthentication = 'none'\n";
        let error = parse(&format!("{HTTPS}{wallets}"), &[], |_| ()).unwrap_err();
        assert_eq!(error.0.len(), 1, "{error}");
        assert!(error.0[0].contains("`client[1].authentication` is `none`"), "{error}");
    }

    #[test]
    fn what_contradicts_the_profile_is_named_wherever_it_was_set() {
        let text = format!(
            "{HTTPS}[profile]\nhaip = true\n[dpop]\nrequired = false\n[authorization_code]\ncode_lifetime = 61\n"
        );
        let set = [("ISSUERD_AUTHORIZATION_CODE_ENABLED".to_owned(), "false".to_owned())];
        let mistakes = parse(&text, &set, |_| ()).unwrap_err().0;
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        for key in ["dpop.required", "authorization_code.code_lifetime", "authorization_code.enabled"] {
            let told = |line: &String| line.starts_with(&format!("`{key}` contradicts `profile.haip`"));
            assert!(mistakes.iter().any(told), "{key}: {mistakes:?}");
        }
        let stricter = format!("{HTTPS}[profile]\nhaip = true\n[authorization_code]\ncode_lifetime = 30\n");
        assert_eq!(parse(&stricter, &[], |_| ()).unwrap().authorization_code.code_lifetime, 30);
        // The environment switches it on as well.
        let on = [("ISSUERD_PROFILE_HAIP".to_owned(), "true".to_owned())];
        assert!(parse(HTTPS, &on, |_| ()).unwrap().dpop.required);
    }

    // VCI-12.2.1-01, OPS-02
    #[test]
    fn haip_wants_an_https_issuer() {
        let error = parse("[profile]\nhaip = true\n", &[], |_| ()).unwrap_err();
        assert!(error.0.iter().any(|line| line.contains("`server.issuer` must be https")), "{error}");
        assert!(parse(&format!("{HTTPS}[profile]\nhaip = true\n"), &[], |_| ()).is_ok());
    }
}
