//! What happens around every handler: request id, body, deadlines, events, metrics, the log line.

use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::Edge;
use super::audience::Audience;
use super::refusal::{Refusal, in_form_of};
use crate::base::clock::Stopwatch;
use crate::domain::event::{Operation, Running, start};
use crate::observe::log::{RequestId, within_request};
use crate::observe::metrics::RouteMeters;

/// Time for a body to arrive: a wallet on a slow link sends 128 KiB in a few seconds.
const BODY_TIME: Duration = Duration::from_secs(15);
/// Time from a request's head to its answer. A disk that needs longer is broken.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// What is counted for a client that hung up before the answer.
const CLIENT_LEFT: u16 = 499;

/// How long a handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// As long as somebody waits for it: it writes nothing.
    WhileAwaited,
    /// To its end, in a task that shutdown waits for: between two of its steps a code may be spent and its token not yet stored.
    ToItsEnd,
}

/// Where a request landed.
pub(super) struct Place {
    pub(super) edge: Arc<Edge>,
    pub(super) audience: Audience,
    /// Path template; never the path, which may hold a reference that works as a secret.
    pub(super) route: &'static str,
}

/// One row of a table.
pub(super) struct Endpoint {
    pub(super) place: Place,
    pub(super) method: &'static str,
    pub(super) operation: Option<Operation>,
    pub(super) run: Run,
    /// Longest body in bytes.
    pub(super) limit: usize,
    pub(super) meters: RouteMeters,
}

impl Endpoint {
    /// Serves a request with the row's handler.
    pub(super) async fn serve<H, T, S>(self: Arc<Self>, handler: H, state: S, request: Request) -> Response
    where
        H: Handler<T, S>,
        T: 'static,
        S: Send + Sync + 'static,
    {
        let Place { edge, audience, .. } = &self.place;
        let exchange = Exchange::begin(&self.place, request.method(), Some(&self.meters), self.operation.is_none());
        let running = self.operation.map(|operation| start(Arc::clone(&edge.events), operation));
        let answer = self.answer(handler, state, request, exchange.id, running);
        let response = match timeout(REQUEST_TIME, answer).await {
            Ok(Ok(response)) => in_form_of(*audience, response),
            Ok(Err(refusal)) => refusal.response(*audience),
            Err(_elapsed) => Refusal::TooLate.response(*audience),
        };
        exchange.finish(response)
    }

    async fn answer<H, T, S>(
        &self,
        handler: H,
        state: S,
        request: Request,
        id: RequestId,
        running: Option<Running>,
    ) -> Result<Response, Refusal>
    where
        H: Handler<T, S>,
        T: 'static,
        S: Send + Sync + 'static,
    {
        let request = if self.method == "GET" { request } else { self.with_body(request).await? };
        let work = within_request(id, handler.call(request, state));
        let work = async move {
            let response = work.await;
            if let Some(running) = running.filter(|_| response.status().as_u16() < 400) {
                running.succeed();
            }
            response
        };
        let ended = match self.run {
            Run::ToItsEnd => self.place.edge.tasks.spawn(work).await.map_err(drop),
            Run::WhileAwaited => AssertUnwindSafe(work).catch_unwind().await.map_err(drop),
        };
        ended.map_err(|()| {
            tracing::error!(request_id = id.as_str(), route = self.place.route, "a handler panicked");
            Refusal::Panicked
        })
    }

    /// Reads the whole body, so that a handler never waits for the client.
    async fn with_body(&self, request: Request) -> Result<Request, Refusal> {
        let (parts, body) = request.into_parts();
        let plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
        if !parts.headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
            return Err(Refusal::BodyEncoded);
        }
        if body.size_hint().lower() > self.limit as u64 {
            return Err(Refusal::BodyTooLarge);
        }
        if body.is_end_stream() {
            return Ok(Request::from_parts(parts, Body::empty()));
        }
        let whole = timeout(BODY_TIME, Limited::new(body, self.limit).collect());
        match whole.await.map_err(|_elapsed| Refusal::BodyTooSlow)? {
            Ok(body) => Ok(Request::from_parts(parts, Body::from(body.to_bytes()))),
            Err(error) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
            Err(_broken) => Err(Refusal::BodyBroken),
        }
    }
}

/// Answers what no row serves: `OPTIONS`, other methods, other paths.
pub(super) struct Stray {
    pub(super) place: Place,
    /// Methods of the path; `None` when there is no such path.
    pub(super) allow: Option<HeaderValue>,
}

impl Stray {
    /// The handler.
    pub(super) fn into_handler(self) -> impl Fn(Method) -> Ready<Response> + Clone {
        let stray = Arc::new(self);
        move |method| ready(stray.serve(&method))
    }

    fn serve(&self, method: &Method) -> Response {
        let audience = self.place.audience;
        let exchange = Exchange::begin(&self.place, method, None, false);
        let mut response = match &self.allow {
            None => Refusal::NoSuchPath.response(audience),
            Some(_) if method == Method::OPTIONS && audience.has_preflight() => StatusCode::NO_CONTENT.into_response(),
            Some(_) => Refusal::MethodNotAllowed.response(audience),
        };
        if let Some(allow) = &self.allow {
            response.headers_mut().insert(header::ALLOW, allow.clone());
            if response.status() == StatusCode::NO_CONTENT {
                Audience::permit(response.headers_mut(), allow);
            }
        }
        exchange.finish(response)
    }
}

/// A request being answered; one dropped before its answer was left by its client.
struct Exchange<'a> {
    place: &'a Place,
    method: &'static str,
    /// Meters of the row; strays look theirs up.
    meters: Option<&'a RouteMeters>,
    probe: bool,
    id: RequestId,
    watch: Stopwatch,
    answered: bool,
}

impl<'a> Exchange<'a> {
    fn begin(place: &'a Place, method: &Method, meters: Option<&'a RouteMeters>, probe: bool) -> Self {
        let (id, watch) = (place.edge.ids.next(), Stopwatch::start());
        Self { place, method: known_method(method), meters, probe, id, watch, answered: false }
    }

    fn finish(mut self, mut response: Response) -> Response {
        const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
        self.place.audience.decorate(response.headers_mut(), self.place.edge.strict);
        if let Ok(id) = HeaderValue::from_str(self.id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        self.answered = true;
        self.note(response.status().as_u16());
        response
    }

    fn note(&self, status: u16) {
        let seconds = self.watch.seconds();
        let Place { edge, audience, route } = self.place;
        let (listener, method) = (audience.listener(), self.method);
        match self.meters {
            Some(meters) => meters.observe(status, seconds),
            None => edge.metrics.route(listener, route, method).observe(status, seconds),
        }
        let duration_ms = (seconds * 1e6).round() / 1e3;
        let request_id = self.id.as_str();
        if self.probe {
            tracing::debug!(target: "issuerd::request", listener, method, route, status, duration_ms, request_id, "request");
        } else {
            tracing::info!(target: "issuerd::request", listener, method, route, status, duration_ms, request_id, "request");
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.note(CLIENT_LEFT);
        }
    }
}

/// The method's name from a fixed set: a client may send any word.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
