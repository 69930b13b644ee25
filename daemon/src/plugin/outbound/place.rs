//! Where a request goes: its URL, read as the library that sends it reads it.

use std::net::IpAddr;

use reqwest::Url;

/// Longest URL, in bytes.
const LONGEST: usize = 8 << 10;
/// How often a path may be percent-encoded over: a server may decode more than once.
const DECODINGS: usize = 3;

/// A URL that a request can go to.
pub(in crate::plugin) fn parse(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err("the URL is too long".to_owned());
    }
    // The library would drop or translate them, and others do not.
    if text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'\\')) {
        return Err("the URL has a blank, a control character or a backslash".to_owned());
    }
    let mut url = Url::parse(text).map_err(|error| format!("the URL cannot be read: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("the URL is not https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err("the URL has a user or a password".to_owned());
    }
    url.set_fragment(None);
    Ok(url)
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Scheme, host and port as grants have them.
pub(in crate::plugin) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The address, when the URL has one in place of a name.
pub(in crate::plugin) fn literal(url: &Url) -> Option<IpAddr> {
    // The library writes every form of an address in the usual one.
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Whether the path is `prefix` (without a slash at its end) or below it, however the server decodes it.
pub(in crate::plugin) fn is_below(url: &Url, prefix: &str) -> bool {
    let path = url.path();
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && !climbs(path)
}

/// Whether a server could read the path as one that leaves its folder: `..` in disguise.
fn climbs(path: &str) -> bool {
    let mut path = path.as_bytes().to_vec();
    for _ in 0..DECODINGS {
        // Some servers take what follows a semicolon off each segment first.
        let dots = |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
        if path.split(|byte| matches!(byte, b'/' | b'\\')).any(dots) {
            return true;
        }
        let decoded = decode(&path);
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    true
}

fn decode(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            out.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_refused_or_reduced_to_their_origin() {
        for (text, expected) in [
            ("https://register.example/people", Some("https://register.example")),
            ("HTTPS://Register.EXAMPLE:443/people", Some("https://register.example")),
            ("https://register.example:8443", Some("https://register.example:8443")),
            ("http://register.example:80/", Some("http://register.example")),
            ("https://register.example./", Some("https://register.example.")),
            ("https://0x7f.1/", Some("https://127.0.0.1")),
            ("https://2130706433/", Some("https://127.0.0.1")),
            ("https://[::1]:8443/", Some("https://[::1]:8443")),
            ("https://register.example#@evil.example", Some("https://register.example")),
            ("https://user@register.example/", None),
            ("https://user:password@register.example/", None),
            ("https://@register.example/", None),
            ("https://register.example@evil.example/", None),
            ("https://evil.example\\@register.example/", None),
            ("https://register.example/a\tb", None),
            (" https://register.example/", None),
            ("ftp://register.example/", None),
            ("file:///etc/passwd", None),
            ("//register.example/", None),
            ("register.example", None),
            ("https://", None),
        ] {
            assert_eq!(parse(text).ok().map(|url| origin(&url)).as_deref(), expected, "{text}");
        }
        assert!(parse(&format!("https://register.example/{}", "a".repeat(LONGEST))).is_err());
    }

    #[test]
    fn paths_stay_below_their_prefix() {
        for (path, below) in [
            ("/v1/people", true),
            ("/v1/people/", true),
            ("/v1/people/7", true),
            ("/v1/people?id=7", true),
            ("/v1/people/a%2Fb", true),
            ("/v1/people/50%25", true),
            ("/v1/people/..a", true),
            ("/v1/people/7/../8", true),
            ("/v1/peopleX", false),
            ("/v1/People", false),
            ("/v1", false),
            ("/", false),
            ("/v1/people/../admin", false),
            ("/v1/people/%2e%2e/admin", false),
            ("/v1/people/.%2E/admin", false),
            ("/v1/people/..%2fadmin", false),
            ("/v1/people/..%5Cadmin", false),
            ("/v1/people/%252e%252e%252fadmin", false),
            ("/v1/people/%25252e%25252e/admin", false),
            ("/v1/people/..;/admin", false),
            ("/v1/people/..;a=b/admin", false),
            ("/v1/people/%2e%2e%3b/admin", false),
            ("/v1/%70eople/7", false),
        ] {
            let url = parse(&format!("https://register.example{path}")).unwrap();
            assert_eq!(is_below(&url, "/v1/people"), below, "{path}");
        }
    }
}
