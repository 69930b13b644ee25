//! Accepts connections, plain or over TLS, bounds their number and their patience, drains them.
//!
//! Two things are slow on purpose at some peers: sending a request and reading an answer. Neither may hold more than one of a bounded
//! number of connections, nor that one for long.

mod connection;
mod limits;
mod socket;
mod tls;
mod watch;

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::lifecycle::Tasks;
use crate::observe::metrics::ConnectionMeters;
use connection::Server;
pub use limits::Settings;
pub use tls::{Stamps, Tls, TlsError, TlsFiles};

/// Wait after a failed accept, most often for lack of file descriptors: long enough not to spin, short enough not to be noticed.
const BACKOFF: Duration = Duration::from_millis(200);
/// What a connection over the limit is told.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Serves `router` on `listener` until the stop, then closes the listener and returns; connections end by themselves and are awaited by
/// [`Tasks::drained`].
pub async fn serve(listener: TcpListener, router: Router, settings: Settings, tasks: Tasks) {
    let room = Arc::new(Semaphore::new(settings.limits.connections));
    let meters = settings.meters.clone();
    let entrance = Entrance { room, meters, server: Arc::new(Server::new(router, settings, tasks.clone())) };
    let mut stopping = pin!(tasks.stopping());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopping => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => entrance.admit(stream, peer.ip(), &tasks),
            // The peer gave up before it was accepted; the next one is fine.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::select! {
                    () = &mut stopping => return,
                    () = tokio::time::sleep(BACKOFF) => {}
                }
            }
        }
    }
}

/// Where a connection is let in while there is room.
struct Entrance {
    room: Arc<Semaphore>,
    meters: ConnectionMeters,
    server: Arc<Server>,
}

impl Entrance {
    fn admit(&self, stream: TcpStream, peer: IpAddr, tasks: &Tasks) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            self.meters.refused();
            return turn_away(&stream);
        };
        let counted = (permit, self.meters.opened());
        let connection = Arc::clone(&self.server).serve(stream, peer);
        drop(tasks.spawn(async move {
            connection.await;
            drop(counted);
        }));
    }
}

fn turn_away(stream: &TcpStream) {
    // It is closed either way.
    let _unsent = stream.try_write(BUSY);
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
