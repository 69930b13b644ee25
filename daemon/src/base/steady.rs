//! A clock that never goes back, for everything that expires (OPS-05).
//!
//! An expired code must not come back to life when the system's clock is set back. So the whole daemon looks at one steady
//! clock: it follows the system's clock, forward steps included, and where that steps back it goes on by elapsed time until
//! the system's clock has caught up. The store tells at each start how far time had come before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clock::{Clock, Stopwatch, after};

/// Follows `inner`, but only forward.
pub struct SteadyClock {
    inner: Arc<dyn Clock>,
    /// Held for a comparison only.
    latest: Mutex<Latest>,
}

/// The latest time that the inner clock showed.
#[derive(Clone, Copy)]
struct Latest {
    at: Timestamp,
    /// How long ago that was.
    since: Stopwatch,
    /// Whether the operator was told that the inner clock is behind.
    told: bool,
}

/// How far the inner clock may be behind before the operator is told: wallets with right clocks are refused from about here on.
const TOLERATED: SignedDuration = SignedDuration::from_secs(30);

impl SteadyClock {
    /// Starts at what `inner` shows.
    #[must_use]
    pub fn new(inner: Arc<dyn Clock>) -> Self {
        let latest = Latest { at: inner.now(), since: Stopwatch::start(), told: false };
        Self { inner, latest: Mutex::new(latest) }
    }

    /// Goes on from `at`, when that is later than now.
    pub fn not_before(&self, at: Timestamp) {
        let now = self.now();
        if at > now {
            *self.latest() = Latest { at, since: Stopwatch::start(), told: false };
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let shown = self.inner.now();
        let mut latest = self.latest();
        let elapsed = Duration::from_secs_f64(latest.since.seconds());
        let reached = after(latest.at, elapsed);
        if shown >= reached {
            *latest = Latest { at: shown, since: Stopwatch::start(), told: false };
            return shown;
        }
        let behind = reached.duration_since(shown);
        if behind > TOLERATED && !latest.told {
            latest.told = true;
            tracing::warn!(
                seconds = behind.as_secs(),
                "the system's clock is behind the time that was reached before; time goes on from there"
            );
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    // OPS-05
    #[test]
    fn a_clock_that_is_set_back_moves_nothing_back() {
        let system = Arc::new(ManualClock::new(at(1_000_000)));
        let steady = SteadyClock::new(system.clone());
        system.set(at(1_000_600));
        let ahead = steady.now();
        assert!(ahead >= at(1_000_600));
        system.set(at(1_000_000));
        let mut last = ahead;
        for _ in 0..1_000 {
            let now = steady.now();
            assert!(now >= last);
            last = now;
        }
        assert!(last < ahead + Duration::from_mins(1), "elapsed time goes on, nothing more");
        system.set(at(2_000_000));
        assert!(steady.now() >= at(2_000_000));
    }
    // OPS-05
    #[test]
    fn time_goes_on_from_where_it_was_before_the_start() {
        let system = Arc::new(ManualClock::new(at(1_000_000)));
        let steady = SteadyClock::new(system.clone());
        steady.not_before(at(1_003_600));
        let ahead = steady.now();
        assert!(ahead >= at(1_003_600) && ahead < at(1_003_660));
        steady.not_before(at(1_000_500));
        assert!(steady.now() >= ahead, "an earlier time changes nothing");
        // The system's clock is followed again once it has caught up.
        system.set(at(1_003_700));
        assert_eq!(steady.now(), at(1_003_700));
    }
}
