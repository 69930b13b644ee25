//! Against servers that mean ill, and against a provider by others.

mod provider;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::base::secret::Secret;
use crate::domain::outbound::{Bounds, Private};

/// A server that answers every request with these bytes, and then keeps the connection open; the number of requests.
fn server(answer: Vec<u8>) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&requests);
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(&answer);
            open.push(stream);
        }
    });
    (url, requests)
}

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(5), bytes: 256 * 1024 };

fn web(allow_private: bool) -> Web {
    Web::new(&Reach { private: if allow_private { Private::All } else { Private::None }, ca_file: None })
}

async fn get(web: &Web, url: &str) -> Result<Answer, NoAnswer> {
    web.ask(Ask::get(url, BOUNDS)).await
}

fn response(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn an_answer_is_read_whatever_its_status() {
    for (head, status) in [("200 OK", 200), ("400 Bad Request", 400), ("503 Unavailable", 503)] {
        let (url, _) = server(response(head, "{}"));
        let answer = get(&web(true), &url).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (status, b"{}".as_slice()));
    }
}

// SEC-SSRF-02
#[tokio::test]
async fn no_redirect_is_followed() {
    let (other, requests) = server(response("200 OK", "{}"));
    let (url, _) = server(response(&format!("302 Found\r\nlocation: {other}"), ""));
    assert_eq!(get(&web(true), &url).await.unwrap().status, 302);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

// SEC-SSRF-02, UPS-11
#[tokio::test]
async fn private_addresses_are_asked_only_where_allowed() {
    let (url, requests) = server(response("200 OK", "{}"));
    let port = url.rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"] {
        assert!(get(&web(false), &format!("http://{host}:{port}")).await.is_err(), "{host}");
    }
    for never in ["http://169.254.169.254/latest", "http://0.0.0.0", "http://[fe80::1]", "http://224.0.0.1"] {
        assert!(get(&web(true), never).await.is_err(), "{never}");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

// SEC-SSRF-02, UPS-11
#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let announced = server(response("200 OK", &"x".repeat(BOUNDS.bytes + 1))).0;
    let chunk = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536));
    let unannounced = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(8));
    for url in [announced, server(unannounced.into_bytes()).0] {
        let Err(error) = get(&web(true), &url).await else { panic!("it was read") };
        assert!(error.reason.contains("bytes"), "{error}");
    }
}

// UPS-13, SEC-SSRF-02
#[tokio::test]
async fn a_slow_answer_ends_in_time_and_an_error_names_no_url() {
    let (url, _) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec());
    let (web, hurried) = (web(true), Bounds { time: Duration::from_millis(200), ..BOUNDS });
    let url = format!("{url}/?code=secret-code");
    let asked = tokio::time::timeout(BOUNDS.time, web.ask(Ask::get(&url, hurried))).await;
    let error = asked.expect("it ends").err().expect("no answer");
    assert!(!error.reason.contains("secret-code") && !error.reason.contains("127.0.0.1"), "{error}");
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&web, &format!("http://{refused}/?code=secret-code")).await.err().expect("no answer");
    assert!(!error.reason.contains("secret-code"), "{error}");
}

#[tokio::test]
async fn a_form_is_posted_with_its_header() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
        while !seen.ends_with(b"a=b") {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0);
            seen.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(&response("200 OK", "{}")).unwrap();
        String::from_utf8(seen).unwrap()
    });
    let authorization = Some(Secret::new(b"Basic YTpi".to_vec()));
    let web = web(true);
    web.ask(Ask::post(&url, Body::Form("a=b".into()), BOUNDS).authorized(authorization)).await.unwrap();
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("POST /token HTTP/1.1\r\n"), "{seen}");
    for line in
        ["authorization: Basic YTpi", "content-type: application/x-www-form-urlencoded", "accept: application/json"]
    {
        assert!(seen.contains(&format!("{line}\r\n")), "{seen}");
    }
}
