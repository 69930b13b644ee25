//! Which redirect URIs can be registered (RFC 6749 3.1.2, RFC 8252 section 7).

/// Longest redirect URI in bytes.
const LONGEST: usize = 2_048;
/// Schemes that never lead to a wallet, and that a browser would run or open.
const FORBIDDEN: [&str; 9] =
    ["javascript", "data", "file", "vbscript", "blob", "about", "ftp", "filesystem", "view-source"];

/// Says what is wrong with a redirect URI; `None` for one that can be registered.
pub(super) fn mistake(uri: &str) -> Option<&'static str> {
    if uri.is_empty() || uri.len() > LONGEST || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("must be a URI of at most 2048 visible ASCII characters");
    }
    if uri.contains(['#', '\\', '"', '<', '>']) {
        return Some("must have no fragment, backslash, quote or angle bracket");
    }
    let Some((scheme, rest)) = uri.split_once(':') else { return Some("must be an absolute URI") };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_lowercase()) || !scheme.bytes().all(plain) {
        return Some("must start with a scheme in lower case");
    }
    match scheme {
        "https" if has_host(rest) => None,
        "https" => Some("must name a host, and no user"),
        "http" if is_loopback(rest) => None,
        "http" => Some("must be https, except on a loopback address"),
        scheme if FORBIDDEN.contains(&scheme) => Some("must not have this scheme"),
        _ => None,
    }
}

fn authority(rest: &str) -> Option<&str> {
    let authority = rest.strip_prefix("//")?.split(['/', '?']).next()?;
    (!authority.is_empty() && !authority.contains('@')).then_some(authority)
}

fn has_host(rest: &str) -> bool {
    authority(rest).is_some_and(|authority| !authority.starts_with(':'))
}

fn is_loopback(rest: &str) -> bool {
    let Some(authority) = authority(rest) else { return false };
    let port =
        |after: &str| after.is_empty() || after.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    ["127.0.0.1", "[::1]", "localhost"].iter().any(|host| authority.strip_prefix(host).is_some_and(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-REDIR-01
    #[test]
    fn only_uris_that_lead_to_a_wallet_can_be_registered() {
        for good in [
            "https://wallet.example/cb",
            "https://wallet.example:8443/cb?x=1",
            "http://127.0.0.1:4711/cb",
            "http://[::1]/cb",
            "http://localhost/cb",
            "example.wallet:/cb",
            "openid-credential-callback://cb",
        ] {
            assert_eq!(mistake(good), None, "{good}");
        }
        for wrong in [
            "",
            "cb",
            "/cb",
            "//wallet.example",
            "https:cb",
            "https://",
            "https://:443/",
            "https://user@wallet.example/",
            "https://wallet.example/#x",
            "https://wallet.example/\\x",
            "https://wallet.example/ x",
            "https://wället.example/",
            "HTTPS://wallet.example/",
            "http://wallet.example/cb",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1:99999/",
            "http://user@127.0.0.1/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "1x:y",
        ] {
            assert!(mistake(wrong).is_some(), "{wrong}");
        }
        assert!(mistake(&format!("https://wallet.example/{}", "x".repeat(2_048))).is_some());
    }
}
