use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::super::load::parse;
use super::*;
use crate::config::Config;
use crate::plugin::Phase;
use crate::plugin::settings::{CacheGrant, HttpGrant, Limits, SecretGrant, SecretPlace, SecretUse};

const WHOLE: &str = r#"
[plugins]
dir = "guests"
max_concurrent = 8
watch = false
[plugin.hr]
file = "hr.wasm"
sha256 = "000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"
public_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
optional = true
credentials = ["org.iso.18013.5.1.mDL"]
config = { people_url = "https://crm.example.org/v1/people", levels = [1, 2.5], since = 2026-01-01, deep = { yes = true } }
cache = { bytes = 2048 }
redirect_origins = ["https://Login.example.org:443"]
[[plugin.hr.secret]]
name = "crm-token"
use = ["header", "hmac"]
[[plugin.hr.http]]
origin = "HTTPS://CRM.example.org"
methods = ["get", "POST"]
path = "/v1/people"
private = true
ca_file = "ca.pem"
[plugin.hr.limits]
cpu_ms = 1000
memory_mib = 128
[plugin.pin]
file = "/opt/pin.wasm"
[secret.crm-token]
from = "credential:crm"
origins = ["https://crm.example.org:8443"]
[[auth_hook]]
plugin = "pin"
phases = ["token-request", "credential-request"]
credentials = ["org.iso.18013.5.1.mDL"]
on_error = "abstain"
"#;

fn read(text: &str) -> Config {
    parse(text, &[], |_| ()).unwrap()
}

fn mistakes(text: &str) -> Vec<String> {
    parse(text, &[], |_| ()).unwrap_err().0
}

#[test]
fn everything_that_can_be_said_is_read() {
    let config = read(WHOLE);
    let settings = config.plugin_settings();
    let hr = &settings.plugins["hr"];
    assert_eq!((settings.max_concurrent, config.plugins.watch), (8, false));
    assert_eq!(settings.cache_dir, PathBuf::from("data/plugin-cache"));
    assert_eq!((hr.name.as_str(), hr.file.as_path()), ("hr", Path::new("guests/hr.wasm")));
    assert_eq!(hr.sha256.unwrap().to_vec(), (0..32).collect::<Vec<u8>>());
    assert_eq!(hr.public_key, Some([0; 32]));
    assert!(hr.optional);
    assert_eq!(hr.credentials, ["org.iso.18013.5.1.mDL"]);
    let config_table = r#"{"people_url":"https://crm.example.org/v1/people","levels":[1,2.5],"since":"2026-01-01","deep":{"yes":true}}"#;
    let expected: serde_json::Value = serde_json::from_str(config_table).unwrap();
    assert_eq!(serde_json::Value::from(hr.config.clone()), expected);
    assert_eq!(hr.cache, Some(CacheGrant { bytes: 2048, entries: 1024 }));
    assert_eq!(hr.redirect_origins, ["https://login.example.org"]);
    let uses = BTreeSet::from([SecretUse::Header, SecretUse::Hmac]);
    assert_eq!(hr.secrets, [SecretGrant { name: "crm-token".into(), secret: "crm-token".into(), uses }]);
    let grant = HttpGrant {
        origin: "https://crm.example.org".into(),
        methods: vec!["GET".into(), "POST".into()],
        path: Some("/v1/people".into()),
        private: true,
        ca_file: Some("ca.pem".into()),
    };
    assert_eq!(hr.http, [grant]);
    assert_eq!(hr.limits, Limits { cpu: Duration::from_secs(1), memory: 128 << 20, ..Limits::default() });
    assert_eq!(settings.plugins["pin"].file, PathBuf::from("/opt/pin.wasm"));
    assert_eq!(settings.secrets["crm-token"].from, SecretPlace::Credential("crm".into()));
    assert_eq!(settings.secrets["crm-token"].origins, ["https://crm.example.org:8443"]);
}

#[test]
fn auth_hooks_keep_their_order_and_deny_on_errors_unless_told_otherwise() {
    let config = read(&format!("{WHOLE}\n[[auth_hook]]\nplugin = 'hr'\nphases = ['token-request']"));
    let [first, second] = config.named.auth_hooks.as_slice() else { panic!("two hooks") };
    assert_eq!(first.phases, [Phase::TokenRequest, Phase::CredentialRequest]);
    assert!(first.abstain_on_error);
    let strict = AuthHook {
        plugin: "hr".into(),
        phases: vec![Phase::TokenRequest],
        credentials: vec![],
        abstain_on_error: false,
    };
    assert_eq!(*second, strict);
}

#[test]
fn what_is_left_out_has_the_defaults_of_the_host() {
    let config = read("[plugin.a]\nfile = 'a.wasm'\nsha256 = ''\npublic_key = ''");
    let expected = PluginSettings { name: "a".into(), file: "plugins/a.wasm".into(), ..PluginSettings::default() };
    assert_eq!(config.plugin_settings().plugins["a"], expected);
    assert_eq!(
        read("[plugin.a]\nfile = 'a'\n[plugin.a.limits]").plugin_settings().plugins["a"].limits,
        Limits::default()
    );
}

