//! Keeps calls away from a plugin that only fails, for a while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::base::clock::{Clock, after};

/// Calls in a row that must fail.
const FAILURES: u32 = 5;
/// How long no call is let through then.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// The breaker of one plugin.
pub(super) struct Breaker {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls go through; so many failed in a row.
    Closed(u32),
    /// None goes through until then.
    Open(Timestamp),
    /// One goes through and decides.
    Probing,
}

/// One call that was let through.
pub(super) struct Pass {
    breaker: Arc<Breaker>,
    probe: bool,
    told: bool,
}

impl Breaker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::new(State::Closed(0)) })
    }

    /// Lets a call through, or not.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Pass> {
        let now = self.clock.now();
        self.change(|state| {
            let probe = match *state {
                State::Closed(_) => false,
                // A clock that was set back must not keep it open for longer.
                State::Open(until) if now >= until || after(now, PAUSE) < until => true,
                State::Open(_) | State::Probing => return None,
            };
            if probe {
                *state = State::Probing;
            }
            Some(Pass { breaker: self.clone(), probe, told: false })
        })
    }

    fn settle(&self, probe: bool, good: bool) {
        let open = State::Open(after(self.clock.now(), PAUSE));
        self.change(|state| {
            *state = match *state {
                // A call from before tells nothing about the plugin now.
                State::Open(_) | State::Probing if !probe => return,
                _ if good => State::Closed(0),
                State::Closed(failed) if failed + 1 < FAILURES => State::Closed(failed + 1),
                _ => open,
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pass {
    /// Tells how the call ended.
    pub(super) fn end(mut self, good: bool) {
        self.told = true;
        self.breaker.settle(self.probe, good);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe && !self.told {
            // Given up by the caller: the next call is the probe.
            let now = self.breaker.clock.now();
            self.breaker.change(|state| *state = State::Open(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;

    fn breaker() -> (Arc<ManualClock>, Arc<Breaker>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap()));
        (clock.clone(), Breaker::new(clock))
    }

    fn fail(breaker: &Arc<Breaker>, times: u32) {
        for _ in 0..times {
            breaker.enter().unwrap().end(false);
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_ten_seconds() {
        let (clock, breaker) = breaker();
        fail(&breaker, 4);
        breaker.enter().unwrap().end(true);
        fail(&breaker, 5);
        assert!(breaker.enter().is_none());
        clock.advance(PAUSE.checked_sub(Duration::from_millis(1)).unwrap());
        assert!(breaker.enter().is_none());
        clock.advance(Duration::from_millis(1));
        let probe = breaker.enter().unwrap();
        assert!(breaker.enter().is_none(), "one probe at a time");
        probe.end(true);
        fail(&breaker, 4);
        assert!(breaker.enter().is_some());
    }

    #[test]
    fn a_failed_probe_opens_it_again_and_a_dropped_one_does_not() {
        let (clock, breaker) = breaker();
        fail(&breaker, 5);
        clock.advance(PAUSE);
        drop(breaker.enter().unwrap());
        breaker.enter().unwrap().end(false);
        assert!(breaker.enter().is_none());
        clock.set(Timestamp::from_second(1_600_000_000).unwrap());
        assert!(breaker.enter().is_some(), "the clock was set back");
    }

    #[test]
    fn a_late_call_does_not_close_it() {
        let (_, breaker) = breaker();
        let late = breaker.enter().unwrap();
        fail(&breaker, 5);
        late.end(true);
        assert!(breaker.enter().is_none());
    }
}
