//! Nonces for `DPoP` proofs (RFC 9449 section 8): the MAC of a span of time, so that nothing is stored, every daemon with the master
//! key knows them, and each request may use the same one until it rotates.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;

use crate::base::secret::{Secret, hmac, same};

const SPAN: usize = 8;
/// 128 bits of the MAC: guessing one takes 2^127 tries.
const TAG: usize = 16;
const BYTES: usize = SPAN + TAG;
const CHARACTERS: usize = (BYTES * 4).div_ceil(3);

/// Makes nonces and knows them again.
pub(super) struct Nonces {
    key: Secret,
    /// Length of a span in seconds.
    span: i64,
}

impl Nonces {
    /// Nonces of `issuer`, each of which lives for `lifetime` (whole seconds) to twice as long.
    pub(super) fn new(key: &Secret, issuer: &str, lifetime: Duration) -> Self {
        let derived = hmac(key.expose(), &[b"dpop_nonce/", issuer.as_bytes()]);
        Self { key: Secret::new(derived.to_vec()), span: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX).max(1) }
    }

    /// The nonce of the span in which `now` lies.
    pub(super) fn issue(&self, now: Timestamp) -> String {
        self.print(self.span_of(now))
    }

    /// The end of a nonce of this span, the one before, or the next, which another daemon's clock may have reached; `None` for
    /// all else.
    pub(super) fn check(&self, text: &str, now: Timestamp) -> Option<Timestamp> {
        if text.len() != CHARACTERS {
            return None;
        }
        let mut decoded = [0; BYTES];
        B64.decode_slice(text, &mut decoded).ok().filter(|length| *length == BYTES)?;
        let (span, tag) = decoded.split_first_chunk::<SPAN>()?;
        let number = i64::from_be_bytes(*span);
        let current = self.span_of(now);
        if !(current - 1..=current + 1).contains(&number) || !same(&self.tag(*span), tag) {
            return None;
        }
        Timestamp::from_second(number.saturating_add(2).saturating_mul(self.span)).ok()
    }

    fn span_of(&self, now: Timestamp) -> i64 {
        now.as_second().div_euclid(self.span)
    }

    fn print(&self, number: i64) -> String {
        let span = number.to_be_bytes();
        B64.encode([span.as_slice(), &self.tag(span)].concat())
    }

    fn tag(&self, span: [u8; SPAN]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        tag.iter_mut().zip(hmac(self.key.expose(), &[&span])).for_each(|(to, from)| *to = from);
        tag
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::wire::fuzz;

    const ISSUER: &str = "https://issuer.example/acme";

    fn nonces(key: u8, issuer: &str) -> Nonces {
        Nonces::new(&Secret::new(vec![key; 32]), issuer, Duration::from_mins(5))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    // DPP-8.2-01
    #[test]
    fn a_nonce_lives_for_its_life_and_at_most_twice_as_long() {
        let nonces = nonces(1, ISSUER);
        for made in [3000, 3001, 3299] {
            let text = nonces.issue(at(made));
            for now in [made, made + 300, 3599] {
                assert_eq!(nonces.check(&text, at(now)), Some(at(3600)), "made {made}, now {now}");
            }
            for now in [3600, 5000, 0] {
                assert_eq!(nonces.check(&text, at(now)), None, "made {made}, now {now}");
            }
            // A daemon whose clock is a little behind knows it too.
            assert!(nonces.check(&text, at(2990)).is_some());
        }
    }

    // DPP-8-02
    #[test]
    fn a_nonce_changes_with_time_and_has_the_characters_of_the_standard() {
        let nonces = nonces(1, ISSUER);
        let drawn: HashSet<_> = (0..100).map(|span| nonces.issue(at(span * 300))).collect();
        assert_eq!(drawn.len(), 100);
        for text in drawn {
            assert!(text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{text}");
        }
    }

    // SEC-PROOF-02
    #[test]
    fn nonces_of_others_and_for_other_purposes_are_unknown() {
        let text = nonces(1, ISSUER).issue(at(3000));
        assert_eq!(nonces(2, ISSUER).check(&text, at(3000)), None);
        assert_eq!(nonces(1, "https://issuer.example/other").check(&text, at(3000)), None);
        let random = crate::base::random::SystemRandom::default();
        let other = crate::domain::nonce::NonceIssuer::new(Secret::new(vec![1; 32]), ISSUER, Duration::from_mins(5));
        assert_eq!(nonces(1, ISSUER).check(&other.issue(at(3000), &random).unwrap(), at(3000)), None);
        assert_eq!(other.check(&text, at(3000)), None);
    }

    // SEC-PROOF-03
    #[test]
    fn a_changed_nonce_is_unknown() {
        let nonces = nonces(1, ISSUER);
        let text = nonces.issue(at(3000));
        let raw = B64.decode(&text).unwrap();
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(nonces.check(&B64.encode(changed), at(3000)), None, "bit {bit}");
        }
        fuzz::mutate(&[text.as_bytes()], 5_000, |input| {
            let Ok(input) = std::str::from_utf8(input) else { return };
            assert_eq!(nonces.check(input, at(3000)).is_some(), input == text, "{input}");
        });
    }

    #[test]
    fn no_time_overflows() {
        for lifetime in [Duration::from_secs(1), Duration::MAX, Duration::ZERO] {
            let nonces = Nonces::new(&Secret::new(vec![1; 32]), ISSUER, lifetime);
            for now in [Timestamp::MIN, at(0), Timestamp::MAX] {
                let text = nonces.issue(now);
                let _ = nonces.check(&text, now);
                let _ = nonces.check(&text, Timestamp::MIN);
            }
        }
    }
}
