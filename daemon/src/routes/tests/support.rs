//! A router with one endpoint of each kind.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query};
use axum::http::{Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::super::audience::Audience;
use super::super::table::{At, Table};
use super::super::*;
use crate::base::random::SystemRandom;
use crate::domain::event::Operation;

pub(super) const LIMIT: usize = 1000;

/// A router with one endpoint of each kind, and what can be seen of it.
pub(super) struct Bench {
    pub(super) router: Router,
    pub(super) metrics: Arc<Metrics>,
    /// Lets the waiting handler go on, and counts how often it finished.
    pub(super) go_on: Arc<Notify>,
    pub(super) finished: Arc<AtomicU32>,
}

pub(super) fn edge(metrics: &Arc<Metrics>) -> Arc<Edge> {
    let ids = RequestIds::new(&SystemRandom::default());
    Arc::new(Edge { events: metrics.clone(), metrics: metrics.clone(), tasks: Tasks::new(), ids, strict: false })
}

pub(super) fn bench(audience: Audience, prefix: &str) -> Bench {
    let metrics = Metrics::new().unwrap();
    let edge = edge(&metrics);
    let (go_on, finished) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let (notify, count) = (Arc::clone(&go_on), Arc::clone(&finished));
    let wait = move || {
        let (notify, count) = (Arc::clone(&notify), Arc::clone(&count));
        async move {
            notify.notified().await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let router = Table::new(edge, audience, prefix, LIMIT)
        .get_at(
            At::exactly(&format!("/.well-known/x{prefix}"), "/.well-known/x"),
            Operation::OpenidOfferResolve,
            document,
        )
        .get("/.well-known/x", Operation::OpenidOfferResolve, document)
        .post("/echo", Operation::OpenidToken, |body: Bytes| async move { body })
        .get("/items/{id}", Operation::OpenidOfferRetrieve, item)
        .delete("/items/{id}", Operation::OpenidPreAuthorizedOfferDelete, || async { StatusCode::NO_CONTENT })
        .post("/panics", Operation::OpenidCredential, panics)
        .get("/panics", Operation::OpenidOfferRetrieveList, panics)
        .post("/waits", Operation::OpenidOfferCreate, wait.clone())
        .get("/waits", Operation::MobileCredentialIacaRetrieve, wait)
        .probe("/probe", || async { "ok" })
        .build()
        .with_state(());
    Bench { router, metrics, go_on, finished }
}

pub(super) async fn document() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CACHE_CONTROL, "max-age=60")], "{}")
}

pub(super) async fn item(Path(_id): Path<String>, Query(_query): Query<Vec<(String, u8)>>) -> &'static str {
    "item"
}

pub(super) async fn panics() -> &'static str {
    panic!("with the secret 4711")
}

impl Bench {
    pub(super) async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Response<Body> {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) fn counts(&self, line: &str) -> bool {
        self.metrics.render().contains(&format!("{line}\n"))
    }

    pub(super) fn event(&self, name: &str, count: u32) -> bool {
        self.counts(&format!("issuerd_analytics_events_total{{event=\"{name}\"}} {count}"))
    }
}

pub(super) async fn body(response: Response<Body>) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

pub(super) async fn json_of(response: Response<Body>) -> Value {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    serde_json::from_slice(&body(response).await).unwrap()
}

/// Checks the status and the error code in the form of each audience.
pub(super) async fn refused(response: Response<Body>, audience: Audience, status: u16, code: &str) {
    assert_eq!(response.status(), status);
    let json = json_of(response).await;
    match audience {
        Audience::Wallet => assert!(json["error"] == code && json["error_description"].is_string(), "{json}"),
        Audience::Browser => unreachable!("browsers get pages"),
        Audience::Operator => assert!(json["code"] == code && json["message"].is_string(), "{json}"),
    }
}
