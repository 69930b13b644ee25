use super::*;

const REGISTERED: &str = "https://wallet.example/cb";

fn policy() -> RedirectPolicy {
    RedirectPolicy { https: true, private_schemes: true, loopback: true, schemes: vec!["openwallet".into()] }
}

fn registered(uri: &str) -> Result<(), RedirectProblem> {
    policy().check(Some(&[REGISTERED.to_owned(), "http://127.0.0.1/cb".to_owned()]), uri)
}

fn unregistered(uri: &str) -> Result<(), RedirectProblem> {
    policy().check(None, uri)
}

/// URIs that must never be followed, whoever sends them: made from what attackers are known to try.
#[expect(clippy::too_many_lines, reason = "a list")]
fn hostile() -> Vec<String> {
    let mut all = Vec::new();
    let schemes = [
        "javascript",
        "JavaScript",
        "java\tscript",
        "data",
        "vbscript",
        "file",
        "blob",
        "about",
        "intent",
        "ftp",
        "ws",
        "wss",
        "view-source",
        "mailto",
        "tel",
        "sms",
        "filesystem",
        "content",
        "jar",
        "urn",
        "cid",
        "wallet",
        "x",
    ];
    for scheme in schemes {
        for rest in [":alert(1)", "://wallet.example/cb", ":/cb", ":text/html,<script>x</script>"] {
            all.push(format!("{scheme}{rest}"));
        }
    }
    for host in [
        "wallet.example@evil.example",
        "user:pw@wallet.example",
        "wallet.example\\@evil.example",
        "wallet.example\\.evil.example",
        "wallet.example%40evil.example",
        "wallet.example%2eevil.example",
        "wallet.example%00.evil.example",
        "wallet.example:443@evil.example",
        "wallet.example:",
        "wallet.example:0",
        "wallet.example:99999",
        "wallet.example:0443",
        "wallet.example:x",
        "wallet.example.",
        "WALLET.example",
        "wallet",
        "localhost",
        "x.localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]",
        "[wallet.example]",
        "",
        "-wallet.example",
        "wallet-.example",
        "wal_let.example",
        "wallet..example",
        ".wallet.example",
        "w\u{e4}llet.example",
        "wallet\u{3002}example",
        "wallet.example\u{ff0f}evil.example",
        "wallet.example;evil.example",
        "wallet.example,evil.example",
        "wallet.example&evil.example",
        "wallet.example(evil)",
        "wallet.example evil.example",
        "wallet.example\u{0}",
        "wallet.example\t",
        "wallet.example\n",
        "wallet.example\r\nX: y",
        "wallet.example'",
        "wallet.example\"",
        "wallet.example<",
        "wallet.example{x}",
        "wallet.example|",
        "wallet.example^",
        "wallet.example`",
        "*.example",
    ] {
        all.push(format!("https://{host}/cb"));
    }
    for tail in [
        "#",
        "#code=x",
        "/../evil",
        "/./cb",
        "/%2e%2e/evil",
        "/.%2E/x",
        "/%2e",
        "//evil.example",
        "/cb%00",
        "/cb%0d%0aX:y",
        "/cb%5cevil",
        "/cb\\evil",
        "/cb%",
        "/cb%2",
        "/cb%zz",
        "/cb%u0041",
        "/cb?code=x",
        "/cb?x=1&state=y",
        "/cb?iss=z",
        "/cb?error=e",
        "/cb?%63ode=x",
        "/cb?error_description=x",
        "/cb?response=x",
        "/cb?error_uri=x",
        "/cb?x#y",
        "/c b",
        "/cb\u{e9}",
        "/cb\u{202e}",
        "/cb<x>",
        "/cb\"x",
        "/[x]",
        "/@evil.example",
        "/cb?x=\\",
        "/cb?x=%0a",
        "/cb?x=\u{0}",
    ] {
        all.push(format!("https://wallet.example{tail}"));
    }
    for uri in [
        "",
        " ",
        "/cb",
        "//wallet.example/cb",
        "wallet.example/cb",
        "https:",
        "https:/",
        "https://",
        "https:/wallet.example/cb",
        "https:wallet.example/cb",
        "https:///cb",
        "https:////wallet.example/cb",
        "https:\\\\wallet.example\\cb",
        " https://wallet.example/cb",
        "https://wallet.example/cb ",
        "HTTPS://wallet.example/cb",
        "Https://wallet.example/cb",
        "https//wallet.example/cb",
        "://wallet.example/cb",
        ":cb",
        "1https://wallet.example/cb",
        "ht tps://wallet.example",
        "http://wallet.example/cb",
        "http://evil.example/cb",
        "http://127.0.0.2/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.1/cb",
        "http://0.0.0.0/cb",
        "http://[::]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1#@evil.example/cb",
        "http://127.0.0.1\\@evil.example/cb",
        "http://LOCALHOST/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http:127.0.0.1/cb",
        "http:/127.0.0.1/cb",
        "http:///127.0.0.1/cb",
        "com.example.wallet:cb",
        "com.example.wallet:",
        "com.example.wallet:javascript:alert(1)",
        "com.example.wallet://user@host/cb",
        "com.example.wallet:/cb#x",
        "com.example.wallet:/cb?code=1",
        "com..example:/cb",
        ".com.example:/cb",
        "com.example.:/cb",
        "com.-example:/cb",
        "Com.Example:/cb",
        "com.example.wallet:/../cb",
        "com.example.wallet:/%2e%2e/cb",
        "com.example.wallet://h%00st/cb",
        "com.example.wallet:/cb\r\nx",
        "com.example+wallet:/cb",
        "-com.example:/cb",
        "9com.example:/cb",
        "openwallet:cb",
        "openwallet:",
        "openwallets://cb",
    ] {
        all.push(uri.to_owned());
    }
    all.push(format!("https://wallet.example/{}", "a".repeat(LONGEST)));
    all
}

