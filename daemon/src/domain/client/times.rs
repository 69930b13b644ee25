//! Times in JWTs of clients (RFC 7519 4.1), by clocks that may be apart.

use std::time::Duration;

use jiff::Timestamp;

use crate::base::clock::after;
use crate::domain::proof::seconds;
use crate::wire::json::Object;

/// The time, and how far the sender's may be from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    seconds: i64,
    skew: i64,
}

/// Why a JWT is not valid now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeError {
    /// `exp`, `nbf` or `iat` is no number, or a needed one is missing.
    Malformed(&'static str),
    /// `exp` has passed.
    Ended,
    /// `nbf` or `iat` is in the future.
    Future,
}

impl Now {
    pub(super) fn new(now: Timestamp, skew: Duration) -> Self {
        Self { seconds: now.as_second(), skew: whole(skew) }
    }

    /// A time that may be missing.
    pub(super) fn read(claims: &Object<'_>, name: &'static str) -> Result<Option<i64>, TimeError> {
        claims.get(name).map(|value| seconds(value).ok_or(TimeError::Malformed(name))).transpose()
    }

    /// A time that must be there.
    pub(super) fn required(claims: &Object<'_>, name: &'static str) -> Result<i64, TimeError> {
        Self::read(claims, name)?.ok_or(TimeError::Malformed(name))
    }

    /// `exp` has not passed, `nbf` has, and `iat` is not in the future: each where it is there.
    pub(super) fn check(self, claims: &Object<'_>) -> Result<(), TimeError> {
        if Self::read(claims, "exp")?.is_some_and(|end| end.saturating_add(self.skew) <= self.seconds) {
            return Err(TimeError::Ended);
        }
        for name in ["nbf", "iat"] {
            if Self::read(claims, name)?.is_some_and(|start| start > self.seconds.saturating_add(self.skew)) {
                return Err(TimeError::Future);
            }
        }
        Ok(())
    }

    /// Whether more than `age`, and what clocks may be apart, has passed since `second`.
    pub(super) fn is_older(self, second: i64, age: Duration) -> bool {
        second.saturating_add(whole(age)).saturating_add(self.skew) < self.seconds
    }

    /// Whether `second` is further ahead than `time`, and what clocks may be apart.
    pub(super) fn is_beyond(self, second: i64, time: Duration) -> bool {
        second > self.seconds.saturating_add(whole(time)).saturating_add(self.skew)
    }

    /// When what is good for `time` from `second` on is refused for its age.
    pub(super) fn until(self, second: i64, time: Duration) -> Timestamp {
        let end = second.saturating_add(whole(time)).saturating_add(self.skew);
        // Whole seconds, and the last of them counts.
        after(Timestamp::from_second(end).unwrap_or(Timestamp::MAX), Duration::from_secs(1))
    }
}

fn whole(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
