//! The embedded engine: redb, one writer thread, group commit.
//!
//! `open` opens and checks the file, `writer` is the thread that commits, `apply` what a batch does in a transaction, `reader`
//! the snapshots, `entry` the stored form, `expiry` how the sweeper finds what has ended, `mark` how far time had come.
//!
//! A commit is one redb transaction with immediate durability and one sync (one-phase: redb verifies checksums of what a
//! power cut left half-written and falls back to the commit before).

mod apply;
mod entry;
mod expiry;
mod mark;
mod open;
mod reader;
mod writer;

#[cfg(test)]
mod fault;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot, watch};

use self::entry::micros;
pub use self::mark::accept_clock;
pub use self::open::OpenError;
use self::open::{DataFile, Disk};
use self::reader::{Current, ReadFailure, Snapshot};
use self::writer::{Answer, Request, Writer};
use super::engine::{Batch, CommitObserver, Engine, EngineError, Entry, Outcome, Page, Table};
use crate::base::clock::Clock;

/// Requests that may wait for the writer; more callers wait to be let in. Four full groups: enough that a commit never starts
/// with less than waits, few enough that memory is bounded.
const QUEUE: usize = 1_024;

/// redb behind the engine seam. Dropped, it commits what waits and closes the file.
pub struct RedbEngine {
    /// `None` only while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    places: Arc<Semaphore>,
    current: Arc<Current>,
    clock: Arc<dyn Clock>,
    reached: Option<Timestamp>,
}

impl RedbEngine {
    /// Opens the store in `path`, made with mode 0600 if there is none. Blocks while the file is read and, after a kill under
    /// load, repaired.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, observer: Arc<dyn CommitObserver>) -> Result<Self, OpenError> {
        Self::open_on(Box::new(DataFile(path.to_owned())), clock, observer)
    }

    fn open_on(
        disk: Box<dyn Disk>,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn CommitObserver>,
    ) -> Result<Self, OpenError> {
        let place = disk.place();
        let current = Arc::new(watch::Sender::new(None));
        let (requests, queue) = mpsc::channel();
        let (writer, reached) = Writer::open(queue, disk, Arc::clone(&current), Arc::clone(&clock), observer)?;
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run());
        let thread = thread.map_err(|error| OpenError::Failed { place, detail: error.to_string() })?;
        let places = Arc::new(Semaphore::new(QUEUE));
        Ok(Self { requests: Some(requests), writer: Some(thread), places, current, clock, reached })
    }

    /// How far time had come when the store was last written, before it was opened; `None` for a new one. What is told by a clock that
    /// shows less must not be used.
    #[must_use]
    pub fn reached(&self) -> Option<Timestamp> {
        self.reached
    }

    /// Waits until reads and writes are possible.
    pub async fn until_ready(&self) {
        // The sender lives as long as `self`, so that waiting ends only with readiness.
        let _ = self.current.subscribe().wait_for(Option::is_some).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, EngineError> {
        if !self.ready() {
            return Err(unavailable());
        }
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| unavailable())?;
        let (to, answer) = oneshot::channel();
        self.send(request(Answer { to, _place: place }))?;
        answer.await.unwrap_or_else(|_| Err(EngineError::Uncertain("the writer stopped".into())))
    }

    fn send(&self, request: Request) -> Result<(), EngineError> {
        let sent = self.requests.as_ref().map(|requests| requests.send(request));
        sent.and_then(Result::ok).ok_or_else(unavailable)
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot, i64) -> Result<T, ReadFailure>) -> Result<T, EngineError> {
        let snapshot = self.current.borrow().clone().ok_or_else(unavailable)?;
        read(&snapshot, micros(Some(self.clock.now()))).map_err(|failure| match failure {
            ReadFailure::Entry(error) => error,
            ReadFailure::Disk(error) => {
                // Whether the message arrives does not matter: without a writer nothing is ready.
                let _ = self.send(Request::Suspect);
                error
            }
        })
    }
}

fn unavailable() -> EngineError {
    EngineError::Unavailable("it is being reopened".into())
}

impl Engine for RedbEngine {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>> {
        Box::pin(async move { self.read(|snapshot, now| snapshot.find(table, key, now)) })
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, EngineError>> {
        Box::pin(async move { self.read(|snapshot, now| snapshot.scan(table, prefix, after, limit, now)) })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Outcome, EngineError>> {
        Box::pin(self.ask(|answer| Request::Commit(batch, answer)))
    }

    fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, EngineError>> {
        Box::pin(self.ask(move |answer| Request::Sweep(limit, answer)))
    }

    fn ready(&self) -> bool {
        self.current.borrow().is_some()
    }
}

impl Drop for RedbEngine {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported when it happened.
            let _ = writer.join();
        }
    }
}
