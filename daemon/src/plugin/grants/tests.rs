use http::Method;

use super::support::House;
use super::*;
use crate::plugin::contract::Need;

const REGISTER: &str = "https://register.example";

fn need(kind: &str, name: &str, required: bool) -> PluginInfo {
    let why = "to look\u{1b}[31m people up".to_owned();
    PluginInfo {
        name: "hr".to_owned(),
        version: "1.0.0".to_owned(),
        description: String::new(),
        config_schema: String::new(),
        needs: vec![Need { kind: kind.to_owned(), name: name.to_owned(), why, required }],
    }
}

#[test]
fn a_plugin_without_grants_may_do_nothing() {
    let granted = House::new().granted();
    let url = place::parse("https://register.example/").unwrap();
    assert!(matches!(granted.may_reveal("token"), Err(SecretError::NotGranted)));
    assert!(matches!(granted.may_hmac("token"), Err(SecretError::NotGranted)));
    assert!(granted.may_send_secret("token", REGISTER).is_err());
    assert!(granted.may_request(&Method::GET, &url).is_err());
    assert!(granted.may_cache().is_none());
    assert!(!granted.may_redirect("https://register.example/"));
}

#[test]
fn a_secret_is_used_as_granted() {
    use SecretUse::{Header, Hmac, Reveal};
    for (uses, reveal, hmac, header) in [
        (&[Reveal][..], Ok(()), Err(SecretError::NotGranted), false),
        (&[Hmac], Err(SecretError::NotRevealable), Ok(()), false),
        (&[Header], Err(SecretError::NotRevealable), Err(SecretError::NotGranted), true),
        (&[Reveal, Header, Hmac], Ok(()), Ok(()), true),
        (&[], Err(SecretError::NotRevealable), Err(SecretError::NotGranted), false),
    ] {
        let granted = House::new().secret("token", uses, &[]).granted();
        assert_eq!(granted.may_reveal("token").map(drop), reveal, "{uses:?}");
        assert_eq!(granted.may_hmac("token").map(drop), hmac, "{uses:?}");
        assert_eq!(granted.may_send_secret("token", REGISTER).is_ok(), header, "{uses:?}");
        assert!(matches!(granted.may_reveal("token-section"), Err(SecretError::NotGranted)), "the section is no name");
    }
}

#[test]
fn a_secret_goes_to_its_origins_only() {
    for (origins, origin, may) in [
        (&[][..], REGISTER, true),
        (&[REGISTER], REGISTER, true),
        (&[REGISTER], "https://register.example:8443", false),
        (&[REGISTER], "http://register.example", false),
        (&[REGISTER], "https://evil.example", false),
    ] {
        let granted = House::new().secret("token", &[SecretUse::Header], origins).granted();
        assert_eq!(granted.may_send_secret("token", origin).is_ok(), may, "{origins:?} {origin}");
    }
}

#[test]
fn a_request_needs_origin_method_and_path_of_one_grant() {
    let granted = House::new()
        .http(REGISTER, &["GET"], Some("/v1/people"), false)
        .http(REGISTER, &["POST"], Some("/v1/search/"), false)
        .http("http://plain.example:8080", &["GET", "PUT"], None, false)
        .granted();
    for (method, url, grant) in [
        ("GET", "https://register.example/v1/people/7", Some(0)),
        ("GET", "https://REGISTER.example:443/v1/people?x=1", Some(0)),
        ("POST", "https://register.example/v1/search", Some(1)),
        ("POST", "https://register.example/v1/search/now", Some(1)),
        ("PUT", "http://plain.example:8080/anything", Some(2)),
        ("POST", "https://register.example/v1/people/7", None),
        ("GET", "https://register.example/v1/search", None),
        ("get", "https://register.example/v1/people", None),
        ("DELETE", "https://register.example/v1/people", None),
        ("GET", "https://register.example/v1/people/../admin", None),
        ("GET", "http://register.example/v1/people", None),
        ("GET", "https://register.example:8443/v1/people", None),
        ("GET", "https://sub.register.example/v1/people", None),
        ("GET", "https://register.example.evil.example/v1/people", None),
        ("GET", "https://plain.example:8080/anything", None),
    ] {
        let found = granted.may_request(&method.parse().unwrap(), &place::parse(url).unwrap());
        assert_eq!(found.ok(), grant, "{method} {url}");
    }
}

#[test]
fn an_address_in_place_of_a_name_is_checked_as_well() {
    for (origin, private, may) in [
        ("https://127.0.0.1", false, false),
        ("https://127.0.0.1", true, true),
        ("https://[::1]:8443", false, false),
        ("https://[::1]:8443", true, true),
        ("https://[::ffff:a00:1]", false, false),
        ("http://169.254.169.254", true, false),
        ("https://1.1.1.1", false, true),
    ] {
        let granted = House::new().http(origin, &["GET"], None, private).granted();
        let url = place::parse(&format!("{origin}/latest")).unwrap();
        assert_eq!(granted.may_request(&Method::GET, &url).is_ok(), may, "{origin} {private}");
    }
}

#[test]
fn browsers_are_sent_to_granted_origins_only() {
    let mut house = House::new();
    house.settings.redirect_origins = vec!["https://idp.example".to_owned(), "http://idp.example".to_owned()];
    let granted = house.granted();
    for (url, may) in [
        ("https://idp.example/login?x=1", true),
        ("https://idp.example:443", true),
        ("http://idp.example/", false),
        ("https://idp.example@evil.example/", false),
        ("https://evil.example/", false),
        ("javascript:alert(1)", false),
    ] {
        assert_eq!(granted.may_redirect(url), may, "{url}");
    }
}

