//! Where a browser may be sent with an answer (RFC 6749 3.1.2, RFC 8252 7, RFC 9700 2.1 and 4.1.3).
//!
//! A registered URI is compared to the letter; only the port of a loopback address is free. What is not registered, which is the case of
//! wallets that are known by an attestation or not at all, must be of a kind that the policy allows and be spelled in the one plain
//! way, so that no two readers of it can see two different places.

use std::net::Ipv4Addr;

/// Longest redirect URI, in bytes.
pub const LONGEST: usize = 2048;
/// Schemes that never name a wallet, even when the operator lists them.
const NEVER: &[&str] = &[
    "about",
    "blob",
    "cid",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "http",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "sms",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];
/// Names of the parameters that an answer adds; a URI that has one already would make an answer that reads in two ways.
const ANSWER: &[&str] = &["code", "state", "iss", "error", "error_description", "error_uri", "response"];

/// Why a redirect URI is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    /// Too long, or spelled in a way that readers could disagree about.
    #[error("redirect_uri is not a plain absolute URI without fragment and user")]
    Malformed,
    /// A scheme that is never accepted, or not by the policy.
    #[error("redirect_uri has a scheme that is not accepted here")]
    Scheme,
    /// Plain http to somewhere else than this device.
    #[error("redirect_uri must be https, except on the loopback address")]
    PlainHttp,
    /// Not one of those that the client has registered.
    #[error("redirect_uri is not one that the client has registered")]
    NotRegistered,
}

/// Which redirect URIs a client may use that has registered none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedirectPolicy {
    /// `https` URIs of any host name, as apps claim them.
    pub https: bool,
    /// Private-use schemes, which are a reversed domain name and so have a dot.
    pub private_schemes: bool,
    /// `http` on `127.0.0.1` and `[::1]`, any port.
    pub loopback: bool,
    /// Schemes without a dot that are accepted as well, such as `openid-credential-offer`.
    pub schemes: Vec<String>,
}

/// A URI taken apart as far as it matters here.
struct Parts<'a> {
    scheme: &'a str,
    /// Host and port; `None` when there is no `//`.
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl RedirectPolicy {
    /// Whether the client may use `uri`; `registered` is `None` for a client that has registered none.
    pub fn check(&self, registered: Option<&[String]>, uri: &str) -> Result<(), RedirectProblem> {
        let parts = Parts::of(uri).ok_or(RedirectProblem::Malformed)?;
        parts.check_common()?;
        match registered {
            Some(registered) if registered.iter().any(|one| one == uri || same_loopback(one, &parts)) => Ok(()),
            Some(_) => Err(RedirectProblem::NotRegistered),
            None => self.check_unregistered(&parts),
        }
    }

    fn check_unregistered(&self, parts: &Parts<'_>) -> Result<(), RedirectProblem> {
        match parts.scheme {
            "https" if !self.https => Err(RedirectProblem::Scheme),
            "https" if is_host_name(parts.host().0) => Ok(()),
            "https" => Err(RedirectProblem::Malformed),
            "http" if self.loopback && parts.is_loopback() => Ok(()),
            "http" if parts.is_loopback() => Err(RedirectProblem::Scheme),
            "http" => Err(RedirectProblem::PlainHttp),
            other if self.schemes.iter().any(|listed| listed == other) => Ok(()),
            other if self.private_schemes && is_reverse_domain(other) => Ok(()),
            _ => Err(RedirectProblem::Scheme),
        }
    }
}

