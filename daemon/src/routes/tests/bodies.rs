//! Request bodies that are too long, too late or coded.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures_util::stream;
use tower::ServiceExt as _;

use super::super::audience::Audience;
use super::super::*;
use super::support::*;

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
