//! Compares `htu` with the URI of a request (RFC 9449 4.3, 9th check): after the syntax-based and scheme-based normalisation of
//! RFC 3986 6.2.2 and 6.2.3, without query and fragment.

use std::fmt::Write as _;

/// Whether `given`, as a wallet wrote it, is `expected`.
pub(super) fn is_same(given: &str, expected: &str) -> bool {
    let expected = normal(expected);
    expected.is_some() && normal(given) == expected
}

/// The normal form of an http URI; `None` for what is none, or has user information.
fn normal(uri: &str) -> Option<String> {
    let uri = uri.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(at)?;
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let (host, port) = host_and_port(&unescaped(authority)?)?;
    let port = port.filter(|port| !port.is_empty() && port != default_port);
    let path = without_dots(&unescaped(path)?);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{}{port}{path}", host.to_ascii_lowercase()))
}

/// Host and port; `None` for what is no host with or without a number behind it.
fn host_and_port(authority: &str) -> Option<(String, Option<String>)> {
    let (host, port) = match authority.rsplit_once(':') {
        // Inside the brackets of an IPv6 address a colon starts no port.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let named =
        !host.is_empty() && (inner.is_some() || !host.contains(':')) && !inner.unwrap_or(host).contains(['[', ']']);
    let numbered = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    (named && numbered).then(|| (host.to_owned(), port.map(str::to_owned)))
}

/// Decodes escapes of unreserved characters and writes the others in upper case (RFC 3986 6.2.2.1, 6.2.2.2). An escaped slash stays
/// one, so it never becomes part of another path. `None` for characters that no URI has.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            let fits = byte.is_ascii_graphic()
                && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}' | b'|');
            out.push(fits.then_some(char::from(byte))?);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?;
        if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(value));
        } else {
            write!(out, "%{value:02X}").ok()?;
        }
    }
    Some(out)
}

/// Removes `.` and `..` segments (RFC 3986 5.2.4); an empty path is a slash.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => {
                kept.push(other);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    const TOKEN: &str = "https://issuer.example/acme/v1/oauth/token";

    // DPP-4.3-09
    #[test]
    fn what_means_the_same_uri_is_the_same() {
        for given in [
            TOKEN,
            "HTTPS://ISSUER.example:443/acme/v1/oauth/token?x#y",
            "https://issuer.example:/acme/v1/oauth/token",
            "https://issuer.example/acme/v1/oauth/token?",
            "https://issuer.example/acme/v1/oauth/token#",
            "https://issuer.example/%61cme/v1/oauth/%74oken",
            "https://issuer.example/acme/./v1/x/../oauth/token",
            "https://issuer.example/%2e/acme/v1/oauth/token",
            "https://issu%65r.example/acme/v1/oauth/token",
        ] {
            assert!(is_same(given, TOKEN), "{given}");
        }
        assert!(is_same("http://127.0.0.1:8080/%c3%bC", "http://127.0.0.1:8080/%C3%BC"));
        assert!(is_same("http://[::1]:80/a", "http://[::1]/a"));
        assert!(is_same("https://issuer.example", "https://issuer.example/"));
    }

    // SEC-DPOP-02
    #[test]
    fn what_is_another_uri_is_not_the_same() {
        for given in [
            "",
            "/acme/v1/oauth/token",
            "issuer.example/acme/v1/oauth/token",
            "http://issuer.example/acme/v1/oauth/token",
            "https://issuer.example:444/acme/v1/oauth/token",
            "https://issuer.example:80/acme/v1/oauth/token",
            "https://evil.example/acme/v1/oauth/token",
            "https://issuer.example.evil.example/acme/v1/oauth/token",
            "https://issuer.example@evil.example/acme/v1/oauth/token",
            "https://evil@issuer.example/acme/v1/oauth/token",
            "https://issuer.example/acme/v1/openid/credential",
            "https://issuer.example/acme/v1/oauth/token/",
            "https://issuer.example/acme/v1/oauth/token/x",
            "https://issuer.example/acme/v1/oauth//token",
            "https://issuer.example/acme/v1/oauth/Token",
            "https://issuer.example/acme/v1/oauth%2Ftoken",
            "https://issuer.example/acme/v1/oauth\\token",
            "https://issuer.example/acme/v1/oauth/token%",
            "https://issuer.example/acme/v1/oauth/token%0",
            "https://issuer.example/acme/v1/oauth/token%00",
            "https://issuer.example/acme/v1/oauth/token ",
            " https://issuer.example/acme/v1/oauth/token",
            "https://issuer.example/acme/v1/oauth/token/..",
            "https:///acme/v1/oauth/token",
            "https://:443/acme/v1/oauth/token",
            "https://issuer.example:443:443/acme/v1/oauth/token",
            "https://issuer.example:x/acme/v1/oauth/token",
            "https:issuer.example/acme/v1/oauth/token",
            "ftp://issuer.example/acme/v1/oauth/token",
            "https://issuer.éxample/acme/v1/oauth/token",
        ] {
            assert!(!is_same(given, TOKEN), "{given}");
        }
        // What is no URI equals nothing, itself neither.
        assert!(!is_same("x", "x"));
    }

    #[test]
    fn dots_are_removed_as_in_rfc_3986() {
        for (path, expected) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/mid/content=5/../6", "/mid/6"),
            ("", "/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
        ] {
            assert_eq!(without_dots(path), expected, "{path}");
        }
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_uris_never_panic_and_normal_ones_stay() {
        fuzz::mutate(&[TOKEN.as_bytes(), b"http://[::1]:8080/%7Ea/../b?c#d"], 20_000, |input| {
            let Ok(text) = std::str::from_utf8(input) else { return };
            if let Some(once) = normal(text) {
                assert_eq!(normal(&once).as_deref(), Some(once.as_str()), "{text}");
            }
        });
    }
}
