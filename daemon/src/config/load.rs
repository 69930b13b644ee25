//! Reads `issuer.toml` and the environment, and reports every mistake at once.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use toml::{Table, Value};

use super::plugin::{NAMED, Named};
use super::{Config, profile};

/// Variables that are read elsewhere: by `config::master_key`, by the commands that talk to a daemon, by its tests.
const RESERVED: [&str; 6] = [
    super::master_key::VARIABLE,
    "ISSUERD_MANAGEMENT_URL",
    "ISSUERD_MANAGEMENT_CA",
    "ISSUERD_CLIENT_ID",
    "ISSUERD_CLIENT_SECRET",
    "ISSUERD_BIN",
];

/// Everything that is wrong, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// The configuration in `file` (or the defaults), overridden by `ISSUERD_…` variables of the environment.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    load_with(file, |_| ())
}

/// The same, changed by `adjust` before it is checked: for what the command line says.
pub fn load_with(file: Option<&Path>, adjust: impl FnOnce(&mut Config)) -> Result<Config, ConfigError> {
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| ConfigError(vec![format!("cannot read {}: {error}", path.display())]))?,
    };
    parse(&text, &environment()?, adjust)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    ours(std::env::vars_os())
}

/// Our variables among all; those of others need not even be UTF-8.
fn ours(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, ConfigError> {
    let all = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let (mut ours, mut mistakes) = (Vec::new(), Vec::new());
    for (name, value) in all.filter(|(name, _)| name.starts_with("ISSUERD_")) {
        match value.into_string() {
            Ok(value) => ours.push((name, value)),
            Err(_) => mistakes.push(format!("environment variable `{name}` must be UTF-8")),
        }
    }
    if mistakes.is_empty() { Ok(ours) } else { Err(ConfigError(mistakes)) }
}

/// Parses `text`, applies `overrides`, the profile, then `adjust`, and checks the outcome.
pub(super) fn parse(
    text: &str,
    overrides: &[(String, String)],
    adjust: impl FnOnce(&mut Config),
) -> Result<Config, ConfigError> {
    let mut given: Table = text.parse().map_err(|error| ConfigError(vec![format!("not TOML: {error}")]))?;
    let mut mistakes = Vec::new();
    let named = Named::take(&mut given, &mut mistakes);
    let keys = Table::try_from(Config::default()).map_err(|error| ConfigError(vec![error.to_string()]))?;
    let mut merged = Merged { keys, given: BTreeSet::new(), mistakes };
    for (section, value) in given {
        merged.section(&section, value);
    }
    for (name, value) in overrides {
        merged.apply_override(name, value);
    }
    let Merged { mut keys, given, mut mistakes } = merged;
    profile::apply(&mut keys, &given, &mut mistakes);
    if mistakes.is_empty() {
        match keys.try_into::<Config>() {
            Ok(mut config) => {
                config.named = named;
                adjust(&mut config);
                config.check(&mut mistakes);
                if mistakes.is_empty() {
                    return Ok(config);
                }
            }
            Err(error) => mistakes.push(error.to_string()),
        }
    }
    Err(ConfigError(mistakes))
}

/// The defaults with what was read over them.
struct Merged {
    keys: Table,
    /// What was read, as `section.key`.
    given: BTreeSet<String>,
    mistakes: Vec<String>,
}

impl Merged {
    fn section(&mut self, section: &str, value: Value) {
        let hint = nearest(self.keys.keys().map(String::as_str).chain(NAMED), section);
        let Some(Value::Table(known)) = self.keys.get_mut(section) else {
            self.mistakes.push(format!("`[{section}]` is not a section{hint}"));
            return;
        };
        let Value::Table(given) = value else {
            self.mistakes.push(format!("`{section}` must be a section: write `[{section}]`"));
            return;
        };
        merge(known, section, given, &mut self.given, &mut self.mistakes);
    }

    fn apply_override(&mut self, name: &str, value: &str) {
        let wanted = name.trim_start_matches("ISSUERD_").to_ascii_lowercase();
        let Some((path, slot)) = slot(&mut self.keys, &wanted) else {
            let reserved = RESERVED.contains(&name) || name.starts_with("ISSUERD_TEST");
            if !reserved {
                self.mistakes.push(format!("environment variable `{name}` names no key of issuer.toml"));
            }
            return;
        };
        match typed(slot, value) {
            Some(read) => {
                *slot = read;
                self.given.insert(path);
            }
            None => self.mistakes.push(format!("environment variable `{name}` must be a {}", slot.type_str())),
        }
    }
}

/// Puts `given` over `known`; a section may have sections, like `[server.tls]`.
fn merge(known: &mut Table, section: &str, given: Table, set: &mut BTreeSet<String>, mistakes: &mut Vec<String>) {
    for (key, value) in given {
        let path = format!("{section}.{key}");
        let hint = match value {
            Value::Table(_) if section == "plugins" => format!("; a plugin is a section `[plugin.{key}]`"),
            _ => nearest(known.keys().map(String::as_str), &key),
        };
        match (known.get_mut(&key), value) {
            (None, _) => mistakes.push(format!("`{key}` is not a key of `[{section}]`{hint}")),
            (Some(Value::Table(known)), Value::Table(given)) => merge(known, &path, given, set, mistakes),
            (Some(slot), value) if slot.type_str() == value.type_str() => {
                *slot = value;
                set.insert(path);
            }
            (Some(slot), value) => {
                let (wanted, found) = (slot.type_str(), value.type_str());
                mistakes.push(format!("`{key}` of `[{section}]` must be a {wanted}, not a {found}"));
            }
        }
    }
}

/// The key that a variable names, like `server_tls_key`, and its path, like `server.tls.key`.
fn slot<'a>(keys: &'a mut Table, wanted: &str) -> Option<(String, &'a mut Value)> {
    for (name, value) in keys.iter_mut() {
        match value {
            Value::Table(below) => {
                let rest = wanted.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('_'));
                if let Some((path, found)) = rest.and_then(|rest| slot(below, rest)) {
                    return Some((format!("{name}.{path}"), found));
                }
            }
            value if name == wanted => return Some((name.clone(), value)),
            _ => {}
        }
    }
    None
}

