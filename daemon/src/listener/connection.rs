//! One connection, over TLS or not: HTTP/1.1 or HTTP/2, under the watch, until it ends or must.

use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tower::Service as _;

use super::limits::{Limits, Settings};
use super::socket::Socket;
use super::tls::Gate;
use super::watch::{Verdict, Watch};
use crate::base::remote::{PeerCertificate, Proxies, RemoteAddress};
use crate::lifecycle::Tasks;

/// Headers in a request: wallets send about ten, proxies add a few.
const MOST_HEADERS: usize = 100;
/// Bytes of bodies in flight that an HTTP/2 peer may send unread, for a stream and for a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// What the connections of a listener share.
pub(super) struct Server {
    router: Router,
    limits: Limits,
    proxies: Proxies,
    gate: Option<Gate>,
    tasks: Tasks,
    builder: Builder<OnTracker>,
}

/// Streams of HTTP/2 connections are tasks that shutdown waits for.
#[derive(Clone)]
struct OnTracker(Tasks);

impl<F> Executor<F> for OnTracker
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(self.0.spawn(future));
    }
}

impl Server {
    pub(super) fn new(router: Router, settings: Settings, tasks: Tasks) -> Self {
        let Settings { limits, proxies, tls, meters } = settings;
        let gate = tls.map(|tls| Gate::new(tls, &limits, meters));
        let mut builder = Builder::new(OnTracker(tasks.clone()));
        // The watch has the timeouts, for less than hyper's timer of each header costs.
        let head = limits.header_bytes;
        builder.http1().header_read_timeout(None).max_headers(MOST_HEADERS).max_buf_size(head);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        Self { router, limits, proxies, gate, tasks, builder }
    }

    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, peer: IpAddr) {
        // Answers are written whole, so waiting for more to send only delays them. A socket that refuses is served all the same.
        let _slower = stream.set_nodelay(true);
        let Some(gate) = &self.gate else { return self.speak(stream, peer, None).await };
        let entered = tokio::select! {
            biased;
            // Nothing was asked yet, so nothing is owed.
            () = self.tasks.stopping() => return,
            entered = gate.enter(stream) => entered,
        };
        if let Some((stream, certificate)) = entered {
            self.speak(stream, peer, certificate).await;
        }
    }

    async fn speak<S>(&self, stream: S, peer: IpAddr, certificate: Option<PeerCertificate>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watch = Watch::new();
        let service = service_fn(|mut request: Request<Incoming>| {
            let remote = RemoteAddress::of(peer, request.headers(), &self.proxies);
            request.extensions_mut().insert(remote);
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            let open = watch.request(request.version());
            let answer = self.router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(open);
                answer
            }
        });
        let io = TokioIo::new(Socket::new(stream, Arc::clone(&watch)));
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut stopping = pin!(self.tasks.stopping());
        let mut next = pin!(sleep_until(Instant::now() + self.limits.header_time));
        // When it is cut at the latest, once it is to close.
        let mut last = None;
        loop {
            tokio::select! {
                biased;
                // Whatever went wrong with the connection, its peer knows; what went wrong with a request was counted there.
                _ended = &mut connection => return,
                () = &mut stopping, if last.is_none() => {
                    connection.as_mut().graceful_shutdown();
                    let end = *last.insert(Instant::now() + self.limits.closing_time);
                    let heading = watch.is_heading();
                    next.as_mut().reset(if heading { soon(self.limits.closing_head_time) } else { end });
                }
                () = &mut next => match (last, watch.verdict(&self.limits)) {
                    (Some(end), _) if watch.is_heading() || end <= Instant::now() => return,
                    // Its head ended after all.
                    (Some(end), _) => next.as_mut().reset(end),
                    (None, Verdict::Cut) => return,
                    (None, Verdict::Keep(time)) => next.as_mut().reset(soon(time)),
                    (None, Verdict::Retire) => {
                        connection.as_mut().graceful_shutdown();
                        next.as_mut().reset(*last.insert(Instant::now() + self.limits.closing_time));
                    }
                }
            }
        }
    }
}

/// Not sooner than a millisecond, the resolution of timers.
fn soon(time: Duration) -> Instant {
    Instant::now() + time.max(Duration::from_millis(1))
}