#[test]
fn the_store_is_taken_over_by_the_same_major_version() {
    let house = House::new().cache();
    let (cache, bounds) = (house.granted(), CacheGrant { bytes: 1_000, entries: 10 });
    assert!(house.try_granted().unwrap().may_cache().is_none(), "nothing before it has described itself");
    cache.may_cache().unwrap().0.set(bounds, "key", vec![1], 60, 0).unwrap();
    let mut other = House::new().cache();
    other.settings.name = "other".to_owned();
    for (house, version, kept) in
        [(&house, "1.9.3", true), (&house, "2.0.0", false), (&house, "10.0.0", false), (&other, "1.0.0", false)]
    {
        let after = house.try_granted().unwrap();
        after.settle(version, Some(&cache));
        assert_eq!(after.may_cache().unwrap().0.get("key", 0).is_some(), kept, "{version}");
    }
}

#[test]
fn needs_without_a_grant_are_told_with_the_lines_to_add() {
    let none = House::new();
    for (kind, name, lines) in [
        ("secret", "token", "[[plugin.hr.secret]]\nname = \"token\"\nuse = [\"header\"]\n\n[secret.token]\nfrom = "),
        (
            "origin",
            "config:people_url",
            "[[plugin.hr.http]]\norigin = \"https://register.example\"\nmethods = [\"GET\"]",
        ),
        ("origin", "https://fixed.example/some/path", "origin = \"https://fixed.example\""),
        ("origin", "config:not_there", "[plugin.hr.config]\nnot_there = "),
        ("redirect-origin", "https://idp.example", "[plugin.hr]\nredirect_origins = [\"https://idp.example\"]"),
        ("cache", "", "[plugin.hr]\ncache = { bytes = 1048576, entries = 1024 }"),
    ] {
        let told = none.granted().missing(&need(kind, name, true));
        assert!(told.len() == 1 && told[0].contains(lines), "{kind} {name}: {told:?}");
        assert!(told[0].contains("to look [31m people up") && !told[0].contains('\u{1b}'), "{told:?}");
        assert_eq!(none.granted().missing(&need(kind, name, false)), Vec::<String>::new());
        let lines = told[0].split_once("\n\n").unwrap().1;
        assert!(toml::from_str::<toml::Table>(lines).is_ok(), "{lines}");
    }
    for (kind, name) in [("origin", "config:level"), ("origin", "no url"), ("filesystem", "/")] {
        assert_eq!(none.granted().missing(&need(kind, name, true)).len(), 1, "{kind} {name}");
    }
}

#[test]
fn needs_with_a_grant_are_met() {
    let mut house = House::new()
        .secret("token", &[SecretUse::Header], &[])
        .http(REGISTER, &["GET"], Some("/v1/people"), false)
        .cache();
    house.settings.redirect_origins = vec!["https://idp.example".to_owned()];
    for (kind, name) in [
        ("secret", "token"),
        ("origin", "config:people_url"),
        ("origin", REGISTER),
        ("redirect-origin", "https://idp.example"),
        ("cache", ""),
    ] {
        assert_eq!(house.granted().missing(&need(kind, name, true)), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn grants_that_cannot_hold_are_refused() {
    let unwritten = |origin: &str, path: Option<&str>| House::new().http(origin, &["GET"], path, false).try_granted();
    for (origin, path) in [
        ("https://Register.example", None),
        ("https://register.example:443", None),
        ("https://register.example/", None),
        ("https://user@register.example", None),
        ("ftp://register.example", None),
        (REGISTER, Some("v1")),
        (REGISTER, Some("/v1/../admin")),
        (REGISTER, Some("/v1?x=1")),
        (REGISTER, Some("@evil.example/")),
    ] {
        assert_eq!(unwritten(origin, path).unwrap_err().len(), 1, "{origin} {path:?}");
    }
    let mut house = House::new().secret("token", &[SecretUse::Header], &[]);
    house.secrets.clear();
    assert!(house.try_granted().unwrap_err()[0].contains("[secret.token-section]"));
    let house = House::new().secret("token", &[SecretUse::Header], &[]).secret("token", &[SecretUse::Reveal], &[]);
    assert!(house.try_granted().unwrap_err()[0].contains("twice"));
    let mut house = House::new().http(REGISTER, &["GET"], None, false);
    house.settings.http[0].ca_file = Some("/nowhere.pem".into());
    assert!(house.try_granted().unwrap_err()[0].contains("/nowhere.pem"));
}

#[test]
fn grants_read_as_plain_words() {
    let house = House::new()
        .secret("token", &[SecretUse::Header, SecretUse::Reveal], &[REGISTER])
        .http(REGISTER, &["GET"], Some("/v1/people"), true)
        .cache();
    let words = house.granted().in_plain_words();
    for sentence in [
        "reads its configuration: level, people_url",
        "sends GET requests to https://register.example, path /v1/people and below, also at a private address",
        "SEES the value of the secret token",
        "has the secret token put into headers of requests to https://register.example without seeing it",
        "keeps up to 1000 bytes in 10 entries in memory between calls",
        "reaches no file, no environment variable and nothing else of this machine",
    ] {
        assert!(words.iter().any(|word| word == sentence), "{sentence}: {words:#?}");
    }
    assert_eq!(words, in_plain_words(&house.settings, &house.secrets));
    let nothing = House::new().granted().in_plain_words();
    assert!(nothing.iter().any(|word| word == "sends no request to anywhere"));
}
