//! `c_nonce` values (`OpenID4VCI` section 7). A nonce proves by itself who made it and until when it lives, so that giving one out
//! writes nothing; it is taken, once, in the batch that records the issuance.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;

use crate::base::clock::after;
use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::{Secret, hmac, same};

const ID: usize = 16;
const EXPIRY: usize = 8;
/// 128 bits of the MAC: forging one takes 2^127 tries against a daemon that gives out nothing on a miss.
const TAG: usize = 16;
const BYTES: usize = ID + EXPIRY + TAG;
const CHARACTERS: usize = (BYTES * 4).div_ceil(3);

/// Gives out nonces and knows its own again.
pub struct NonceIssuer {
    /// Of this purpose and this issuer alone, so that no other token of the daemon and no nonce of another issuer passes.
    key: Secret,
    lifetime: Duration,
}

/// A nonce that this issuer gave out and that lives still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce {
    /// What makes it unique.
    pub id: [u8; ID],
    /// When it ends, in whole seconds.
    pub expires_at: Timestamp,
}

impl NonceIssuer {
    /// Nonces of `issuer` that live for `lifetime`, cut to whole seconds; `key` may serve other purposes too.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the caller gives the key away, and it is wiped here")]
    pub fn new(key: Secret, issuer: &str, lifetime: Duration) -> Self {
        let derived = hmac(key.expose(), &[b"c_nonce/", issuer.as_bytes()]);
        Self { key: Secret::new(derived.to_vec()), lifetime }
    }

    /// How long a nonce lives.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A fresh nonce: 16 random bytes, the end of its life in seconds, and a MAC over both; base64url.
    pub fn issue(&self, now: Timestamp, random: &dyn Random) -> Result<String, NoEntropy> {
        let id = bytes::<ID>(random)?;
        let expiry = after(now, self.lifetime).as_second().to_be_bytes();
        let mut out = Vec::with_capacity(BYTES);
        out.extend(id);
        out.extend(expiry);
        out.extend(self.tag(&id, expiry));
        Ok(B64.encode(out))
    }

    /// The nonce in `text`; `None` for what this issuer did not make, and for what has ended.
    #[must_use]
    pub fn check(&self, text: &str, now: Timestamp) -> Option<Nonce> {
        if text.len() != CHARACTERS {
            return None;
        }
        let mut decoded = [0; BYTES];
        B64.decode_slice(text, &mut decoded).ok().filter(|length| *length == BYTES)?;
        let (id, rest) = decoded.split_first_chunk::<ID>()?;
        let (expiry, tag) = rest.split_first_chunk::<EXPIRY>()?;
        if !same(&self.tag(id, *expiry), tag) {
            return None;
        }
        let expires_at = Timestamp::from_second(i64::from_be_bytes(*expiry)).ok()?;
        (now < expires_at).then_some(Nonce { id: *id, expires_at })
    }

    fn tag(&self, id: &[u8; ID], expiry: [u8; EXPIRY]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        tag.iter_mut().zip(hmac(self.key.expose(), &[id, &expiry])).for_each(|(to, from)| *to = from);
        tag
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::base::random::SystemRandom;
    use crate::wire::fuzz;

    const ISSUER: &str = "https://issuer.example/acme";

    fn issuer(key: u8, name: &str) -> NonceIssuer {
        NonceIssuer::new(Secret::new(vec![key; 32]), name, Duration::from_mins(5))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    // VCI-7.2-04
    #[test]
    fn a_nonce_is_known_until_it_ends() {
        let nonces = issuer(1, ISSUER);
        let text = nonces.issue(at(1000), &SystemRandom::default()).unwrap();
        for now in [0, 1000, 1299] {
            assert_eq!(nonces.check(&text, at(now)).unwrap().expires_at, at(1300));
        }
        for now in [1300, 1301, 1_000_000] {
            assert_eq!(nonces.check(&text, at(now)), None);
        }
    }

    // VCI-7-03, SEC-PROOF-02, SEC-TENANT-01
    #[test]
    fn nonces_of_others_are_unknown() {
        let text = issuer(1, ISSUER).issue(at(1000), &SystemRandom::default()).unwrap();
        assert!(issuer(1, ISSUER).check(&text, at(1000)).is_some());
        for other in
            [issuer(2, ISSUER), issuer(1, "https://issuer.example/other"), issuer(1, "https://issuer.example/acme/")]
        {
            assert_eq!(other.check(&text, at(1000)), None);
        }
    }

    // SEC-PROOF-03, VCI-7.2-03
    #[test]
    fn a_changed_nonce_is_unknown() {
        let nonces = issuer(1, ISSUER);
        let text = nonces.issue(at(1000), &SystemRandom::default()).unwrap();
        let raw = B64.decode(&text).unwrap();
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(nonces.check(&B64.encode(changed), at(1000)), None, "bit {bit}");
        }
        for text in [
            String::new(),
            text[1..].to_owned(),
            format!("{text}="),
            format!("{text}A"),
            " ".repeat(54),
            "é".repeat(27),
        ] {
            assert_eq!(nonces.check(&text, at(1000)), None, "{text}");
        }
        assert_eq!(nonces.check(&"A".repeat(1 << 20), at(1000)), None);
        fuzz::mutate(&[text.as_bytes()], 10_000, |input| {
            let Ok(input) = std::str::from_utf8(input) else { return };
            assert_eq!(nonces.check(input, at(1000)).is_some(), input == text, "{input}");
        });
    }

    // VCI-7.2-03
    #[test]
    fn nonces_are_distinct() {
        let nonces = issuer(1, ISSUER);
        let random = SystemRandom::default();
        let drawn: HashSet<_> = (0..10_000).map(|_| nonces.issue(at(1000), &random).unwrap()).collect();
        assert_eq!(drawn.len(), 10_000);
    }

    #[test]
    fn no_time_overflows() {
        let nonces = issuer(1, ISSUER);
        let text = nonces.issue(Timestamp::MAX, &SystemRandom::default()).unwrap();
        assert_eq!(nonces.check(&text, Timestamp::MAX), None);
        assert!(nonces.check(&text, at(0)).is_some());
    }
}
