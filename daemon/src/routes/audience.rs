//! Who an endpoint is for: which listener, which headers, which form of errors.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Who reaches an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Wallets and verifiers, web wallets of any origin included.
    Wallet,
    /// A person, by pages; nothing of another origin.
    Browser,
    /// Operators' programs; no browser page of another origin.
    Operator,
}

/// What a response that is no page may do in a browser.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Response headers that a web wallet may read (HTP-CORS-02).
const EXPOSED: &str =
    "WWW-Authenticate, DPoP-Nonce, OAuth-Client-Attestation-Challenge, ETag, Retry-After, X-Request-Id";
/// Request headers that a web wallet may send.
const ALLOWED: &str = "Authorization, Content-Type, DPoP, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP";

impl Audience {
    /// The listener's name in logs and metrics.
    pub(super) fn listener(self) -> &'static str {
        match self {
            Self::Wallet | Self::Browser => "public",
            Self::Operator => "management",
        }
    }

    /// Adds what every response carries. Nothing is cached unless its handler says so, since most responses hold a code, a token or
    /// personal data (HTP-9111-01).
    /// With `strict`, browsers are to come back by https only (TLS-195-05).
    pub(super) fn decorate(self, headers: &mut HeaderMap, strict: bool) {
        if strict && self.listener() == "public" {
            set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        headers.entry(header::CACHE_CONTROL).or_insert(const { HeaderValue::from_static("no-store") });
        if self == Self::Browser {
            // What is in a URL stays here, and no page is part of another (BCP-4.2-01, BCP-4.16-01).
            set(headers, header::REFERRER_POLICY, "no-referrer");
            set(headers, header::X_FRAME_OPTIONS, "DENY");
            let policy = const { HeaderValue::from_static(NOTHING) };
            headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
        }
        if self == Self::Wallet {
            set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// Whether `OPTIONS` is answered; without CORS there is no use for it.
    pub(super) fn has_preflight(self) -> bool {
        self == Self::Wallet
    }

    /// Adds what a CORS preflight asks for.
    pub(super) fn permit(headers: &mut HeaderMap, methods: &HeaderValue) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
        set(headers, header::ACCESS_CONTROL_MAX_AGE, "7200");
    }
}

/// Whether an issuer is one that browsers may remember as https only. On a loopback host that would shut out whatever else runs there.
pub(super) fn is_strict(issuer: &str) -> bool {
    let host = issuer.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
    let loopback = matches!(host.as_str(), "localhost" | "[::1]") || host.starts_with("127.");
    issuer.starts_with("https:") && !loopback
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    // TLS-195-05
    #[test]
    fn browsers_are_told_to_come_by_https_only_when_the_issuer_is_reached_so() {
        for (issuer, expected) in [
            ("https://issuer.example", true),
            ("https://issuer.example:8443/acme", true),
            ("http://127.0.0.1:8080", false),
            ("https://127.0.0.1:8443", false),
            ("https://localhost", false),
            ("https://[::1]:8443", false),
        ] {
            assert_eq!(is_strict(issuer), expected, "{issuer}");
        }
        let strict = |audience: Audience, strict| {
            let mut headers = HeaderMap::new();
            audience.decorate(&mut headers, strict);
            headers.contains_key(header::STRICT_TRANSPORT_SECURITY)
        };
        assert!(strict(Audience::Wallet, true));
        assert!(!strict(Audience::Wallet, false) && !strict(Audience::Operator, true));
    }
}
