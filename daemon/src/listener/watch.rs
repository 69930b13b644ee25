//! What a connection is doing, for the one timer that decides whether it may stay. Nothing here costs a request more than a few atomic
//! writes: a timer for each header would cost a lock and an allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::Version;
use tokio::time::Instant;

use super::limits::Limits;

/// The state of one connection; times are milliseconds since it was accepted.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    /// Requests whose answer is not yet known.
    open: AtomicU32,
    /// When the last request was answered.
    quiet_since: AtomicU64,
    /// When the first bytes of the next head came; 0 for not yet.
    head_since: AtomicU64,
    /// Whether there was a request at all.
    served: AtomicBool,
    /// Whether it speaks HTTP/2, where bytes between requests are no head.
    multiplexed: AtomicBool,
}

/// What shall become of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays; look again after this long.
    Keep(Duration),
    /// It had its time: let open answers end, then close.
    Retire,
    /// It never asked, or never finished asking: close at once.
    Cut,
}

impl Watch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            open: AtomicU32::new(0),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            served: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Bytes came from the peer.
    pub(super) fn received(&self) {
        let heading = self.open.load(Relaxed) == 0 && !self.multiplexed.load(Relaxed);
        if heading && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now().max(1), Relaxed);
        }
    }

    /// A request begins; it is open until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>, version: Version) -> Open {
        self.open.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        self.served.store(true, Relaxed);
        if version == Version::HTTP_2 {
            self.multiplexed.store(true, Relaxed);
        }
        Open(Arc::clone(self))
    }

    /// Whether the peer owes us a head: it began one, or has never sent any.
    pub(super) fn is_heading(&self) -> bool {
        self.open.load(Relaxed) == 0 && (self.head_since.load(Relaxed) > 0 || !self.served.load(Relaxed))
    }

    pub(super) fn verdict(&self, limits: &Limits) -> Verdict {
        let now = self.now();
        let left =
            |since: u64, allowed: Duration| allowed.saturating_sub(Duration::from_millis(now.saturating_sub(since)));
        if self.open.load(Relaxed) > 0 {
            return Verdict::Keep(limits.header_time);
        }
        if self.is_heading() {
            // Before the first request the head's time runs from the connection: a peer that says nothing is as slow as one that drips.
            let since = if self.served.load(Relaxed) { self.head_since.load(Relaxed) } else { 0 };
            return match left(since, limits.header_time) {
                Duration::ZERO => Verdict::Cut,
                left => Verdict::Keep(left),
            };
        }
        match left(self.quiet_since.load(Relaxed), limits.idle_time) {
            Duration::ZERO => Verdict::Retire,
            left => Verdict::Keep(left.min(limits.header_time)),
        }
    }
}

/// A request that is being answered.
pub(super) struct Open(Arc<Watch>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.quiet_since.store(self.0.now(), Relaxed);
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    // HTP-9110-07
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_finish_its_head_is_cut() {
        let limits = Limits::default();
        let watch = Watch::new();
        after(4).await;
        watch.received();
        assert_eq!(watch.verdict(&limits), Verdict::Keep(Duration::from_secs(6)));
        after(6).await;
        watch.received();
        assert_eq!(watch.verdict(&limits), Verdict::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_its_time_from_its_first_byte() {
        let limits = Limits::default();
        let watch = Watch::new();
        after(9).await;
        drop(watch.request(Version::HTTP_11));
        after(50).await;
        assert_eq!(watch.verdict(&limits), Verdict::Keep(Duration::from_secs(10)));
        watch.received();
        after(9).await;
        assert_eq!(watch.verdict(&limits), Verdict::Keep(Duration::from_secs(1)));
        after(1).await;
        assert_eq!(watch.verdict(&limits), Verdict::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_owed_until_it_ends_and_not_between_requests() {
        let watch = Watch::new();
        assert!(watch.is_heading());
        watch.received();
        let open = watch.request(Version::HTTP_11);
        assert!(!watch.is_heading());
        drop(open);
        assert!(!watch.is_heading());
        watch.received();
        assert!(watch.is_heading());
        let _open = watch.request(Version::HTTP_11);
        assert!(!watch.is_heading());
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_retires_and_a_busy_one_stays() {
        let limits = Limits::default();
        let watch = Watch::new();
        let open = watch.request(Version::HTTP_2);
        after(1_000).await;
        assert!(matches!(watch.verdict(&limits), Verdict::Keep(_)));
        drop(open);
        watch.received();
        after(74).await;
        assert!(matches!(watch.verdict(&limits), Verdict::Keep(_)));
        after(1).await;
        assert_eq!(watch.verdict(&limits), Verdict::Retire);
    }
}
