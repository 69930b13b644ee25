//! How a request ends: panics, clients that hang up, events and the log line.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::super::audience::Audience;
use super::support::*;
use crate::observe::log::Format;
use crate::observe::log::capture::Capture;

/// Waits until `done`, in steps that let other tasks run.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if done() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it does not come to pass");
}

// HTP-ERR-02, HTP-ERR-03
#[tokio::test]
async fn a_panic_is_500_and_its_words_are_told_to_nobody() {
    let capture = Capture::start("trace", Format::Json);
    for (audience, code) in [(Audience::Wallet, "server_error"), (Audience::Operator, "InternalError")] {
        let bench = bench(audience, "");
        for method in ["POST", "GET"] {
            let response = bench.send(method, "/panics", "").await;
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
            refused(response, audience, 500, code).await;
        }
        assert!(bench.event("OPENID_CREDENTIAL_FAIL", 1) && bench.event("OPENID_OFFER_RETRIEVE_LIST_FAIL", 1));
        assert_eq!(bench.send("POST", "/echo", "x").await.status(), 200);
    }
    let log = capture.finish();
    assert!(log.contains("a handler panicked") && !log.contains("4711"), "{log}");
}

// VCI-8.2-18
#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_what_writes() {
    let bench = bench(Audience::Wallet, "");
    let mut abandoned = Box::pin(bench.send("POST", "/waits", "x"));
    assert!((&mut abandoned).now_or_never().is_none());
    until(|| bench.event("OPENID_OFFER_CREATE_START", 1)).await;
    drop(abandoned);
    assert!(
        bench.counts(
            "issuerd_http_requests_total{listener=\"public\",method=\"POST\",route=\"/waits\",status=\"499\"} 1"
        )
    );
    bench.go_on.notify_one();
    until(|| bench.finished.load(Ordering::SeqCst) == 1).await;
    until(|| bench.event("OPENID_OFFER_CREATE_SUCCESS", 1)).await;
    assert!(bench.event("OPENID_OFFER_CREATE_FAIL", 0));
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_what_only_reads_and_what_has_not_begun() {
    let bench = bench(Audience::Wallet, "");
    assert!(bench.send("GET", "/waits", "").now_or_never().is_none());
    assert!(bench.event("MOBILE_CREDENTIAL_IACA_RETRIEVE_FAIL", 1));
    let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>().boxed());
    assert!(bench.send("POST", "/waits", never).now_or_never().is_none());
    assert!(bench.event("OPENID_OFFER_CREATE_FAIL", 1));
    assert_eq!(bench.finished.load(Ordering::SeqCst), 0);
}

// VCI-15.3-02
#[tokio::test]
async fn the_log_line_names_the_route_and_never_the_path_query_headers_or_body() {
    let capture = Capture::start("trace", Format::Json);
    let bench = bench(Audience::Wallet, "");
    let request = Request::delete("/items/planted-reference?code=planted-code")
        .header(header::AUTHORIZATION, "Bearer planted-token")
        .body(Body::from("planted-body"))
        .unwrap();
    let response = bench.router.clone().oneshot(request).await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    bench.send("GET", "/probe", "").await;
    let log = capture.finish();
    assert!(!log.contains("planted"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [line, probe] = lines.as_slice() else { panic!("{log}") };
    let expected = json!({
        "timestamp": line["timestamp"], "level": "INFO", "target": "issuerd::request", "message": "request",
        "listener": "public", "method": "DELETE", "route": "/items/{id}", "status": 204,
        "duration_ms": line["duration_ms"], "request_id": id,
    });
    assert_eq!(*line, expected);
    assert!(line["duration_ms"].as_f64().unwrap() < 10_000.0);
    assert_eq!((&probe["level"], &probe["route"]), (&"DEBUG".into(), &"/probe".into()));
}

#[tokio::test]
async fn an_operation_succeeds_or_fails_by_the_status_of_its_answer() {
    let bench = bench(Audience::Wallet, "");
    bench.send("GET", "/items/1", "").await;
    bench.send("GET", "/items/1?x=y", "").await;
    bench.send("HEAD", "/items/1", "").await;
    assert!(bench.event("OPENID_OFFER_RETRIEVE_START", 3));
    assert!(bench.event("OPENID_OFFER_RETRIEVE_SUCCESS", 2));
    assert!(bench.event("OPENID_OFFER_RETRIEVE_FAIL", 1));
}
