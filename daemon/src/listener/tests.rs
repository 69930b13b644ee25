use std::net::SocketAddr;

use axum::Extension;
use axum::body::Bytes;
use axum::routing::{get, post};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::limits::Limits;
use super::*;
use crate::base::remote::{PeerCertificate, Proxies, RemoteAddress};
use crate::observe::metrics::Metrics;

/// A listener on a free port.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    metrics: Arc<Metrics>,
    pub(super) tasks: Tasks,
    /// Lets `/waits` answer.
    pub(super) go_on: Arc<Notify>,
    /// A permit for each request that `/waits` has begun.
    pub(super) waiting: Arc<Semaphore>,
}

fn quick() -> Limits {
    Limits { header_time: Duration::from_millis(150), idle_time: Duration::from_millis(300), ..Limits::default() }
}

async fn served(limits: Limits) -> Served {
    served_over(limits, None).await
}

pub(super) async fn served_over(limits: Limits, tls: Option<Arc<Tls>>) -> Served {
    let (metrics, tasks, go_on) = (Metrics::new().unwrap(), Tasks::new(), Arc::new(Notify::new()));
    let waiting = Arc::new(Semaphore::new(0));
    let parts = (Arc::clone(&go_on), Arc::clone(&waiting));
    let waits = move || {
        let (go_on, waiting) = parts.clone();
        async move {
            waiting.add_permits(1);
            go_on.notified().await;
            "done"
        }
    };
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/large", get(|| async { vec![b'x'; 32 * 1024 * 1024] }))
        .route("/full", post(|| async { http::StatusCode::PAYLOAD_TOO_LARGE }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/remote", get(|Extension(RemoteAddress(remote))| async move { format!("from {remote}") }))
        .route("/certificate", get(certificate))
        .route("/waits", get(waits));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let trusted = Proxies { trusted: vec!["127.0.0.0/8".parse().unwrap()], ..Proxies::default() };
    let settings = Settings { limits, meters: metrics.connections("public"), proxies: trusted, tls };
    tasks.spawn(serve(listener, router, settings, tasks.clone()));
    Served { address, metrics, tasks, go_on, waiting }
}

/// The end of the client's certificate.
async fn certificate(shown: Option<Extension<PeerCertificate>>) -> String {
    shown.map_or("none".into(), |Extension(PeerCertificate(der))| format!("{:?}", &der[der.len() - 8..]))
}

impl Served {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(super) async fn say(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    pub(super) fn counts(&self, line: &str) -> bool {
        self.metrics.render().contains(&format!("{line}\n"))
    }
}

/// What arrives until the peer closes; panics when it stays open.
pub(super) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await.expect("closed in time");
    read.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What arrives until `end` was seen.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with(end) {
        let read = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.expect("answered in time").unwrap();
        assert!(read > 0, "closed after {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text
}

const HELLO: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let served = served(Limits::default()).await;
    let mut stream = served.say(HELLO).await;
    until(&mut stream, "hello").await;
    stream.write_all(HELLO.as_bytes()).await.unwrap();
    assert!(until(&mut stream, "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(served.counts("issuerd_connections{listener=\"public\"} 1"));
    assert!(served.counts("issuerd_connections_accepted_total{listener=\"public\"} 1"));
}

#[tokio::test]
async fn requests_know_where_they_come_from() {
    let served = served(Limits::default()).await;
    let mut stream = served.say("GET /remote HTTP/1.1\r\nHost: x\r\n\r\n").await;
    until(&mut stream, "from 127.0.0.1").await;
    let forwarded = "GET /remote HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n\r\n";
    stream.write_all(forwarded.as_bytes()).await.unwrap();
    until(&mut stream, "from 203.0.113.7").await;
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let served = served(Limits::default()).await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<String>();
    for _ in 0..3 {
        let answer = client.get(format!("http://{}/", served.address).parse().unwrap()).await.unwrap();
        assert_eq!((answer.version(), answer.status()), (http::Version::HTTP_2, http::StatusCode::OK));
    }
    assert!(served.counts("issuerd_connections_accepted_total{listener=\"public\"} 1"));
}

// HTP-9110-07
#[tokio::test]
async fn two_hundred_slow_peers_are_closed_in_bounded_time_and_hinder_nobody() {
    let served = served(quick()).await;
    let mut slow = Vec::new();
    for place in 0..200 {
        slow.push(
            served
                .say(["", "G", "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"][place % 4])
                .await,
        );
    }
    let began = Instant::now();
    let mut other = served.say(HELLO).await;
    until(&mut other, "hello").await;
    assert!(began.elapsed() < Duration::from_secs(1));
    for stream in &mut slow {
        // Dripping does not help.
        let _closed = stream.write_all(b"x").await;
        let mut buffer = [0; 1024];
        let closed = async { while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {} };
        timeout(Duration::from_secs(10), closed).await.expect("cut in time");
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_so_is_a_second_head_that_does_not_end() {
    let served = served(quick()).await;
    let mut idle = served.say(HELLO).await;
    until(&mut idle, "hello").await;
    let began = Instant::now();
    assert_eq!(rest(&mut idle).await, "");
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?}", began.elapsed());
    let mut dripping = served.say(HELLO).await;
    until(&mut dripping, "hello").await;
    dripping.write_all(b"GET / HT").await.unwrap();
    let began = Instant::now();
    assert_eq!(rest(&mut dripping).await, "");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_closed() {
    let limits = Limits { closing_time: Duration::from_millis(200), ..quick() };
    let served = served(limits).await;
    let _unread = served.say("GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let closed = async {
        while !served.counts("issuerd_connections_accepted_total{listener=\"public\"} 1")
            || !served.counts("issuerd_connections{listener=\"public\"} 0")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), closed).await.expect("closed in time");
}

// HTP-9110-05, HTP-9110-06
#[tokio::test]
async fn a_head_of_16_kib_passes_and_one_of_64_kib_is_431() {
    let served = served(Limits::default()).await;
    let head =
        |bytes: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: {}\r\n\r\n", "a".repeat(bytes));
    let mut stream = served.say(&head(16 * 1024)).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    let mut stream = served.say(&head(64 * 1024)).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

// HTP-9110-05: the peer reads the refusal although it went on sending.
#[tokio::test]
async fn an_answer_before_the_end_of_the_body_arrives() {
    let served = served(Limits::default()).await;
    for _ in 0..20 {
        let head = "POST /full HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n";
        let mut stream = served.say(head).await;
        let (mut read, mut write) = stream.split();
        let sending = async {
            let chunk = vec![b'x'; 64 * 1024];
            while write.write_all(&chunk).await.is_ok() {}
        };
        let mut answer = [0; 12];
        let receiving = async { read.read_exact(&mut answer).await.map(|_| ()) };
        tokio::select! {
            () = sending => panic!("reset before the answer was read"),
            received = receiving => received.unwrap(),
        }
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
}

#[tokio::test]
async fn a_connection_over_the_limit_is_told_so_and_the_place_is_free_again_afterwards() {
    let served = served(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = served.say(HELLO).await;
    until(&mut first, "hello").await;
    let mut second = served.connect().await;
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 503 "));
    assert!(served.counts("issuerd_connections_refused_total{listener=\"public\"} 1"));
    drop(first);
    let freed = async {
        loop {
            let mut next = served.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            let mut bytes = Vec::new();
            if next.read_to_end(&mut bytes).await.is_ok() && bytes.ends_with(b"hello") {
                return;
            }
        }
    };
    timeout(Duration::from_secs(10), freed).await.expect("the place is free");
}

#[tokio::test]
async fn the_stop_lets_open_requests_end_and_closes_the_rest() {
    let served = served(Limits::default()).await;
    let mut open = served.say("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut idle = served.say(HELLO).await;
    until(&mut idle, "hello").await;
    let mut silent = served.connect().await;
    let accepted = async {
        while !served.counts("issuerd_connections{listener=\"public\"} 3") {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), accepted).await.expect("accepted");
    served.tasks.stop();
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut silent).await, "");
    drop((idle, silent));
    assert!(!served.tasks.drained(Duration::from_millis(50)).await, "a request is open");
    served.go_on.notify_one();
    assert!(rest(&mut open).await.ends_with("done"));
    drop(open);
    assert!(served.tasks.drained(Duration::from_secs(5)).await);
    let refused = TcpStream::connect(served.address).await;
    assert!(refused.is_err(), "the port is closed");
}

#[tokio::test]
async fn the_stop_does_not_wait_for_a_head_that_does_not_end() {
    let served = served(Limits { closing_head_time: Duration::from_millis(150), ..Limits::default() }).await;
    let mut dripping = [
        served.say("GET / HT").await,
        served.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0").await,
        served.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await,
    ];
    until(&mut dripping[2], "hello").await;
    dripping[2].write_all(b"GET / HT").await.unwrap();
    while !served.counts("issuerd_connections{listener=\"public\"} 3") {
        tokio::task::yield_now().await;
    }
    served.tasks.stop();
    for mut peer in dripping {
        let mut bytes = Vec::new();
        let _closed_or_reset =
            timeout(Duration::from_secs(5), peer.read_to_end(&mut bytes)).await.expect("closed soon");
    }
    assert!(served.tasks.drained(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn the_stop_does_not_wait_for_ever() {
    let served = served(Limits { closing_time: Duration::from_millis(100), ..Limits::default() }).await;
    let mut open = served.say("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let accepted = async {
        while !served.counts("issuerd_connections{listener=\"public\"} 1") {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), accepted).await.expect("accepted");
    served.tasks.stop();
    assert!(served.tasks.drained(Duration::from_secs(5)).await);
    assert_eq!(rest(&mut open).await, "");
}
