//! The cookie that binds an interaction to the browser in which it began: one for each, so that two windows do not disturb each other.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::base::secret::sha256;
use crate::domain::interaction::INTERACTION_LIFETIME;
use crate::domain::site::Site;

/// Over https the name makes browsers see to it that no other host has set the cookie (RFC 6265bis 4.1.3.2).
fn name(site: &Site, id: &str) -> String {
    let prefix = if is_secure(site) { "__Host-" } else { "" };
    let place = sha256(id.as_bytes()).iter().take(6).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{prefix}issuerd-{place}")
}

fn is_secure(site: &Site) -> bool {
    site.issuer.starts_with("https:")
}

/// The value that the browser shows for the interaction `id`.
pub(super) fn shown<'a>(site: &Site, headers: &'a HeaderMap, id: &str) -> Option<&'a str> {
    let name = name(site, id);
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find_map(|(given, value)| (given == name).then_some(value))
}

/// Sets it. `Lax`: the browser comes back from a login elsewhere by a link.
pub(super) fn set(site: &Site, id: &str, value: &str) -> Option<HeaderValue> {
    header_of(site, id, value, INTERACTION_LIFETIME.as_secs())
}

/// Takes it back.
pub(super) fn clear(site: &Site, id: &str) -> Option<HeaderValue> {
    header_of(site, id, "", 0)
}

fn header_of(site: &Site, id: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
    let secure = if is_secure(site) { "; Secure" } else { "" };
    let name = name(site, id);
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(issuer: &str) -> Site {
        Site::of(issuer, "")
    }

    #[test]
    fn over_https_no_other_host_can_set_it() {
        let text = |issuer| set(&site(issuer), "id", "v").unwrap().to_str().unwrap().to_owned();
        let secure = text("https://issuer.example/acme");
        assert!(secure.starts_with("__Host-issuerd-") && secure.ends_with("; Secure"), "{secure}");
        for part in ["; Path=/;", "HttpOnly", "SameSite=Lax", "Max-Age=1800"] {
            assert!(secure.contains(part), "{secure}");
        }
        let plain = text("http://127.0.0.1:8080");
        assert!(plain.starts_with("issuerd-") && !plain.contains("Secure"), "{plain}");
    }

    #[test]
    fn each_interaction_has_its_own() {
        let site = site("https://issuer.example");
        let (one, other) = (set(&site, "one", "1").unwrap(), set(&site, "other", "2").unwrap());
        let pair = |value: &HeaderValue| value.to_str().unwrap().split(';').next().unwrap().to_owned();
        let both = format!("x=y; {}; {}", pair(&one), pair(&other));
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&both).unwrap())]);
        assert_eq!(shown(&site, &headers, "one"), Some("1"));
        assert_eq!(shown(&site, &headers, "other"), Some("2"));
        assert_eq!(shown(&site, &headers, "third"), None);
        assert!(clear(&site, "one").unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}
