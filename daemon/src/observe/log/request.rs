//! The id of a request: made when its head arrives, in every response (`X-Request-Id`) and in every log line of that request.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::random::{Random, bytes};

tokio::task_local! {
    static CURRENT: RequestId;
}

/// 32 hexadecimal digits, unique; not a secret and not a way to guess one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 32]);

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Makes ids without a system call for each: a random number for the process, then a scrambled count.
#[derive(Debug)]
pub struct RequestIds {
    process: u64,
    count: AtomicU64,
}

impl RequestIds {
    /// Ids of this process. Without entropy they start at zero: they need not be secret, and nothing could be issued anyway.
    #[must_use]
    pub fn new(random: &dyn Random) -> Self {
        let number = || u64::from_be_bytes(bytes(random).unwrap_or_default());
        Self { process: number(), count: number().into() }
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let number = u128::from(self.process) << 64 | u128::from(scramble(count));
        let mut digits = [0; 32];
        for (digit, shift) in digits.iter_mut().zip((0..128).step_by(4).rev()) {
            *digit = char::from_digit((number >> shift & 15) as u32, 16).map_or(b'0', |digit| digit as u8);
        }
        RequestId(digits)
    }
}

/// A permutation of 64-bit numbers (`SplitMix64`), so that ids differ in all digits yet never repeat.
fn scramble(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Runs `work` as part of a request.
pub fn within_request<F: Future>(id: RequestId, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(id, work)
}

/// Hands over the id of the request that the current task works on, if any.
pub fn current_request(with: impl FnOnce(&RequestId)) {
    // Outside of a request there is nothing to hand over.
    let _outside = CURRENT.try_with(with);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::base::random::SystemRandom;

    #[test]
    fn ids_are_unique_hexadecimal_and_of_one_length() {
        let ids = RequestIds::new(&SystemRandom::default());
        let made: HashSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
        for id in made {
            assert!(id.as_str().len() == 32 && id.as_str().bytes().all(|digit| digit.is_ascii_hexdigit()), "{id:?}");
        }
        let other = RequestIds::new(&SystemRandom::default());
        assert_ne!(ids.next().as_str()[..16], other.next().as_str()[..16]);
    }
}
