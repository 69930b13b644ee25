//! One log line. Written by hand because a line is printed for every request: no map, no intermediate values, two buffers.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use jiff::Timestamp;
use tracing::Level;
use tracing::field::{Field, Visit};

use super::{Format, RequestId};

/// A line being written. The message is kept apart, since it is printed before the fields but may come after them.
pub(super) struct Line {
    format: Format,
    head: String,
    message: String,
    fields: String,
}

impl Line {
    pub(super) fn begin(format: Format, at: Timestamp, level: Level, target: &str) -> Self {
        let mut head = String::with_capacity(256);
        let begun = match format {
            Format::Text => write!(head, "{at:.3} {level} {target}"),
            Format::Json => write!(head, "{{\"timestamp\":\"{at:.3}\",\"level\":\"{level}\",\"target\":\"{target}\""),
        };
        debug_assert!(begun.is_ok(), "writing to a string does not fail");
        Self { format, head, message: String::new(), fields: String::with_capacity(256) }
    }

    /// Adds the id of the request.
    pub(super) fn request(&mut self, id: &RequestId) {
        self.text("request_id", id.as_str());
    }

    /// The whole line, with its end.
    pub(super) fn finish(mut self) -> String {
        match self.format {
            Format::Text => {
                if !self.message.is_empty() {
                    self.head.push(' ');
                    self.head.push_str(&self.message);
                }
                self.head.push_str(&self.fields);
            }
            Format::Json => {
                self.head.push_str(",\"message\":\"");
                self.head.push_str(&self.message);
                self.head.push('"');
                self.head.push_str(&self.fields);
                self.head.push('}');
            }
        }
        self.head.push('\n');
        self.head
    }

    fn name(&mut self, name: &str) {
        match self.format {
            Format::Text => {
                self.fields.push(' ');
                self.fields.push_str(name);
                self.fields.push('=');
            }
            Format::Json => {
                self.fields.push_str(",\"");
                self.fields.push_str(name);
                self.fields.push_str("\":");
            }
        }
    }

    /// A value that needs no quotes in either format.
    fn plain(&mut self, name: &str, value: fmt::Arguments<'_>) {
        self.name(name);
        let written = self.fields.write_fmt(value);
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        let bare = self.format == Format::Text && is_bare(value);
        if bare {
            self.fields.push_str(value);
        } else {
            quoted(&mut self.fields, format_args!("{value}"));
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.text(field.name(), value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.plain(field.name(), format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let written = write!(Escaped(&mut self.message), "{value:?}");
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        } else {
            self.name(field.name());
            quoted(&mut self.fields, format_args!("{value:?}"));
        }
    }
}

fn is_bare(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\=".contains(&byte))
}

fn quoted(out: &mut String, value: fmt::Arguments<'_>) {
    out.push('"');
    let written = Escaped(out).write_fmt(value);
    debug_assert!(written.is_ok(), "writing to a string does not fail");
    out.push('"');
}

/// Escapes as JSON asks, and every other character that could end a line or drive a terminal.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(place) = rest.find(needs_escape) {
            let (clean, from) = rest.split_at(place);
            self.0.push_str(clean);
            let mut characters = from.chars();
            match characters.next() {
                Some('"') => self.0.push_str("\\\""),
                Some('\\') => self.0.push_str("\\\\"),
                Some('\n') => self.0.push_str("\\n"),
                Some(other) => write!(self.0, "\\u{:04x}", u32::from(other))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || character.is_control()
}
