//! Against servers of this machine only; a name is resolved to whatever a test says.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use tokio::time::{Duration, Instant};

use crate::plugin::contract::claim_source::issuer::plugin::http::{
    HeaderValue, Host as _, HttpError, Request, Response, SecretHeader,
};
use crate::plugin::grants::support::{House, call};
use crate::plugin::room::Room;
use crate::plugin::settings::SecretUse;

mod tls;

/// A server that reads one request from each connection and answers in its own way.
struct Server {
    port: u16,
    heads: Receiver<String>,
}

impl Server {
    fn start(mut answer: impl FnMut(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (told, heads) = channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let head = head(&mut stream);
                answer(&mut stream);
                if told.send(head).is_err() {
                    break;
                }
            }
        });
        Self { port, heads }
    }

    fn says(answer: &'static str) -> Self {
        Self::start(move |stream| stream.write_all(answer.as_bytes()).unwrap())
    }

    fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    fn heard(&self) -> String {
        self.heads.recv_timeout(Duration::from_secs(5)).unwrap()
    }

    /// A call of a plugin that may send requests to this server by the name of `register.test`.
    fn room(&self, private: bool) -> Room {
        self.house(private).room()
    }

    fn house(&self, private: bool) -> House {
        House::new().http(&self.origin("register.test"), &["GET", "POST"], Some("/people"), private)
    }
}

/// The head of a request, and the body when it came along.
fn head(stream: &mut TcpStream) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !read.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => read.extend_from_slice(&buffer[..length]),
        }
    }
    String::from_utf8(read).unwrap()
}

/// Says nothing until the other side gives up.
fn wait_for_end(stream: &mut TcpStream) {
    while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
}

fn get(url: &str) -> Request {
    Request { method: "GET".to_owned(), url: url.to_owned(), headers: Vec::new(), body: None, timeout_ms: None }
}

fn with_secret(url: &str, secret: &str) -> Request {
    let value = SecretHeader { name: secret.to_owned(), prefix: "Bearer ".to_owned() };
    Request { headers: vec![("Authorization".to_owned(), HeaderValue::Secret(value))], ..get(url) }
}

async fn send(room: &mut Room, request: Request) -> Result<Response, HttpError> {
    room.send(request).await.unwrap()
}

fn refused(answer: &Result<Response, HttpError>) -> bool {
    matches!(answer, Err(HttpError::Denied(_)))
}

