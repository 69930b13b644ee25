//! The handshake: bounded in time and in number, and plain words for who speaks no TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::base::remote::PeerCertificate;
use crate::listener::limits::Limits;
use crate::listener::socket::Socket;
use crate::listener::watch::Watch;
use crate::observe::metrics::ConnectionMeters;

/// The first byte of a TLS connection: a record of the handshake (RFC 8446 5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// What a peer that speaks HTTP is told; never a redirect, which would have it send its secrets in clear first (TLS-195-05).
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 32\r\n\r\nThis port speaks TLS: use https\n";

/// What a connection passes before its first request.
pub(in crate::listener) struct Gate {
    tls: Arc<Tls>,
    /// Places of handshakes that have begun.
    room: Semaphore,
    time: Duration,
    meters: ConnectionMeters,
}

impl Gate {
    pub(in crate::listener) fn new(tls: Arc<Tls>, limits: &Limits, meters: ConnectionMeters) -> Self {
        Self { tls, room: Semaphore::new(limits.handshakes), time: limits.handshake_time, meters }
    }

    /// The connection with its keys agreed on, and the certificate that the client showed. `None`: it is over.
    pub(in crate::listener) async fn enter(
        &self,
        stream: TcpStream,
    ) -> Option<(TlsStream<TcpStream>, Option<PeerCertificate>)> {
        let error = match self.shake_hands(stream).await {
            Ok(stream) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                let shown = shown.map(|der| PeerCertificate(Arc::from(der.as_ref())));
                return Some((stream, shown));
            }
            Err(error) => error,
        };
        // A peer that left without a word is a probe of the port.
        if error.kind() != io::ErrorKind::NotConnected {
            self.meters.handshake_failed();
            tracing::debug!(%error, "a TLS handshake failed");
        }
        None
    }

    /// Each step has its time, so that one that had to wait for a place can still use it.
    async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        // A peer that says nothing takes no place.
        if self.in_time(stream.peek(&mut first)).await? == 0 {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let [first] = first;
        if first != HANDSHAKE_RECORD {
            if first.is_ascii_uppercase() {
                self.in_time(explain(stream)).await?;
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no TLS"));
        }
        // Those that have a place give it back within their time.
        let place = async { self.room.acquire().await.map_err(io::Error::other) };
        let _place = within(2 * self.time, place).await?;
        self.in_time(TlsAcceptor::from(self.tls.config()).accept(stream)).await
    }

    async fn in_time<T>(&self, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        within(self.time, step).await
    }
}

async fn within<T>(time: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(time, step).await.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn explain(stream: TcpStream) -> io::Result<()> {
    let mut socket = Socket::new(stream, Watch::new());
    socket.write_all(PLAIN).await?;
    socket.shutdown().await
}
