//! Who sent a request, as far as a plugin is told.

use std::net::IpAddr;

/// Most languages that are read of a request.
const MOST_LOCALES: usize = 10;
/// Longest language tag; BCP 47 asks for 35 characters.
const LONGEST_LOCALE: usize = 35;

/// The sender of a request. It borrows from the request, so that nothing is copied for requests that no plugin sees.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// Address of the client.
    pub remote_address: Option<IpAddr>,
    /// `User-Agent`
    pub user_agent: Option<&'a str>,
    /// `Accept-Language`
    pub languages: Option<&'a str>,
}

impl Caller<'_> {
    /// Languages that the person reads, the preferred one first (RFC 9110 12.5.4). What is no language tag is left out.
    #[must_use]
    pub fn locales(&self) -> Vec<String> {
        let ranges = self.languages.unwrap_or_default().split(',').take(MOST_LOCALES).filter_map(weighted);
        let mut ranges: Vec<_> = ranges.filter(|(_, weight)| *weight > 0).collect();
        // Stable: equal weights keep the order in which they were sent.
        ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        ranges.into_iter().map(|(tag, _)| tag.to_owned()).collect()
    }
}

/// A language range with its weight in thousandths.
fn weighted(range: &str) -> Option<(&str, u32)> {
    let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
    let tag = tag.trim();
    let letters = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let weight: f32 = parameter.trim().strip_prefix("q=")?.trim().parse().ok()?;
    let good = tag.len() <= LONGEST_LOCALE && tag.split('-').all(letters) && (0.0..=1.0).contains(&weight);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    good.then_some((tag, (weight * 1000.0) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_come_in_the_order_of_their_weights() {
        for (sent, read) in [
            ("de-CH, fr;q=0.7, en;q=0.9", vec!["de-CH", "en", "fr"]),
            ("de,en", vec!["de", "en"]),
            ("en;q=0, de", vec!["de"]),
            ("*, en;q=2, fr;q=x, ;q=1, \u{e9}, a_b, it", vec!["it"]),
            ("", vec![]),
        ] {
            assert_eq!(Caller { languages: Some(sent), ..Caller::default() }.locales(), read, "{sent}");
        }
        assert!(Caller::default().locales().is_empty());
        let flood = "de,".repeat(1000);
        assert_eq!(Caller { languages: Some(&flood), ..Caller::default() }.locales().len(), MOST_LOCALES);
    }
}
