use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::audience::Audience;
use super::table::{At, Table};
use super::{operator, wallet, *};
use crate::base::random::SystemRandom;
use crate::domain::event::Operation;
use crate::observe::log::Format;
use crate::observe::log::capture::Capture;

const LIMIT: usize = 1000;

/// A router with one endpoint of each kind, and what can be seen of it.
struct Bench {
    router: Router,
    metrics: Arc<Metrics>,
    /// Lets the waiting handler go on, and counts how often it finished.
    go_on: Arc<Notify>,
    finished: Arc<AtomicU32>,
}

fn edge(metrics: &Arc<Metrics>) -> Arc<Edge> {
    let ids = RequestIds::new(&SystemRandom::default());
    Arc::new(Edge { events: metrics.clone(), metrics: metrics.clone(), tasks: Tasks::new(), ids })
}

fn bench(audience: Audience, prefix: &str) -> Bench {
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

async fn document() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CACHE_CONTROL, "max-age=60")], "{}")
}

async fn item(Path(_id): Path<String>, Query(_query): Query<Vec<(String, u8)>>) -> &'static str {
    "item"
}

async fn panics() -> &'static str {
    panic!("with the secret 4711")
}

impl Bench {
    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Response<Body> {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    fn counts(&self, line: &str) -> bool {
        self.metrics.render().contains(&format!("{line}\n"))
    }

    fn event(&self, name: &str, count: u32) -> bool {
        self.counts(&format!("issuerd_analytics_events_total{{event=\"{name}\"}} {count}"))
    }
}

async fn body(response: Response<Body>) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

async fn json_of(response: Response<Body>) -> Value {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    serde_json::from_slice(&body(response).await).unwrap()
}

/// Checks the status and the error code in the form of each audience.
async fn refused(response: Response<Body>, audience: Audience, status: u16, code: &str) {
    assert_eq!(response.status(), status);
    let json = json_of(response).await;
    match audience {
        Audience::Wallet => assert!(json["error"] == code && json["error_description"].is_string(), "{json}"),
        Audience::Operator => assert!(json["code"] == code && json["message"].is_string(), "{json}"),
    }
}

// HTP-9110-01
#[tokio::test]
async fn another_method_is_405_with_the_methods_of_the_path_and_no_event() {
    let bench = bench(Audience::Wallet, "");
    for (method, path, allow) in [
        ("GET", "/echo", "POST, OPTIONS"),
        ("HEAD", "/echo", "POST, OPTIONS"),
        ("POST", "/items/1", "GET, DELETE, HEAD, OPTIONS"),
        ("FROB", "/echo", "POST, OPTIONS"),
    ] {
        let response = bench.send(method, path, "").await;
        assert_eq!(
            (response.status(), &response.headers()[header::ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &allow.parse().unwrap())
        );
        if method != "HEAD" {
            refused(response, Audience::Wallet, 405, "invalid_request").await;
        }
    }
    assert!(bench.event("OPENID_TOKEN_START", 0));
    assert!(
        bench.counts(
            "issuerd_http_requests_total{listener=\"public\",method=\"other\",route=\"/echo\",status=\"405\"} 1"
        )
    );
    let operator = super::tests::bench(Audience::Operator, "");
    let response = operator.send("OPTIONS", "/echo", "").await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
    refused(response, Audience::Operator, 405, "MethodNotAllowed").await;
}

#[tokio::test]
async fn an_unknown_path_is_404_and_named_nowhere() {
    for (audience, code) in [(Audience::Wallet, "invalid_request"), (Audience::Operator, "NotFound")] {
        let bench = bench(audience, "");
        refused(bench.send("GET", "/secret-reference", "").await, audience, 404, code).await;
        let text = bench.metrics.render();
        assert!(text.contains("route=\"unmatched\",status=\"404\"} 1") && !text.contains("secret-reference"), "{text}");
    }
}

// VCI-12.2.2-01, VCI-12.2.2-02, VCI-12.2.2-03, VCI-12.2.2-12, VCI-12.2.2-13, VCI-12.2.1-01, ASM-3-01
#[tokio::test]
async fn well_known_documents_go_between_host_and_path_and_nowhere_else() {
    let bench = bench(Audience::Wallet, "/tenant/a");
    for (path, status) in [
        ("/.well-known/x/tenant/a", 200),
        ("/tenant/a/.well-known/x", 200),
        ("/.well-known/x", 404),
        ("/.well-known/x/", 404),
        ("/.well-known/x/nope", 404),
        ("/.well-known/x/tenant/a/", 404),
        ("/.well-known/x/Tenant/a", 404),
        ("/echo", 404),
    ] {
        assert_eq!(bench.send("GET", path, "").await.status(), status, "{path}");
        assert_eq!(bench.send("HEAD", path, "").await.status(), status, "{path}");
    }
    assert_eq!(bench.send("POST", "/tenant/a/echo", "x").await.status(), 200);
}

#[tokio::test]
async fn an_issuer_path_with_the_signs_of_the_router_is_taken_as_it_is() {
    for prefix in ["/{a}", "/:b", "/*c", "/%7Bd%7D"] {
        let bench = bench(Audience::Wallet, prefix);
        assert_eq!(bench.send("POST", &format!("{prefix}/echo"), "x").await.status(), 200, "{prefix}");
        assert_eq!(bench.send("POST", "/other/echo", "x").await.status(), 404, "{prefix}");
    }
}

// HTP-CORS-02, HTP-SEC-01, HTP-9111-01
#[tokio::test]
async fn wallets_of_any_origin_may_read_and_operators_pages_may_not() {
    let wallet = bench(Audience::Wallet, "");
    for (path, cached) in [("/.well-known/x", "max-age=60"), ("/probe", "no-store"), ("/nothing", "no-store")] {
        let headers = wallet.send("GET", path, "").await.headers().clone();
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let exposed = headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
        assert!(exposed.contains("DPoP-Nonce") && exposed.contains("WWW-Authenticate"));
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        assert_eq!(
            (&headers[header::CACHE_CONTROL], &headers[header::X_CONTENT_TYPE_OPTIONS]),
            (&cached.parse().unwrap(), &"nosniff".parse().unwrap())
        );
    }
    let preflight = wallet.send("OPTIONS", "/echo", "").await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "POST, OPTIONS");
    let allowed = preflight.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
    assert!(allowed.contains("Authorization") && allowed.contains("Content-Type"));
    let operator = bench(Audience::Operator, "");
    for (method, path) in [("GET", "/.well-known/x"), ("OPTIONS", "/echo"), ("GET", "/nothing")] {
        let headers = operator.send(method, path, "").await.headers().clone();
        assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")), "{headers:?}");
    }
}

// VCI-12.2.2-13
#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let bench = bench(Audience::Wallet, "");
    let comparable = |response: &Response<Body>| {
        let mut headers: HeaderMap = response.headers().clone();
        headers.remove("x-request-id");
        headers
    };
    let (get, head) = (bench.send("GET", "/.well-known/x", "").await, bench.send("HEAD", "/.well-known/x", "").await);
    assert_eq!(comparable(&get), comparable(&head));
    assert!(body(head).await.is_empty());
}

