//! One exit plan for everything that runs: the task tracker, the stop token, signals and background loops.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longest drain: open requests have 20 s to end, and service managers wait 30 s and more before they kill.
const DRAIN: Duration = Duration::from_secs(25);

/// Tasks that shutdown waits for. Clones share one tracker.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks, not stopping.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task to its end, whether or not anybody awaits the handle. Loops must watch [`Tasks::stopping`].
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Runs `work` every `period`, the first time after one period, until the stop; a run that has begun is finished. A failure or a
    /// panic is logged and ends that run only.
    pub fn every<F, W, E>(&self, period: Duration, mut work: F)
    where
        F: FnMut() -> W + Send + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let stop = self.stop.clone();
        self.spawn(async move {
            let mut ticks = interval_at(Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                match AssertUnwindSafe(async { work().await }).catch_unwind().await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(%error, "a background task failed; it runs again after its period");
                    }
                    Err(_panic) => tracing::error!("a background task panicked; it runs again after its period"),
                }
            }
        });
    }

    /// Runs `work` at each hangup until the stop; a run that has begun is finished. A panic is logged and ends that run only.
    pub fn at_hangup<F, W>(&self, mut hangup: Hangup, mut work: F)
    where
        F: FnMut() -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.spawn(async move {
            while stop.run_until_cancelled(hangup.0.recv()).await.flatten().is_some() {
                if AssertUnwindSafe(async { work().await }).catch_unwind().await.is_err() {
                    tracing::error!("what SIGHUP asked for panicked; the daemon goes on");
                }
            }
        });
    }

    /// Tells everything to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether the end has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Resolves when the end begins.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Waits for the stop, then for the tasks, at most 25 seconds.
    pub async fn until_stopped(&self) {
        self.stopping().await;
        if !self.drained(DRAIN).await {
            tracing::warn!("not everything ended in time");
        }
    }

    /// Waits for the tasks, at most `bound`; whether all of them ended.
    pub async fn drained(&self, bound: Duration) -> bool {
        self.tracker.close();
        timeout(bound, self.tracker.wait()).await.is_ok()
    }
}

/// SIGHUP: read again what can be read again.
#[derive(Debug)]
pub struct Hangup(Signal);

impl Hangup {
    /// Takes the signal over from its default action, which ends the process.
    pub fn install() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }
}

/// SIGXFSZ ends a process that writes beyond the limit on the size of its files. A daemon that has reached it goes on, like one whose
/// disk is full: the write fails.
pub fn outlive_file_limit() -> io::Result<()> {
    // Once it is taken over it stays so, whether or not anybody listens.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// SIGTERM and SIGINT: the first begins the drain, a second ends the process at once.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from their default action. Call before the daemon says it is ready.
    pub fn install() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Watches for the rest of the process's life. `at_once` runs before the exit that a second signal forces; it must be quick.
    #[expect(
        clippy::disallowed_methods,
        reason = "the watch must outlive the drain, so the tracker must not wait for it"
    )]
    pub fn watch(mut self, tasks: &Tasks, at_once: impl FnOnce() + Send + 'static) {
        let tasks = tasks.clone();
        tokio::spawn(async move {
            let name = self.next().await.0;
            tracing::info!(signal = name, "draining; a second signal ends at once");
            tasks.stop();
            let (name, number) = self.next().await;
            tracing::warn!(signal = name, "ended without draining");
            at_once();
            std::process::exit(128 + number);
        });
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_runs_each_period_survives_failures_and_ends_with_the_stop() {
        let tasks = Tasks::new();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        tasks.every(Duration::from_secs(5), move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(run != 1, "the second run panics");
                if run == 0 { Err("the first run fails") } else { Ok(()) }
            }
        });
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        tokio::time::sleep(Duration::from_secs(12)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        tasks.stop();
        assert!(tasks.drained(Duration::from_secs(1)).await);
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_hangup_runs_its_work_and_a_panic_ends_only_that_run() {
        let (tasks, done) = (Tasks::new(), Arc::new(tokio::sync::Semaphore::new(0)));
        let counted = Arc::clone(&done);
        let mut runs = 0;
        tasks.at_hangup(Hangup::install().unwrap(), move || {
            runs += 1;
            let (run, counted) = (runs, Arc::clone(&counted));
            async move {
                counted.add_permits(1);
                assert!(run != 1, "the first run panics");
            }
        });
        for _ in 0..2 {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
            let ran = timeout(Duration::from_secs(10), done.acquire()).await.expect("ran in time");
            ran.unwrap().forget();
        }
        tasks.stop();
        assert!(tasks.drained(Duration::from_secs(5)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_waits_for_a_run_that_has_begun() {
        let tasks = Tasks::new();
        let finished = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&finished);
        tasks.every(Duration::from_secs(1), move || {
            let counted = Arc::clone(&counted);
            async move {
                tokio::time::sleep(Duration::from_secs(10)).await;
                counted.fetch_add(1, Ordering::SeqCst);
                Ok::<_, String>(())
            }
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        tasks.stop();
        tasks.until_stopped().await;
        assert_eq!(finished.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_its_tasks_but_not_longer_than_its_bound() {
        let tasks = Tasks::new();
        tasks.spawn(tokio::time::sleep(Duration::from_secs(10)));
        assert!(!tasks.drained(Duration::from_secs(3)).await);
        assert!(tasks.drained(Duration::from_secs(30)).await);
    }
}
