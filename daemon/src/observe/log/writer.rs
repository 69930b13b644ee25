//! Takes lines from everywhere and writes them from one thread, many at a time: a system call for each line would cost more than the
//! line, and a reader that stalls must not stall the issuer.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long lines are gathered before they are written; what a `kill -9` may lose.
const GATHER: Duration = Duration::from_millis(25);
/// Bytes that are written without waiting for more.
const ENOUGH: usize = 64 * 1024;
/// Bytes that wait at most while the reader stalls; later lines are dropped and counted.
const MOST: usize = 1024 * 1024;

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    /// A line that must be seen soon, or enough of them.
    urgent: bool,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks until there is something to write, exchanges it for `empty`, and says whether more may come.
    fn take(&self, empty: &mut Vec<u8>) -> bool {
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.closed;
        let waiting = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let gathering = |waiting: &mut Waiting| !waiting.urgent && !waiting.closed;
        let waited = self.changed.wait_timeout_while(waiting, GATHER, gathering);
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        waiting.give(empty);
        !waiting.closed
    }
}

impl Waiting {
    fn give(&mut self, empty: &mut Vec<u8>) {
        std::mem::swap(&mut self.lines, empty);
        self.urgent = false;
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            empty.extend_from_slice(
                format!("{{\"level\":\"WARN\",\"message\":\"log lines dropped\",\"count\":{dropped}}}\n").as_bytes(),
            );
        }
    }
}

/// Where lines go; clones share one queue.
#[derive(Clone)]
pub(super) struct LineWriter(Arc<Queue>);

impl LineWriter {
    /// Starts the thread that writes to `out`.
    pub(super) fn start(mut out: Box<dyn Write + Send>) -> io::Result<(Self, LogGuard)> {
        let queue = Arc::<Queue>::default();
        let taken = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || {
            let mut lines = Vec::new();
            loop {
                let more = taken.take(&mut lines);
                // There is nowhere to report that the log itself cannot be written.
                let _lost = out.write_all(&lines).and_then(|()| out.flush());
                lines.clear();
                if !more {
                    return;
                }
            }
        })?;
        Ok((Self(Arc::clone(&queue)), LogGuard { queue, thread: Some(thread) }))
    }

    /// Adds a line; never blocks on the reader.
    pub(super) fn push(&self, line: &[u8], urgent: bool) {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > MOST {
            waiting.dropped += 1;
            return;
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        let hurry = (urgent || waiting.lines.len() >= ENOUGH) && !waiting.urgent;
        waiting.urgent |= hurry;
        if first || hurry {
            drop(waiting);
            self.0.changed.notify_one();
        }
    }
}

/// Writes what is left when dropped.
#[must_use = "the log ends when it is dropped"]
pub struct LogGuard {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl LogGuard {
    /// A handle for an exit that drops nothing.
    #[must_use]
    pub fn flusher(&self) -> Flusher {
        Flusher(Arc::clone(&self.queue))
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the panic hook.
            let _panicked = thread.join();
        }
    }
}

/// Writes what is left, at once and in the caller's thread.
#[derive(Clone)]
pub struct Flusher(Arc<Queue>);

impl Flusher {
    /// Writes to standard error.
    pub fn flush(&self) {
        let mut lines = Vec::new();
        self.0.lock().give(&mut lines);
        // There is nowhere to report that the log itself cannot be written.
        let _lost = io::stderr().write_all(&lines);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes a chunk only when it is told to.
    struct Stalling {
        go: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Stalling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.go.recv().map_err(io::Error::other)?;
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_reader_costs_lines_but_never_time_and_the_loss_is_told() {
        let ((go, gone), (written, read)) = (channel(), channel());
        let (writer, guard) = LineWriter::start(Box::new(Stalling { go: gone, written })).unwrap();
        let line = [b'x'; 1023].iter().copied().chain([b'\n']).collect::<Vec<_>>();
        for _ in 0..5_000 {
            writer.push(&line, false);
        }
        drop(writer);
        go.send(()).unwrap();
        go.send(()).unwrap();
        drop(guard);
        let all: Vec<u8> = read.iter().flatten().collect();
        let text = String::from_utf8(all).unwrap();
        let told: u64 = text
            .lines()
            .filter_map(|line| line.split_once("\"count\":"))
            .map(|(_, count)| count.trim_end_matches('}').parse::<u64>().unwrap())
            .sum();
        let kept = text.lines().filter(|line| line.starts_with('x')).count() as u64;
        assert!(text.len() <= 2 * MOST + 1024, "{}", text.len());
        assert_eq!(kept + told, 5_000);
    }
}