#[tokio::test]
async fn an_allowed_request_goes_out_with_what_the_host_adds() {
    let server = Server::says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-who: me\r\nconnection: close\r\n\r\nhi");
    let mut room = server.room(true);
    let mut request = get(&format!("{}/people/7?a=b#fragment", server.origin("register.test")));
    request.headers.push(("Accept".to_owned(), HeaderValue::Text("application/json".to_owned())));
    let answer = send(&mut room, request).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hi"[..]));
    assert!(answer.headers.contains(&("x-who".to_owned(), "me".to_owned())));
    let head = server.heard().to_lowercase();
    assert!(head.starts_with("get /people/7?a=b http/1.1\r\n"), "{head}");
    for line in ["x-request-id: 0123456789abcdef", "accept: application/json", "user-agent: issuerd/"] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(head.contains(&format!("host: register.test:{}", server.port)));
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_refused_before_a_connection() {
    let server = Server::says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let url = format!("{}/people", server.origin("register.test"));
    for (addresses, private, reached) in [
        (&["127.0.0.1"][..], false, false),
        (&["::ffff:127.0.0.1"], false, false),
        (&["10.1.2.3", "169.254.169.254", "::1"], false, false),
        (&["169.254.169.254"], true, false),
        (&["169.254.169.254", "127.0.0.1"], true, true),
    ] {
        let mut house = server.house(private);
        house.addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let answer = send(&mut house.room(), get(&url)).await;
        assert_eq!((refused(&answer), answer.is_ok()), (!reached, reached), "{addresses:?} {private}: {answer:?}");
    }
    server.heard();
    assert!(server.heads.try_recv().is_err(), "only the allowed one connected");
}

#[tokio::test]
async fn a_name_without_an_address_cannot_be_connected_to() {
    let server = Server::says("");
    let mut house = server.house(true);
    house.addresses.clear();
    let answer = send(&mut house.room(), get(&format!("{}/people", server.origin("register.test")))).await;
    assert!(matches!(answer, Err(HttpError::Connect(_))), "{answer:?}");
}

#[tokio::test]
async fn a_redirect_is_the_plugins_to_follow_and_is_checked_again() {
    let secret = Server::says("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
    let target: &'static str = Box::leak(secret.origin("127.0.0.1").into_boxed_str());
    let server = Server::start(move |stream| {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: {target}/people\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let mut room = server.room(true);
    let answer = send(&mut room, get(&format!("{}/people", server.origin("register.test")))).await.unwrap();
    assert_eq!(answer.status, 302);
    let location = answer.headers.iter().find(|(name, _)| name == "location").unwrap().1.clone();
    let answer = send(&mut room, get(&location)).await;
    assert!(refused(&answer), "{answer:?}");
    assert!(secret.heads.try_recv().is_err(), "nothing connected");
}

#[tokio::test]
async fn a_server_that_says_nothing_or_little_ends_in_a_timeout() {
    let silent = Server::start(wait_for_end);
    let slow = Server::start(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\na little").unwrap();
        wait_for_end(stream);
    });
    for server in [silent, slow] {
        let url = format!("{}/people", server.origin("register.test"));
        let (own, granted, left) = (Some(50), Duration::from_secs(30), Duration::from_secs(30));
        for (own, granted, left) in [
            (own, granted, left),
            (None, Duration::from_millis(50), left),
            (Some(60_000), granted, Duration::from_millis(50)),
            (None, granted, Duration::ZERO),
        ] {
            let mut house = server.house(true);
            house.settings.limits.http_timeout = granted;
            let mut room = call(&house.granted(), left);
            let begun = Instant::now();
            let answer = send(&mut room, Request { timeout_ms: own, ..get(&url) }).await;
            assert_eq!(answer, Err(HttpError::Timeout));
            assert!(begun.elapsed() < Duration::from_secs(10), "the shortest time counts");
        }
    }
}

#[tokio::test]
async fn an_answer_is_read_only_as_far_as_it_may_be_long() {
    let announced = Server::start(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").unwrap();
        wait_for_end(stream);
    });
    let endless = Server::start(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        while stream.write_all(format!("400\r\n{}\r\n", "a".repeat(1024)).as_bytes()).is_ok() {}
    });
    let exact = Server::start(|stream| {
        let body = "a".repeat(5_000);
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{body}").as_bytes()).unwrap();
    });
    for (server, too_large) in [(announced, true), (endless, true), (exact, false)] {
        let mut house = server.house(true);
        house.settings.limits.http_response = 5_000;
        let answer = send(&mut house.room(), get(&format!("{}/people", server.origin("register.test")))).await;
        assert_eq!(answer == Err(HttpError::TooLarge(5_000)), too_large, "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_an_error_without_its_text() {
    for answer in ["", "hello, this is no HTTP\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ntoo little"] {
        let server = Server::says(answer);
        let answer = send(&mut server.room(true), get(&format!("{}/people", server.origin("register.test")))).await;
        let Err(HttpError::Other(text)) = answer else { panic!("{answer:?}") };
        assert!(!text.contains("hello") && !text.contains("people"), "{text}");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://register.test:{port}");
    let answer = send(&mut House::new().http(&origin, &["GET"], None, true).room(), get(&origin)).await;
    assert!(matches!(answer, Err(HttpError::Connect(_))), "{answer:?}");
}

#[tokio::test]
async fn what_may_not_be_sent_reaches_nobody() {
    let server = Server::says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let people = format!("{}/people", server.origin("register.test"));
    let text = |name: &str, value: &str| vec![(name.to_owned(), HeaderValue::Text(value.to_owned()))];
    let plain = || get(&people);
    let requests = [
        Request { headers: text("Host", "evil.example"), ..plain() },
        Request { headers: text("Transfer-Encoding", "chunked"), ..plain() },
        Request { headers: text("X-Forwarded-For", "127.0.0.1"), ..plain() },
        Request { headers: text("Accept", "a\r\nhost: evil.example"), ..plain() },
        Request { method: "DELETE".to_owned(), ..plain() },
        Request { method: "CONNECT".to_owned(), ..plain() },
        Request { method: "GET / HTTP/1.1\r\nx: y".to_owned(), ..plain() },
        Request { body: Some(vec![0; 1_001]), ..plain() },
        get(&format!("{}/people/../admin", server.origin("register.test"))),
        get(&format!("{}/people/..%2fadmin", server.origin("register.test"))),
        get(&people.replace("register.test", "user:password@register.test")),
        get(&people.replace("register.test", "127.0.0.1")),
        get(&people.replace("http:", "https:")),
        with_secret(&people, "no-such-secret"),
    ];
    for request in requests {
        let mut house = server.house(true);
        house.settings.limits.http_request = 1_000;
        let answer = send(&mut house.room(), request.clone()).await;
        assert!(matches!(answer, Err(HttpError::Denied(_) | HttpError::InvalidRequest(_))), "{request:?}: {answer:?}");
    }
    assert!(server.heads.try_recv().is_err(), "nothing connected");
}

#[tokio::test]
async fn the_host_puts_secrets_in_and_takes_them_out_of_answers() {
    let server = Server::says(
        "HTTP/1.1 200 OK\r\nx-echo: value-of-token\r\ncontent-length: 36\r\nconnection: close\r\n\r\nyou sent value-of-token, value-of-se",
    );
    let url = format!("{}/people", server.origin("register.test"));
    let house = server.house(true).secret("token", &[SecretUse::Header], &[&server.origin("register.test")]);
    let mut room = house.room().recording();
    let answer = send(&mut room, with_secret(&url, "token")).await.unwrap();
    assert_eq!(answer.body, b"you sent ***, value-of-se");
    assert!(answer.headers.contains(&("x-echo".to_owned(), "***".to_owned())));
    assert!(server.heard().contains("authorization: Bearer value-of-token\r\n"));
    let transcript = room.ending().transcript.unwrap();
    assert_eq!(transcript.secrets, ["token"]);
    assert_eq!(transcript.http, [(with_secret(&url, "token"), Ok(answer))]);
    assert!(!serde_json::to_string(&transcript.http).unwrap().contains("value-of-token"));
}

#[tokio::test]
async fn a_secret_is_not_sent_to_a_foreign_origin() {
    let server = Server::says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let url = format!("{}/people", server.origin("register.test"));
    for (uses, origins, sent) in [
        (&[SecretUse::Header][..], &["https://register.test"][..], false),
        (&[SecretUse::Reveal, SecretUse::Hmac], &[], false),
        (&[SecretUse::Header], &[], true),
    ] {
        let house = server.house(true).secret("token", uses, origins);
        let answer = send(&mut house.room(), with_secret(&url, "token")).await;
        assert_eq!((refused(&answer), answer.is_ok()), (!sent, sent), "{uses:?} {origins:?}");
    }
    server.heard();
    assert!(server.heads.try_recv().is_err(), "only the allowed one connected");
}

#[tokio::test]
async fn requests_are_counted_and_told_to_the_observer() {
    let server = Server::says("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (origin, elsewhere) = (server.origin("register.test"), "https://elsewhere.test/");
    let mut house = server.house(true);
    house.settings.limits.http_requests = 3;
    let mut room = house.room();
    assert_eq!(send(&mut room, get(&format!("{origin}/people"))).await.unwrap().status, 404);
    for _ in 0..2 {
        assert!(refused(&send(&mut room, get(elsewhere)).await), "a refused one counts as well");
    }
    assert_eq!(send(&mut room, get(&format!("{origin}/people"))).await, Err(HttpError::Quota));
    assert_eq!(room.ending().http_requests, 3);
    let none = String::new;
    let told = [(origin, "4xx"), (none(), "denied"), (none(), "denied"), (none(), "quota")];
    assert_eq!(*house.told.requests.lock().unwrap(), told);
}
