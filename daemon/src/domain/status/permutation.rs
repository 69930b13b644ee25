//! The order in which the places of a list are given out: a keyed permutation of 0 to its size, so that a place tells nothing of when
//! or with which others it was given (Token Status List 12.5), and none comes twice.
//!
//! A Feistel network of ten rounds over the next power of two, with HMAC-SHA-256 as its round function, as in NIST SP 800-38G; what
//! falls outside is sent through again until it falls inside (cycle walking), which takes fewer than two rounds on average.

use ring::hmac::{HMAC_SHA256, Key, sign};
use uuid::Uuid;

const ROUNDS: u8 = 10;

/// The order of one list.
pub(super) struct Permutation {
    key: Key,
    size: u32,
    /// Bits of the left and of the right half.
    halves: (u32, u32),
}

impl Permutation {
    /// The order that `key` gives the list with this id.
    pub(super) fn new(key: &[u8], list: Uuid, size: u32) -> Self {
        let own = sign(&Key::new(HMAC_SHA256, key), list.as_bytes());
        let bits = (u32::BITS - size.saturating_sub(1).leading_zeros()).max(2);
        Self { key: Key::new(HMAC_SHA256, own.as_ref()), size, halves: (bits / 2, bits - bits / 2) }
    }

    /// The place of the `counter`th credential; `counter` is less than the size.
    pub(super) fn place(&self, counter: u32) -> u32 {
        let mut place = self.pass(counter);
        while place >= self.size {
            place = self.pass(place);
        }
        place
    }

    fn pass(&self, value: u32) -> u32 {
        let (mut left_bits, mut right_bits) = self.halves;
        let (mut left, mut right) = (value >> right_bits, value & mask(right_bits));
        for round in 0..ROUNDS {
            let mixed = (left ^ self.round(round, right)) & mask(left_bits);
            (left, right) = (right, mixed);
            (left_bits, right_bits) = (right_bits, left_bits);
        }
        (left << right_bits) | right
    }

    fn round(&self, round: u8, half: u32) -> u32 {
        let [a, b, c, d] = half.to_be_bytes();
        let tag = sign(&self.key, &[round, a, b, c, d]);
        tag.as_ref().iter().take(4).fold(0, |word, byte| word << 8 | u32::from(*byte))
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(bits).map_or(u32::MAX, |outside| !outside)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn order(key: &[u8], size: u32) -> Vec<u32> {
        let permutation = Permutation::new(key, Uuid::nil(), size);
        (0..size).map(|counter| permutation.place(counter)).collect()
    }

    // TSL-13.2-01, TSL-4-01
    #[test]
    fn every_place_comes_once_whatever_the_size() {
        for size in (1..70).chain([100, 127, 128, 129, 1_000, 4_096, 4_097, 65_537]) {
            let order = order(b"key", size);
            let places: HashSet<_> = order.iter().copied().collect();
            assert_eq!(places.len(), order.len(), "{size}");
            assert!(order.iter().all(|place| *place < size), "{size}");
        }
    }

    // TSL-12.5-01, SEC-STAT-01: neither order nor neighbourhood shows in the places.
    #[test]
    fn places_are_not_correlated_with_their_order() {
        let order = order(b"key", 20_000);
        let mean = 9_999.5;
        let product = |(counter, place): (f64, &u32)| (counter - mean) * (f64::from(*place) - mean);
        let covariance: f64 = (0..).map(f64::from).zip(&order).map(product).sum();
        let variance: f64 = (0..20_000).map(f64::from).map(|value: f64| (value - mean).powi(2)).sum();
        assert!((covariance / variance).abs() < 0.03, "{}", covariance / variance);
        let steps: HashSet<_> = order.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert!(steps.len() > 10_000, "{}", steps.len());
    }

    #[test]
    fn keys_and_lists_have_orders_of_their_own() {
        assert_ne!(order(b"key", 1_000), order(b"other", 1_000));
        let of = |list| Permutation::new(b"key", Uuid::from_u128(list), 1_000).place(0);
        assert!((1..20).any(|list| of(list) != of(0)));
        assert_eq!(order(b"key", 1_000), order(b"key", 1_000));
    }
}
