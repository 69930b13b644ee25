//! The line before a plugin: so many calls at a time, so many waiting, and none for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::PluginObserver;
use super::settings::Limits;
use crate::base::clock::Stopwatch;

/// The line of one plugin.
pub(super) struct Queue {
    plugin: String,
    observer: Arc<dyn PluginObserver>,
    /// Calls of this plugin.
    own: Arc<Semaphore>,
    /// Calls of all plugins.
    all: Arc<Semaphore>,
    running: AtomicUsize,
    waiting: AtomicUsize,
    limits: Limits,
}

/// A call's turn, until it is dropped.
pub(super) struct Turn {
    queue: Arc<Queue>,
    _permits: [OwnedSemaphorePermit; 2],
}

/// A place in the line, until it is dropped.
struct Place<'a>(&'a Queue);

impl Queue {
    pub(super) fn new(
        plugin: &str,
        limits: Limits,
        all: Arc<Semaphore>,
        observer: Arc<dyn PluginObserver>,
    ) -> Arc<Self> {
        Arc::new(Self {
            plugin: plugin.to_owned(),
            observer,
            own: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            all,
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            limits,
        })
    }

    /// Waits for a turn; `None` when the line is full or did not move in time.
    pub(super) async fn turn(self: &Arc<Self>) -> Option<Turn> {
        if let (Ok(own), Ok(all)) = (self.own.clone().try_acquire_owned(), self.all.clone().try_acquire_owned()) {
            return Some(self.start([own, all]));
        }
        let watch = Stopwatch::start();
        let place = self.place()?;
        let permits = timeout(self.limits.queue_wait, async {
            let own = self.own.clone().acquire_owned().await.ok()?;
            Some([own, self.all.clone().acquire_owned().await.ok()?])
        });
        let permits = permits.await.ok().flatten();
        drop(place);
        self.observer.queued(&self.plugin, watch.seconds());
        permits.map(|permits| self.start(permits))
    }

    fn place(&self) -> Option<Place<'_>> {
        let most = self.limits.queue;
        let more = |waiting| (waiting < most).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        self.tell();
        Some(Place(self))
    }

    fn start(self: &Arc<Self>, permits: [OwnedSemaphorePermit; 2]) -> Turn {
        self.running.fetch_add(1, Ordering::AcqRel);
        self.tell();
        Turn { queue: self.clone(), _permits: permits }
    }

    fn tell(&self) {
        let (running, waiting) = (self.running.load(Ordering::Acquire), self.waiting.load(Ordering::Acquire));
        self.observer.in_flight(&self.plugin, running, waiting);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
        self.0.tell();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.queue.running.fetch_sub(1, Ordering::AcqRel);
        self.queue.tell();
    }
}