// SEC-REDIR-01, BCP-4.1.3-01, BCP-2.1-01
#[test]
fn a_list_of_200_hostile_uris_is_refused_registered_or_not() {
    let all = hostile();
    assert!(all.len() >= 200, "{}", all.len());
    for uri in all {
        assert!(unregistered(&uri).is_err(), "unregistered: {uri:?}");
        assert!(registered(&uri).is_err(), "registered: {uri:?}");
    }
}

// BCP-4.1.3-01
#[test]
fn a_registered_uri_is_compared_to_the_letter() {
    assert_eq!(registered(REGISTERED), Ok(()));
    for other in [
        "https://wallet.example/cb/",
        "https://wallet.example/cb?x=1",
        "https://wallet.example/cb?",
        "https://wallet.example/CB",
        "https://wallet.example/%63b",
        "https://wallet.example:443/cb",
        "https://wallet.example:8443/cb",
        "https://www.wallet.example/cb",
        "https://wallet.example.evil.example/cb",
        "https://evil.example/wallet.example/cb",
        "https://wallet.example",
        "https://xn--wllet-ira.example/cb",
        "https://evil.example/cb?https://wallet.example/cb",
        "com.example.wallet:/cb",
    ] {
        assert_eq!(registered(other), Err(RedirectProblem::NotRegistered), "{other}");
    }
}

// BCP-4.1.3-01, RFC 8252 7.3
#[test]
fn the_port_of_a_loopback_address_is_free_and_nothing_else_of_it() {
    for good in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"] {
        assert_eq!(registered(good), Ok(()), "{good}");
    }
    for other in [
        "http://127.0.0.1:5000/other",
        "http://[::1]:5000/cb",
        "http://localhost:5000/cb",
        "http://127.0.0.1:5000/cb?x=1",
    ] {
        assert_eq!(registered(other), Err(RedirectProblem::NotRegistered), "{other}");
    }
}

#[test]
fn a_wallet_that_registered_nothing_has_what_the_policy_allows() {
    let none = RedirectPolicy::default();
    for good in [
        "https://wallet.example/cb",
        "https://a.b-c.wallet.example:8443/cb?x=1&y=%20",
        "https://wallet.example",
        "com.example.wallet:/cb",
        "com.example.wallet://cb",
        "com.example.wallet:///cb",
        "openwallet://cb",
        "http://127.0.0.1:4711/cb",
        "http://[::1]:4711/cb",
    ] {
        assert_eq!(unregistered(good), Ok(()), "{good}");
        assert_eq!(none.check(None, good), Err(RedirectProblem::Scheme), "{good}");
    }
}

// OAU-4.1.2-01
#[test]
fn an_answer_is_added_to_the_query_that_is_there() {
    let answer = [("code", "a b&c"), ("iss", "https://issuer.example")];
    let added = "code=a+b%26c&iss=https%3A%2F%2Fissuer.example";
    for (uri, expected) in [
        ("https://w.example/cb", format!("https://w.example/cb?{added}")),
        ("https://w.example/cb?", format!("https://w.example/cb?{added}")),
        ("https://w.example/cb?x=1", format!("https://w.example/cb?x=1&{added}")),
        ("https://w.example/cb?x=1&", format!("https://w.example/cb?x=1&{added}")),
        ("com.example.wallet:/cb", format!("com.example.wallet:/cb?{added}")),
    ] {
        assert_eq!(with_answer(uri, &answer), expected);
    }
}

#[test]
fn a_place_is_told_to_the_person_and_to_the_browser() {
    for (uri, told, source) in [
        ("https://wallet.example:8443/cb?x", "wallet.example:8443", "https://wallet.example:8443"),
        ("http://127.0.0.1:4711/cb", "127.0.0.1:4711", "http://127.0.0.1:4711"),
        ("http://[::1]:4711/cb", "[::1]:4711", "http:"),
        ("com.example.wallet:/cb", "com.example.wallet:", "com.example.wallet:"),
        ("openwallet://cb", "openwallet:", "openwallet:"),
    ] {
        assert_eq!((destination(uri).as_str(), policy_source(uri).as_deref()), (told, Some(source)));
    }
}
