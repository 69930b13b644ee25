//! URLs that an organisation configures and that this issuer or a browser goes to: one plain spelling, with what the rules for them
//! ask about.

use std::net::IpAddr;

/// Longest URL, in bytes.
const LONGEST: usize = 2_000;

/// Why a text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not an absolute `https` or `http` URL of visible ASCII characters.
    #[error("must be an absolute https URL in visible ASCII characters, a host with other letters as xn--")]
    Malformed,
    /// Longer than the limit.
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    /// It names a user.
    #[error("must name no user")]
    User,
}

/// A URL that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebUrl<'a> {
    /// The text without a fragment.
    pub text: &'a str,
    /// Whether it is `https`.
    pub secure: bool,
    /// Host without port; an IPv6 address in brackets.
    pub host: &'a str,
    /// Whether it has a query.
    pub query: bool,
}

impl<'a> WebUrl<'a> {
    /// Reads a URL; a fragment is dropped.
    pub fn parse(text: &'a str) -> Result<Self, UrlError> {
        if text.len() > LONGEST {
            return Err(UrlError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte)) {
            return Err(UrlError::Malformed);
        }
        let text = text.split('#').next().unwrap_or_default();
        let (secure, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(UrlError::Malformed),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlError::User);
        }
        let host = host(authority).ok_or(UrlError::Malformed)?;
        Ok(Self { text, secure, host, query: rest.contains('?') })
    }

    /// Scheme, host and port in one spelling: the host in lower case, the port without the usual one of the scheme.
    #[must_use]
    pub fn origin(&self) -> String {
        let (scheme, usual) = if self.secure { ("https", ":443") } else { ("http", ":80") };
        let rest = self.text.get(scheme.len() + 3..).unwrap_or_default();
        let authority = rest.split(['/', '?']).next().unwrap_or_default().to_ascii_lowercase();
        let authority = authority.strip_suffix(usual).unwrap_or(&authority);
        format!("{scheme}://{authority}")
    }

    /// The host's address, when it is one and not a name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }

    /// Whether the host is this machine by its name or address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.address().is_some_and(|address| address.is_loopback())
    }

    /// Whether the host is written as a number, as an address or in one of the forms that libraries take for one.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        let last = self.host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        self.host.starts_with('[')
            || last.bytes().all(|byte| byte.is_ascii_digit())
            || last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
    }
}

fn host(authority: &str) -> Option<&str> {
    let bracket = authority.strip_prefix('[').and_then(|rest| rest.find(']')).map(|end| end + 2);
    let end = bracket.or_else(|| authority.find(':')).unwrap_or(authority.len());
    let (host, port) = authority.split_at_checked(end)?;
    let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (port_fits && (name || bracket.is_some())).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_others_refused() {
        let url = WebUrl::parse("https://login.example:8443/realms/a?x=1#y").unwrap();
        assert_eq!((url.host, url.secure, url.query), ("login.example", true, true));
        assert_eq!(url.text, "https://login.example:8443/realms/a?x=1");
        for (text, error) in [
            ("", UrlError::Malformed),
            ("login.example", UrlError::Malformed),
            ("ftp://login.example", UrlError::Malformed),
            ("HTTPS://login.example", UrlError::Malformed),
            ("https://", UrlError::Malformed),
            ("https://:443", UrlError::Malformed),
            ("https://a:b:c", UrlError::Malformed),
            ("https://a:99999", UrlError::Malformed),
            ("https://lögin.example", UrlError::Malformed),
            ("https://login.example/a b", UrlError::Malformed),
            ("https://evil.example\\@login.example", UrlError::Malformed),
            ("https://user@login.example", UrlError::User),
            ("https://[::1", UrlError::Malformed),
            ("https://[::1]x", UrlError::Malformed),
        ] {
            assert_eq!(WebUrl::parse(text), Err(error), "{text}");
        }
        assert_eq!(WebUrl::parse(&format!("https://a/{}", "b".repeat(LONGEST))), Err(UrlError::TooLong));
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, origin) in [
            ("https://Register.Example/a?b", "https://register.example"),
            ("https://register.example:443", "https://register.example"),
            ("https://register.example:80/", "https://register.example:80"),
            ("http://127.0.0.1:80?x=/y", "http://127.0.0.1"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(WebUrl::parse(text).unwrap().origin(), origin, "{text}");
        }
    }

    // SEC-SSRF-02
    #[test]
    fn numbers_and_this_machine_are_known() {
        for (text, numeric, loopback) in [
            ("https://login.example", false, false),
            ("http://localhost:1", false, true),
            ("http://127.0.0.1:1", true, true),
            ("http://[::1]:1", true, true),
            ("https://10.0.0.1/", true, false),
            ("https://2130706433/", true, false),
            ("https://0x7f.1/", true, false),
            ("https://a.0x7f000001/", true, false),
            ("https://0X7F.1/", true, false),
            ("https://10.0.0.1./", true, false),
            ("https://127.0.0.1.example/", false, false),
        ] {
            let url = WebUrl::parse(text).unwrap();
            assert_eq!((url.is_numeric(), url.is_loopback()), (numeric, loopback), "{text}");
        }
    }
}
