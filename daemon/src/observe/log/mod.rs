//! The log: one line an event, text or JSON, on standard error.
//!
//! Nothing that a caller chose gets in except as an escaped value, and other crates are heard from `warn` up only, whatever the level:
//! at `debug` HTTP libraries print headers, which hold tokens.

mod line;
mod request;
mod writer;

use std::io;
use std::str::FromStr;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{Layer, Registry};

pub use request::{RequestId, RequestIds, current_request, within_request};
pub use writer::{Flusher, LogGuard};

use crate::base::clock::{Clock, SystemClock};
use line::Line;
use writer::LineWriter;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: `time LEVEL target message name=value …`.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not a level.
    #[error("the log level must be error, warn, info, debug or trace")]
    Level,
    /// Not a format.
    #[error("the log format must be text or json")]
    Format,
    /// There is a log already.
    #[error("a log was set up before")]
    Twice,
    /// The writer's thread could not start.
    #[error("cannot start the log's thread")]
    Thread(#[source] io::Error),
}

impl FromStr for Format {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogError::Format),
        }
    }
}

/// Starts the log of this process, at a level and in a format that are named as in the configuration. Lines are written until the guard
/// is dropped: hold it for as long as the process runs.
pub fn init(level: &str, format: &str) -> Result<LogGuard, LogError> {
    let level: LevelFilter = level.parse().map_err(|_| LogError::Level)?;
    let format = format.parse()?;
    let (writer, guard) = LineWriter::start(Box::new(io::stderr())).map_err(LogError::Thread)?;
    let clock = Arc::new(SystemClock);
    tracing::subscriber::set_global_default(subscriber(level, format, clock, writer)).map_err(|_| LogError::Twice)?;
    std::panic::set_hook(Box::new(|panic| {
        // The payload may quote what was being worked on, so only the place is told.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(guard)
}

fn subscriber(level: LevelFilter, format: Format, clock: Arc<dyn Clock>, writer: LineWriter) -> impl Subscriber {
    let libraries = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(env!("CARGO_PKG_NAME"), level)
        // What peers do wrong is counted, not told.
        .with_targets([("hyper", LevelFilter::ERROR), ("hyper_util", LevelFilter::ERROR), ("h2", LevelFilter::ERROR)]);
    Registry::default().with(Lines { format, clock, writer }).with(libraries)
}

/// Prints events.
struct Lines {
    format: Format,
    clock: Arc<dyn Clock>,
    writer: LineWriter,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Line::begin(self.format, self.clock.now(), *metadata.level(), metadata.target());
        event.record(&mut line);
        current_request(|id| line.request(id));
        self.writer.push(line.finish().as_bytes(), *metadata.level() <= Level::WARN);
    }
}

#[cfg(test)]
pub(crate) mod capture;

#[cfg(test)]
mod tests {
    use super::capture::Capture;
    use super::*;

    fn logged(level: &str, format: Format, events: impl FnOnce()) -> String {
        let capture = Capture::start(level, format);
        events();
        capture.finish()
    }

    #[test]
    fn a_text_line_has_time_level_message_and_fields() {
        let text = logged("info", Format::Text, || {
            tracing::info!(target: "issuerd::request", method = "POST", status = 200, ratio = 0.5, "request");
        });
        let expected = "2026-03-01T12:00:00.500Z INFO issuerd::request request method=POST status=200 ratio=0.5\n";
        assert_eq!(text, expected);
    }

    // VCI-15.3-02: a value can neither end a line nor forge a field.
    #[test]
    fn nothing_that_is_logged_can_forge_a_line() {
        let evil = "x\n2026-03-01T12:00:00Z ERROR forged \u{1b}[31m\u{2028}\u{85} status=\"1\"";
        for format in [Format::Text, Format::Json] {
            let text = logged("info", format, || tracing::info!(value = evil, error = %evil, "{evil}"));
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(!text.trim_end().contains(|c: char| c.is_control() || c == '\u{2028}'), "{text}");
            if format == Format::Json {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (&value["value"], &value["error"], &value["message"]),
                    (&evil.into(), &evil.into(), &evil.into())
                );
            }
        }
    }

    #[test]
    fn a_json_line_is_an_object_with_typed_members() {
        let text = logged("info", Format::Json, || {
            tracing::warn!(count = 3_u64, below = -3_i64, ok = true, not_a_number = f64::NAN, shown = ?Some("a"), "said");
        });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "timestamp": "2026-03-01T12:00:00.500Z", "level": "WARN", "target": module_path!(), "message": "said",
            "count": 3, "below": -3, "ok": true, "not_a_number": "NaN", "shown": "Some(\"a\")",
        });
        assert_eq!(value, expected);
    }

    // VCI-15.3-02
    #[test]
    fn other_crates_are_silent_below_warn_at_every_level() {
        let text = logged("trace", Format::Text, || {
            tracing::debug!(target: "h2::codec", "authorization: Bearer secret");
            tracing::warn!(target: "hyper::proto", "authorization: Bearer secret");
            tracing::info!(target: "redb", "told too much");
            tracing::warn!(target: "redb", "repaired");
            tracing::trace!(target: "issuerd::store", "ours");
        });
        assert!(!text.contains("secret") && !text.contains("too much"), "{text}");
        assert!(text.contains("repaired") && text.contains("ours"), "{text}");
    }

    #[tokio::test]
    async fn events_within_a_request_carry_its_id() {
        let ids = RequestIds::new(&crate::base::random::SystemRandom::default());
        let id = ids.next();
        let text = logged("info", Format::Text, || {
            let work = within_request(id, async { tracing::info!(target: "issuerd", "inside") });
            futures_util::FutureExt::now_or_never(work).unwrap();
            tracing::info!(target: "issuerd", "outside");
        });
        let (inside, outside) = text.split_once('\n').unwrap();
        assert!(inside.ends_with(&format!("inside request_id={}", id.as_str())), "{text}");
        assert!(outside.ends_with("outside\n"), "{text}");
    }

    #[test]
    fn a_level_or_format_that_is_none_is_refused() {
        assert!(matches!(init("info", "yaml"), Err(LogError::Format)));
        assert!(matches!(init("loud", "text"), Err(LogError::Level)));
    }
}
