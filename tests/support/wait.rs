use std::time::{Duration, Instant};

/// How long a test waits for something that should happen at once, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The time, for measuring.
#[expect(clippy::disallowed_methods, reason = "tests measure the daemon from outside")]
pub fn now() -> Instant {
    Instant::now()
}

/// Asks until there is an answer; fails after [`PATIENCE`], saying what was waited for.
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask)
}

/// [`until`] with its own bound.
pub fn within<T>(bound: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < bound, "waited {bound:?} in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