impl<'a> Parts<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        if uri.len() > LONGEST || !uri.bytes().all(is_plain) || !escapes_are_harmless(uri) {
            return None;
        }
        let (scheme, rest) = uri.split_once(':')?;
        let first = scheme.bytes().next()?;
        let of_scheme = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
        if !first.is_ascii_lowercase() || !scheme.bytes().all(of_scheme) {
            return None;
        }
        let (before, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
        let (authority, path) = match before.strip_prefix("//") {
            None => (None, before),
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
        };
        Some(Self { scheme, authority, path, query })
    }

    /// What holds for each of them, registered or not.
    fn check_common(&self) -> Result<(), RedirectProblem> {
        let web = matches!(self.scheme, "http" | "https");
        if NEVER.contains(&self.scheme) && !web {
            return Err(RedirectProblem::Scheme);
        }
        let rooted = self.authority.is_some() || self.path.starts_with('/');
        let authority = self.authority.is_none_or(|authority| is_authority(authority, web));
        if !rooted || (web && self.authority.is_none()) || !authority || !is_path(self.path) || self.pollutes() {
            return Err(RedirectProblem::Malformed);
        }
        let local = self.is_loopback() || self.host().0 == "localhost";
        if self.scheme == "http" && !local { Err(RedirectProblem::PlainHttp) } else { Ok(()) }
    }

    fn pollutes(&self) -> bool {
        let query = self.query.unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| ANSWER.contains(&name.as_ref()))
    }

    /// Host and port.
    fn host(&self) -> (&'a str, Option<&'a str>) {
        let authority = self.authority.unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        }
    }

    fn is_loopback(&self) -> bool {
        self.scheme == "http" && matches!(self.host().0, "127.0.0.1" | "[::1]")
    }
}

/// Characters of a URI (RFC 3986 2) but `#`, which starts a fragment.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether each `%` is followed by two digits, and none hides a control character or a backslash.
fn escapes_are_harmless(uri: &str) -> bool {
    uri.split('%').skip(1).all(|rest| {
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_control() && byte != b'\\')
    })
}

/// No user; a host; a port of digits after a colon. `web` for http and https, whose host cannot be left out.
fn is_authority(authority: &str, web: bool) -> bool {
    if authority.contains(['@', '%', '\'', '(', ')', '*', ',', ';', '!', '$', '&', '+', '=']) {
        return false;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
            && !port.starts_with('0')
    });
    let named = host == "[::1]" || host == "localhost" || host.parse::<Ipv4Addr>().is_ok() || is_host_name(host);
    let private = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    port && if web { named } else { private(host) }
}

/// A name of lower-case labels with a top level that is no number, so that no resolver takes it for an address.
fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(label)
        && top.bytes().any(|b| b.is_ascii_lowercase())
        && !top.starts_with("0x")
        && !host.ends_with(".localhost")
}

/// No empty first segment, which a reader could take for a host, and no segment that climbs, escaped or not.
fn is_path(path: &str) -> bool {
    let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    !path.starts_with("//") && !path.contains(['[', ']', '@']) && !path.split('/').any(climbs)
}

/// A scheme that is a reversed domain name (RFC 8252 7.1).
fn is_reverse_domain(scheme: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    scheme.contains('.') && scheme.split('.').all(label)
}

/// Whether `registered` is the same loopback URI but for its port (RFC 8252 7.3).
fn same_loopback(registered: &str, asked: &Parts<'_>) -> bool {
    Parts::of(registered).is_some_and(|registered| {
        registered.is_loopback()
            && asked.is_loopback()
            && registered.host().0 == asked.host().0
            && (registered.path, registered.query) == (asked.path, asked.query)
    })
}

/// `uri` with the parameters of an answer, in addition to those that it has (RFC 6749 4.1.2).
#[must_use]
pub fn with_answer(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut answer = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        answer.append_pair(name, value);
    }
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", answer.finish())
}

/// What a person is told of the place that a redirect URI leads to: the host of a web address, else the scheme of the app.
#[must_use]
pub fn destination(uri: &str) -> String {
    let Some(parts) = Parts::of(uri) else { return String::new() };
    match (parts.scheme, parts.authority) {
        ("http" | "https", Some(authority)) => authority.to_owned(),
        (scheme, _) => format!("{scheme}:"),
    }
}

/// The place as a source of a content security policy: a page that is answered with a redirect there must allow it.
#[must_use]
pub fn policy_source(uri: &str) -> Option<String> {
    let parts = Parts::of(uri)?;
    match (parts.scheme, parts.authority) {
        // Policies have no form for an IPv6 address.
        ("http", Some(authority)) if authority.starts_with('[') => Some("http:".into()),
        ("http" | "https", Some(authority)) => Some(format!("{}://{authority}", parts.scheme)),
        (scheme, _) => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests;