fn typed(slot: &Value, text: &str) -> Option<Value> {
    match slot {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        // A list of strings, with commas between them.
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => None,
    }
}

/// A question whether the nearest of the known names was meant; empty when none is near.
pub(super) fn nearest<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> String {
    known
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, known)| format!("; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../issuer.toml")).unwrap();
        assert_eq!(parse(&text, &[], |_| ()).unwrap(), Config::default());
    }

    #[test]
    fn all_mistakes_are_reported_at_once_with_suggestions() {
        let text = "[server]\nissuerr = 'x'\n[manegement]\nlisten = 'x'\n[issuance]\nbatch_size = 'many'\n";
        let error = parse(text, &[], |_| ()).unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
        assert!(error.0.iter().any(|line| line.contains("did you mean `issuer`?")), "{error}");
        assert!(error.0.iter().any(|line| line.contains("did you mean `management`?")), "{error}");
    }

    #[test]
    fn the_environment_overrides_and_is_checked() {
        let set = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let config = parse("", &set("ISSUERD_ISSUANCE_BATCH_SIZE", "5"), |_| ()).unwrap();
        assert_eq!(config.issuance.batch_size, 5);
        assert!(parse("", &set("ISSUERD_ISSUANCE_BATCH_SIZE", "five"), |_| ()).is_err());
        assert!(parse("", &set("ISSUERD_NOTHING", "1"), |_| ()).is_err());
    }

    #[test]
    fn sections_may_have_sections_and_lists_from_the_environment_too() {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let text = "[server]\nissuer = 'https://x.example'\n[server.tls]\ncertificate = 'a.pem'\nkey = 'b.pem'\n";
        let over =
            [set("ISSUERD_SERVER_TLS_KEY", "c.pem"), set("ISSUERD_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1")];
        let server = parse(text, &over, |_| ()).unwrap().server;
        assert_eq!((server.tls.certificate.as_str(), server.tls.key.as_str()), ("a.pem", "c.pem"));
        assert_eq!(server.proxies().trusted.len(), 2);
        let error = parse("[server.tls]\ncertificat = 'a'\n", &[], |_| ()).unwrap_err();
        assert!(error.0[0].contains("of `[server.tls]`; did you mean `certificate`?"), "{error}");
        assert!(parse("[server]\ntls = 'a'\n", &[], |_| ()).is_err());
        assert!(parse("", &[set("ISSUERD_SERVER_TLS", "a")], |_| ()).is_err());
    }

    #[test]
    fn a_certificate_and_its_key_belong_together_and_to_an_https_issuer() {
        let told = |text: &str, wanted: &str| {
            let error = parse(text, &[], |_| ()).unwrap_err();
            assert!(error.0.iter().any(|line| line.contains(wanted)), "{text}: {error}");
        };
        told("[server.tls]\ncertificate = 'a'\nkey = 'b'\n", "`server.issuer` must be https");
        told("[management.tls]\ncertificate = 'a'\n", "`management.tls.key` is missing");
        told("[management.tls]\nkey = 'a'\n", "`management.tls.certificate` is missing");
        told("[management.tls]\nclient_ca = 'a'\n", "`management.tls.certificate` is missing");
        for (net, wanted) in
            [("10.0.0.0/33", "must be an address"), ("proxy", "must be an"), ("0.0.0.0/0", "every client")]
        {
            told(&format!("[server]\ntrusted_proxies = ['{net}']\n"), wanted);
        }
        told("[server]\nforwarded_header = 'x-real-ip'\n", "`server.forwarded_header` must be");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_matters_only_when_it_is_ours() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = || OsString::from_vec(vec![0xff]);
        let others = [("ISSUERD_LOG_LEVEL".into(), "warn".into()), ("LS_COLORS".into(), odd()), (odd(), odd())];
        let read = ours(others.into_iter()).unwrap();
        assert_eq!(read, [("ISSUERD_LOG_LEVEL".to_owned(), "warn".to_owned())]);
        let error = ours([("ISSUERD_STORE_DATA_DIR".into(), odd())].into_iter()).unwrap_err();
        assert!(error.0[0].contains("ISSUERD_STORE_DATA_DIR"), "{error}");
    }

    #[test]
    fn ops_02_a_plain_http_issuer_is_refused_off_loopback() {
        assert!(parse("[server]\nissuer = 'http://issuer.example'", &[], |_| ()).is_err());
        // Names that only look like addresses of this machine.
        assert!(parse("[server]\nissuer = 'http://127.issuer.example'", &[], |_| ()).is_err());
        assert!(parse("[server]\nissuer = 'http://127.0.0.1.issuer.example'", &[], |_| ()).is_err());
        assert!(parse("[server]\nissuer = 'http://127.1.2.3:8080'", &[], |_| ()).is_ok());
        assert!(parse("[server]\nissuer = 'https://issuer.example/a?b'", &[], |_| ()).is_err());
        for wrong in [
            "https://:443",
            "https://x:99999",
            "HTTPS://x",
            "https://X",
            "https://x/..",
            "https://x/{a}",
            "https://x//a",
        ] {
            assert!(parse(&format!("[server]\nissuer = '{wrong}'"), &[], |_| ()).is_err(), "{wrong}");
        }
        for right in
            ["https://issuer.example/Acme-1", "https://issuer.example:8443/a/b", "http://[::1]:8080", "http://[::1]"]
        {
            assert!(parse(&format!("[server]\nissuer = '{right}'"), &[], |_| ()).is_ok(), "{right}");
        }
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_files_never_panic() {
        const PLUGIN: &str = "[plugin.hr]\nfile = \"hr.wasm\"\nmemory_mib = 8\n[[plugin.hr.http]]\norigin = \"https://a.example\"\n\
            [secret.token]\nfrom = \"file:token\"\n[[auth_hook]]\nplugin = \"hr\"\nphases = [\"token-request\"]\n";
        const CLIENTS: &str = "[[client]]\nid = \"w\"\nauthentication = \"none\"\nredirect_uris = [\"https://w.example/cb\"]\n\
            [[login.test_user]]\nname = \"mika\"\nclaims = { name = \"M\", n = [1, { d = 1979-05-27 }] }\n[profile]\nhaip = true\n";
        const PLAIN: &str = "[server]\nissuer = \"https://issuer.example/a\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
            [issuance]\nbatch_size = 20\n[dpop]\nmax_age = 120\n[log]\nlevel = \"info\"\n";
        let seeds = [PLUGIN, CLIENTS, PLAIN].map(str::as_bytes);
        crate::wire::fuzz::mutate(&seeds, 1_000, |input| {
            let Ok(text) = std::str::from_utf8(input) else { return };
            let _ = parse(text, &[], |_| ());
        });
    }
}
