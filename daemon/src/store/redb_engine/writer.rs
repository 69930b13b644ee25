//! The writer thread: takes what waits, applies it in one transaction, commits once, answers all.
//!
//! A failure takes the database away from readers and writers; the thread reopens it, with growing pauses, until it works and a probe
//! has found room for more than a request or two. So a full disk does not make readiness flap.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::apply::Applier;
use super::entry::{fault, micros};
use super::open::{Disk, OpenError, Opened, failed};
use super::reader::Current;
use crate::base::clock::{Clock, Stopwatch};
use crate::store::engine::{Batch, CommitObserver, EngineError, Outcome};

/// Most requests in one transaction: bounds how long the first of them waits for the last.
const MOST_IN_GROUP: usize = 256;

/// After this long without a request the state of redb's allocator is committed as well, so that a start after a kill need not
/// rebuild it from the whole file (about a second a gigabyte). Doing so on each commit would cost a second sync and, in a
/// large file, more than the batches themselves; doing so now and then under load would be of no use, since redb drops that state
/// with the next commit that does not record it.
const QUIET: Duration = Duration::from_millis(50);

/// Pauses between attempts to reopen: the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the thread is asked.
pub(super) enum Request {
    /// Commit a batch.
    Commit(Batch, Answer<Outcome>),
    /// Remove so many expired entries.
    Sweep(usize, Answer<usize>),
    /// A read failed: see whether the database still works.
    Suspect,
}

/// Where the answer goes; holds the request's place in the queue until then.
pub(super) struct Answer<T> {
    pub(super) to: oneshot::Sender<Result<T, EngineError>>,
    pub(super) _place: OwnedSemaphorePermit,
}

impl<T> Answer<T> {
    fn give(self, result: Result<T, EngineError>) {
        // A caller that went away needs no answer.
        let _ = self.to.send(result);
    }
}

/// What came of a request inside the transaction.
enum Done {
    Batch(Outcome),
    Swept(usize),
    Nothing,
}

/// The database, or how long to wait before the next attempt to open it.
enum State {
    /// `settled`: the last commit recorded the allocator.
    Open {
        opened: Opened,
        settled: bool,
    },
    Closed {
        since: Stopwatch,
        pause: Duration,
    },
}

/// Everything the thread owns.
pub(super) struct Writer {
    requests: Receiver<Request>,
    state: State,
    disk: Box<dyn Disk>,
    current: Arc<Current>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn CommitObserver>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Also when the thread panics: no reader may go on with data that nobody renews.
        self.current.send_replace(None);
    }
}

impl Writer {
    /// Opens the database on `disk` and shows it to readers; with it, how far time had come.
    pub(super) fn open(
        requests: Receiver<Request>,
        disk: Box<dyn Disk>,
        current: Arc<Current>,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn CommitObserver>,
    ) -> Result<(Self, Option<Timestamp>), OpenError> {
        let opened = Opened::open(disk.as_ref())?;
        let reached = opened.mark.time();
        let state = State::Open { opened, settled: true };
        let mut writer = Self { requests, state, disk, current, clock, observer };
        writer.publish();
        Ok((writer, reached))
    }

    /// Serves until the last sender is gone.
    pub(super) fn run(mut self) {
        loop {
            match self.wait() {
                Ok(first) => {
                    let group = self.group(first);
                    self.serve(group);
                }
                Err(RecvTimeoutError::Timeout) => self.use_the_quiet(),
                Err(RecvTimeoutError::Disconnected) => return self.leave(),
            }
        }
    }

    /// The daemon stops: how far time has come is kept exactly.
    fn leave(&mut self) {
        let now = micros(Some(self.clock.now()));
        if let State::Open { opened, .. } = &mut self.state
            && let Err(error) = settle(opened, now)
        {
            tracing::warn!(%error, "the store could not be closed in order; the next start checks the whole file");
        }
    }

    fn wait(&self) -> Result<Request, RecvTimeoutError> {
        match &self.state {
            State::Open { settled: true, .. } => self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            State::Open { settled: false, .. } => self.requests.recv_timeout(QUIET),
            State::Closed { since, pause } => {
                self.requests.recv_timeout(pause.saturating_sub(Duration::from_secs_f64(since.seconds())))
            }
        }
    }

    /// `first` and what waits behind it.
    fn group(&self, first: Request) -> Vec<Request> {
        // On a busy machine others are about to ask as well; letting them costs nothing on an idle one.
        std::thread::yield_now();
        let mut group = vec![first];
        group.extend(self.requests.try_iter().take(MOST_IN_GROUP - 1));
        group
    }

