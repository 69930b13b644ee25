//! Hours of the week.

use serde::Deserialize;

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;

/// A span of time on some days.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    days: Vec<Day>,
    from: String,
    to: String,
}

/// A day of the week, in their order.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Minutes since Monday 00:00 at that offset. 1970-01-01 was a Thursday.
pub(crate) fn minute_of_week(milliseconds: u64, offset: i32) -> i64 {
    let minutes = i64::try_from(milliseconds / 60_000).unwrap_or(0);
    (minutes + i64::from(offset) + 3 * DAY).rem_euclid(WEEK)
}

impl Hours {
    /// Whether that minute of the week is in the span; the end is not. A span that ends before it begins goes on after midnight.
    /// `None` when a time cannot be read.
    pub(crate) fn has(&self, minute: i64) -> Option<bool> {
        let (from, to) = (time(&self.from)?, time(&self.to)?);
        let length = if to > from { to - from } else { to + DAY - from };
        Some(self.days.iter().any(|day| (minute - (*day as i64 * DAY + from)).rem_euclid(WEEK) < length))
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<String> {
        let wrong = [&self.from, &self.to].into_iter().find(|text| time(text).is_none());
        wrong.map(|text| format!("hours: `{text}` is no time from 00:00 to 24:00"))
    }
}

/// Minutes since midnight of `HH:MM`.
fn time(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten().map(i64::from);
    let minutes = two(minutes).filter(|minutes| *minutes < 60)?;
    Some(two(hours)? * 60 + minutes).filter(|time| *time <= DAY)
}