#[test]
fn every_mistake_is_named_by_its_whole_path_and_all_come_at_once() {
    let text = "[plugin.hr]\nfiel = 'x'\nsha256 = 'abc'\n[plugin.hr.limits]\ncpu_mss = 1\nwall_ms = 40000\nmemory_mib = 'big'\n\
        [[plugin.hr.http]]\norigin = 'https://a.example/x'\nmethod = ['GET']\n[[auth_hook]]\nplugin = 'hr'\nphases = ['login']\n\
        [secret.x]\nfrom = 'vault:x'\n[server]\nlisten = 1\n";
    let found = mistakes(text);
    for expected in [
        "`plugin.hr.file` is missing",
        "`plugin.hr.fiel` is not a key; did you mean `file`?",
        "`plugin.hr.sha256` must be 64 hex digits",
        "`plugin.hr.limits.cpu_mss` is not a key; did you mean `cpu_ms`?",
        "`plugin.hr.limits.wall_ms` must be 1 to 20000, not 40000",
        "`plugin.hr.limits.memory_mib` must be a whole number, not a string",
        "`plugin.hr.http[0].origin` must be scheme, host and port alone",
        "`plugin.hr.http[0].method` is not a key; did you mean `methods`?",
        "`auth_hook[0].phases` has `login`",
        "`secret.x.from` must be `file:PATH`",
        "`listen` of `[server]` must be a string",
    ] {
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected} in {found:#?}");
    }
}

#[test]
fn sections_must_fit_one_another() {
    let one = |text: &str, expected: &str| {
        let found = mistakes(text);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected} in {found:#?}");
    };
    let two = "[plugin.a]\nfile = 'a'\ncredentials = ['x']\n[plugin.b]\nfile = 'b'\ncredentials = ['x']";
    one(two, "`plugin.a.credentials` and `plugin.b.credentials` both have `x`");
    let secret =
        "[plugin.a]\nfile = 'a'\n[[plugin.a.secret]]\nname = 'tokn'\nuse = ['reveal']\n[secret.token]\nfrom = 'env:T'";
    one(secret, "there is no `[secret.tokn]`; did you mean `token`?");
    let hook = "[plugin.pin]\nfile = 'a'\n[[auth_hook]]\nplugin = 'pim'\nphases = ['token-request']";
    one(hook, "there is no `[plugin.pim]`; did you mean `pin`?");
    one("[plugins.hr]\nfile = 'a'", "a plugin is a section `[plugin.hr]`");
    one("[plugin.HR]\nfile = 'a'", "must have a name");
    one("[plugin.a]\nfile = 'a'\nconfig = { x = nan }", "`plugin.a.config.x` must be a finite number");
    one("[plugin.a]\nfile = 'a'\n[plugin.a.limits]\ncpu_ms = 5000\nwall_ms = 100", "at most `wall_ms`");
    one("plugin = 1", "write `[plugin.NAME]`");
    one("[auth_hook]\nplugin = 'a'", "write `[[auth_hook]]`");
    one("[pluginn]\nx = 1", "did you mean");
}

#[test]
fn the_daemons_own_secrets_cannot_be_given_to_a_plugin() {
    for from in ["env:ISSUERD_MASTER_KEY", "credential:master-key", "credential:../x", "file:", "env:", "x"] {
        assert_eq!(mistakes(&format!("[secret.x]\nfrom = '{from}'")).len(), 1, "{from}");
    }
    assert!(mistakes("[secret.x]")[0].contains("`secret.x.from` is missing"));
}

#[test]
fn origins_have_one_spelling() {
    for (given, expected) in [
        ("https://A.example", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
    ] {
        assert_eq!(grant::origin(given).unwrap(), expected);
    }
    for wrong in [
        "a.example",
        "ftp://a.example",
        "https://a.example/",
        "https://a.example?x",
        "https://user@a.example",
        "https://*.example",
        "https:// a.example",
        "https:a.example",
        "https://",
        "file:///etc/passwd",
    ] {
        assert!(grant::origin(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_environment_overrides_what_plugins_have_in_common_and_nothing_else() {
    let set = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let config = parse(WHOLE, &set("ISSUERD_PLUGINS_DIR", "/srv/plugins"), |_| ()).unwrap();
    assert_eq!(config.plugin_settings().plugins["hr"].file, PathBuf::from("/srv/plugins/hr.wasm"));
    let error = parse(WHOLE, &set("ISSUERD_PLUGIN_HR_FILE", "x"), |_| ()).unwrap_err();
    assert!(error.0[0].contains("names no key"), "{error}");
    assert!(parse("", &set("ISSUERD_PLUGINS_MAX_CONCURRENT", "0"), |_| ()).is_err());
    assert!(parse("", &set("ISSUERD_SERVER_FORWARDED_HOPS", "6"), |_| ()).is_err());
}

#[test]
fn the_examples_of_the_commented_file_hold_and_show_the_defaults() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../issuer.toml")).unwrap();
    let (_, examples) = text.split_once("# [plugin.hr]").unwrap();
    let lines: Vec<_> = examples.lines().map(|line| line.trim_start_matches('#').trim_start()).collect();
    let config = read(&format!("[plugin.pin]\nfile = 'pin.wasm'\n[plugin.hr]{}", lines.join("\n")));
    let hr = &config.named.plugins["hr"];
    assert_eq!((hr.limits, hr.sha256, hr.optional), (Limits::default(), None, false));
    assert_eq!((hr.secrets.len(), hr.http.len(), config.named.auth_hooks.len()), (1, 1, 1));
    let bare =
        read("[plugin.a]\nfile = 'a'\n[[plugin.a.http]]\norigin = 'https://crm.example.org'\npath = '/v1/people'");
    assert_eq!(hr.http, bare.named.plugins["a"].http, "what the example says of the defaults");
    assert!(!config.named.auth_hooks[0].abstain_on_error);
}