#[tokio::test]
async fn every_response_has_an_id_of_its_own_whatever_was_sent() {
    let bench = bench(Audience::Wallet, "");
    let mut seen = std::collections::HashSet::new();
    for (method, path) in [("GET", "/.well-known/x"), ("POST", "/panics"), ("GET", "/nothing"), ("OPTIONS", "/echo")] {
        let request = Request::builder().method(method).uri(path).header("X-Request-Id", "mine").body(Body::empty());
        let response = bench.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.headers().get_all("x-request-id").iter().count(), 1);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.len() == 32 && seen.insert(id));
    }
}

// HTP-9110-05
#[tokio::test]
async fn a_body_over_the_limit_is_413_without_being_read_whole() {
    for (audience, code) in [(Audience::Wallet, "invalid_request"), (Audience::Operator, "PayloadTooLarge")] {
        let bench = bench(audience, "");
        assert_eq!(body(bench.send("POST", "/echo", vec![b'x'; LIMIT]).await).await.len(), LIMIT);
        refused(bench.send("POST", "/echo", vec![b'x'; LIMIT + 1]).await, audience, 413, code).await;
        // Without a length: as many chunks as one likes.
        let read = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&read);
        let endless = stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 100]))
        });
        refused(bench.send("POST", "/echo", Body::from_stream(endless)).await, audience, 413, code).await;
        assert!(read.load(Ordering::SeqCst) <= 11, "{read:?}");
        assert!(bench.event("OPENID_TOKEN_FAIL", 2) && bench.event("OPENID_TOKEN_SUCCESS", 1));
    }
}

