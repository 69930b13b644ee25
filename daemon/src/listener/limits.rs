//! The limits of a listener, each with its reason.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::tls::Tls;
use crate::base::remote::Proxies;
use crate::observe::metrics::{ConnectionMeters, Metrics};

/// How one listener behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) limits: Limits,
    pub(super) meters: ConnectionMeters,
    /// Proxies in front whose word on the client's address is believed.
    pub(super) proxies: Proxies,
    /// `None`: plain HTTP.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Settings {
    /// A listener named `listener` in metrics with room for `connections`, or for as many as the limit of open files permits.
    #[must_use]
    pub fn new(listener: &'static str, connections: u32, metrics: &Metrics) -> Self {
        let room = raise_file_limit().saturating_sub(RESERVED_FILES).max(u64::from(LEAST));
        if room < connections.into() {
            tracing::warn!(listener, connections, room, "the limit of open files permits fewer connections");
        }
        let connections = usize::try_from(room.min(connections.into())).unwrap_or(usize::MAX);
        let limits = Limits { connections, ..Limits::default() };
        Self { limits, meters: metrics.connections(listener), proxies: Proxies::default(), tls: None }
    }

    /// The same behind reverse proxies.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The same over TLS, if there is any.
    #[must_use]
    pub fn over(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }
}

/// What one listener allows.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Open connections; more are turned away.
    pub(super) connections: usize,
    /// Time for the first byte of a TLS handshake, and for the handshake itself once it has a place.
    pub(super) handshake_time: Duration,
    /// TLS handshakes that have begun; more wait, within their time. One takes some 30 KiB and half a millisecond of a processor.
    pub(super) handshakes: usize,
    /// Time for the head of a request to arrive.
    pub(super) header_time: Duration,
    /// Time a connection may wait for its next request; above the 60 s for which proxies keep theirs, so that the proxy closes first.
    pub(super) idle_time: Duration,
    /// Bytes of a request's head: two wallet attestations with certificate chains and a `DPoP` proof take up to 20 KiB.
    pub(super) header_bytes: usize,
    /// Time for open requests to end once the connection is to close, by the stop or by idleness; a slow reader has as long.
    pub(super) closing_time: Duration,
    /// Time for a head that has begun to end once the daemon stops: whoever drips one must not hold up a restart.
    pub(super) closing_head_time: Duration,
    /// Concurrent requests of one HTTP/2 connection.
    pub(super) streams: u32,
}

/// Connections when nothing else is said; a waiting one takes about 20 KiB.
const CONNECTIONS: usize = 4096;
/// Connections that are accepted whatever the limit of open files says.
const LEAST: u32 = 16;
/// File descriptors left to everything else: the store, both listeners, pipes, outbound calls.
const RESERVED_FILES: u64 = 128;

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            handshake_time: Duration::from_secs(5),
            handshakes: 512,
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            header_bytes: 32 * 1024,
            closing_time: Duration::from_secs(20),
            closing_head_time: Duration::from_secs(1),
            streams: 64,
        }
    }
}

/// Raises the soft limit of open files to the hard one, and says what it is: shells and service managers start processes with a soft
/// limit for programs that use `select(2)`.
fn raise_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let reached = if setrlimit(Resource::Nofile, wanted).is_ok() { limit.maximum } else { limit.current };
    reached.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_the_files_that_may_be_open() {
        let metrics = Metrics::new().unwrap();
        assert_eq!(Settings::new("public", 8, &metrics).limits.connections, 8);
        let most = Settings::new("public", u32::MAX, &metrics).limits.connections;
        let expected = raise_file_limit().saturating_sub(RESERVED_FILES).clamp(LEAST.into(), u32::MAX.into());
        assert_eq!(most as u64, expected);
        assert_eq!(Some(raise_file_limit()), getrlimit(Resource::Nofile).current);
    }
}
