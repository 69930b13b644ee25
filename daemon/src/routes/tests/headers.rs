//! Headers that every answer has.

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use tower::ServiceExt as _;

use super::super::audience::Audience;
use super::support::*;

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