// HTP-9110-08
#[tokio::test]
async fn a_compressed_body_is_415() {
    let bench = bench(Audience::Wallet, "");
    for (coding, status) in [("gzip", 415), ("br", 415), ("identity, gzip", 415), ("identity", 200), ("Identity", 200)]
    {
        let request = Request::post("/echo").header(header::CONTENT_ENCODING, coding).body(Body::from("x")).unwrap();
        let response = bench.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{coding}");
        assert_eq!(response.headers().contains_key(header::ACCEPT_ENCODING), status == 415);
    }
}

// HTP-9110-07
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_408_and_an_answer_that_does_not_come_503() {
    let bench = bench(Audience::Wallet, "");
    let dripping = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), ()))
    });
    let began = tokio::time::Instant::now();
    refused(bench.send("POST", "/echo", Body::from_stream(dripping)).await, Audience::Wallet, 408, "invalid_request")
        .await;
    assert!(began.elapsed() < Duration::from_secs(16));
    let late = bench.send("POST", "/waits", "").await;
    assert_eq!(late.headers()[header::RETRY_AFTER], "1");
    refused(late, Audience::Wallet, 503, "temporarily_unavailable").await;
    // The handler is still at work, and its operation has not failed.
    assert!(bench.event("OPENID_OFFER_CREATE_FAIL", 0));
    bench.go_on.notify_one();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(bench.event("OPENID_OFFER_CREATE_SUCCESS", 1));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let bench = bench(Audience::Operator, "");
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("reset"))]);
    refused(bench.send("POST", "/echo", Body::from_stream(broken)).await, Audience::Operator, 400, "BadRequest").await;
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

// HTP-JSON-01
#[tokio::test]
async fn what_an_extractor_refuses_is_refused_in_the_form_of_the_audience() {
    let wallet = bench(Audience::Wallet, "");
    let operator = bench(Audience::Operator, "");
    for path in ["/items/%ff", "/items/1?limit=many"] {
        refused(wallet.send("GET", path, "").await, Audience::Wallet, 400, "invalid_request").await;
        refused(operator.send("GET", path, "").await, Audience::Operator, 400, "BadRequest").await;
    }
    assert_eq!(operator.send("GET", "/items/1?limit=5", "").await.status(), 200);
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

/// Every endpoint with its operation. A row without one (`-`) is a probe.
#[tokio::test]
async fn the_tables_are_those_of_the_golden_file_and_no_two_rows_collide() {
    let edge = edge(&Metrics::new().unwrap());
    let (public, nested) = (wallet::table(edge.clone(), "", 20), wallet::table(edge.clone(), "/acme", 20));
    let management = operator::table(edge);
    let mut rows = vec!["# public".to_owned()];
    rows.extend(public.rows());
    rows.push("# public, of an issuer with the path /acme".to_owned());
    rows.extend(nested.rows());
    rows.push("# management".to_owned());
    rows.extend(management.rows());
    assert_eq!(rows.join("\n") + "\n", include_str!("golden.txt"));
    // The router panics on rows that collide.
    drop((public.build(), nested.build(), management.build()));
}
