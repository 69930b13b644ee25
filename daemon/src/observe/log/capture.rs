//! What the current thread logs, for tests.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

use super::writer::LineWriter;
use super::{Format, LogGuard, subscriber};
use crate::base::clock::ManualClock;

/// Collects lines from [`Capture::start`] to [`Capture::finish`].
pub(crate) struct Capture {
    lines: Shared,
    writer: LogGuard,
    current: DefaultGuard,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Capture {
    pub(crate) fn start(level: &str, format: Format) -> Self {
        let lines = Shared::default();
        let (lines_writer, writer) = LineWriter::start(Box::new(lines.clone())).unwrap();
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00.5Z".parse().unwrap()));
        let subscriber = subscriber(level.parse().unwrap(), format, clock, lines_writer);
        Self { lines, writer, current: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn finish(self) -> String {
        drop(self.current);
        drop(self.writer);
        let bytes = self.lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }
}