    fn serve(&mut self, group: Vec<Request>) {
        let State::Open { opened, settled } = &mut self.state else {
            return refuse(group, &EngineError::Unavailable("it is being reopened".into()));
        };
        let watch = Stopwatch::start();
        let now = micros(Some(self.clock.now()));
        match transact(opened, &group, now) {
            Ok((done, wrote)) => {
                *settled &= !wrote;
                if wrote {
                    self.publish();
                    self.observer.committed(group.len(), watch.seconds());
                }
                for (request, done) in group.into_iter().zip(done) {
                    answer(request, done);
                }
            }
            Err(error) => {
                self.lose(&error);
                refuse(group, &error);
            }
        }
    }

    /// Shows readers what is committed now.
    fn publish(&mut self) {
        let State::Open { opened, .. } = &self.state else { return };
        match opened.snapshot() {
            Ok(snapshot) => {
                self.current.send_replace(Some(Arc::new(snapshot)));
            }
            Err(error) => self.lose(&error),
        }
    }

    /// Gives the database up until it can be opened again and has room.
    fn lose(&mut self, error: &EngineError) {
        tracing::error!(%error, "the store failed; it is reopened, and not ready until that works");
        self.current.send_replace(None);
        self.observer.failed();
        self.state = State::Closed { since: Stopwatch::start(), pause: FIRST_PAUSE };
    }

    fn use_the_quiet(&mut self) {
        let now = micros(Some(self.clock.now()));
        match &mut self.state {
            State::Open { opened, settled } => match settle(opened, now) {
                Ok(()) => {
                    *settled = true;
                    self.publish();
                }
                Err(error) => self.lose(&error),
            },
            State::Closed { pause, .. } => {
                let pause = *pause;
                self.reopen(pause);
            }
        }
    }

    fn reopen(&mut self, pause: Duration) {
        self.disk.distrust_cache();
        let opened = Opened::open(self.disk.as_ref()).and_then(|opened| match opened.probe() {
            Ok(()) => Ok(opened),
            Err(error) => Err(failed(self.disk.as_ref(), &error)),
        });
        match opened {
            Ok(opened) => {
                tracing::info!("the store works again");
                self.state = State::Open { opened, settled: false };
                self.publish();
            }
            Err(error) => {
                tracing::warn!(%error, "the store cannot be reopened yet");
                self.state = State::Closed { since: Stopwatch::start(), pause: (pause * 2).min(LONGEST_PAUSE) };
            }
        }
    }
}

/// Applies the group and commits it, unless nothing was written. An error before the commit wrote nothing; one of the commit is
/// uncertain.
fn transact(opened: &mut Opened, group: &[Request], now: i64) -> Result<(Vec<Done>, bool), EngineError> {
    let transaction = opened.database.begin_write().map_err(fault)?;
    let mut applier = Applier::open(&transaction, now)?;
    let mut done = Vec::with_capacity(group.len());
    let mut swept = false;
    for request in group {
        swept |= matches!(request, Request::Sweep(..));
        done.push(match request {
            Request::Commit(batch, _) => Done::Batch(applier.apply(batch, opened.versions.take())?),
            Request::Sweep(limit, _) => Done::Swept(applier.sweep(*limit)?),
            Request::Suspect => Done::Nothing,
        });
    }
    let wrote = applier.finish(opened.versions.take())? || (swept && opened.mark.is_old(now));
    if wrote {
        opened.versions.keep(&transaction)?;
        opened.mark.take_along(&transaction, now)?;
        transaction.commit().map_err(|error| EngineError::Uncertain(error.to_string()))?;
    } else {
        transaction.abort().map_err(fault)?;
    }
    Ok((done, wrote))
}

/// Commits nothing but the state of the allocator and how far time has come.
fn settle(opened: &mut Opened, now: i64) -> Result<(), EngineError> {
    let mut transaction = opened.database.begin_write().map_err(fault)?;
    transaction.set_quick_repair(true);
    opened.mark.reach(&transaction, now)?;
    transaction.commit().map_err(fault)
}

fn answer(request: Request, done: Done) {
    match (request, done) {
        (Request::Commit(_, to), Done::Batch(outcome)) => to.give(Ok(outcome)),
        (Request::Sweep(_, to), Done::Swept(removed)) => to.give(Ok(removed)),
        // `transact` answers each request in kind; a dropped answer reads as uncertain.
        _ => {}
    }
}

fn refuse(group: Vec<Request>, error: &EngineError) {
    for request in group {
        match request {
            Request::Commit(_, to) => to.give(Err(error.clone())),
            Request::Sweep(_, to) => to.give(Err(error.clone())),
            Request::Suspect => {}
        }
    }
}
