//! `log`

use std::fmt::Write as _;

use wasmtime::bail;

use crate::plugin::contract::claim_source::issuer::plugin::log::{Host, Level};
use crate::plugin::room::Room;

/// Longest line with its fields, in bytes.
const LONGEST: usize = 4 << 10;
/// A call that writes so many lines too much is ended.
const MOST_DROPPED: u32 = 1_000;
/// Lines that are kept for the report of a failure.
const LAST: usize = 8;

impl Host for Room {
    async fn write(&mut self, level: Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        if self.used.lines >= self.granted.limits().log_lines {
            self.used.dropped += 1;
            if self.used.dropped > MOST_DROPPED {
                bail!("wrote more than {MOST_DROPPED} log lines too much");
            }
            return Ok(());
        }
        self.used.lines += 1;
        let message = self.shown(message, LONGEST);
        let fields = self.fields(fields, LONGEST.saturating_sub(message.len()));
        emit(level, self.granted.name(), self.granted.version(), &message, &fields);
        if self.used.last_lines.len() == LAST {
            self.used.last_lines.pop_front();
        }
        self.used.last_lines.push_back(format!("{} {message} {fields}", name(level)).trim_end().to_owned());
        Ok(())
    }
}

impl Room {
    /// A text without secrets, cut off at `longest` bytes.
    fn shown(&self, text: String, longest: usize) -> String {
        self.granted.masks().beginning(text, longest)
    }

    /// `name="value" …`
    fn fields(&self, fields: Vec<(String, String)>, longest: usize) -> String {
        let mut written = String::new();
        for (name, value) in fields {
            if written.len() >= longest {
                break;
            }
            // Masked before it is quoted: a secret with a quotation mark would not be found.
            let (name, value) = (self.shown(name, longest), self.shown(value, longest));
            let blank = if written.is_empty() { "" } else { " " };
            let added = write!(written, "{blank}{name}={value:?}");
            debug_assert!(added.is_ok(), "writing to a string does not fail");
        }
        written.truncate(written.floor_char_boundary(longest));
        written
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

fn emit(level: Level, plugin: &str, version: &str, message: &str, fields: &str) {
    macro_rules! event {
        ($($level:ident => $macro:ident),*) => {
            match level {
                $(Level::$level => tracing::$macro!(plugin, version, said = message, fields, "plugin"),)*
            }
        };
    }
    event!(Trace => trace, Debug => debug, Info => info, Warn => warn, Error => error);
}
