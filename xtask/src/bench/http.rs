//! A keep-alive HTTP/1.1 connection.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HeaderName;
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Result;

/// One connection to one listener.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// A request.
pub(super) struct Sent<'a> {
    method: Method,
    path: &'a str,
    kind: &'static str,
    body: &'a str,
    headers: Vec<(HeaderName, String)>,
}

/// A response, read to its end.
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) body: Bytes,
    headers: HeaderMap,
}

impl<'a> Sent<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, kind: "", body: "", headers: Vec::new() }
    }

    pub(super) fn json(path: &'a str, body: &'a str) -> Self {
        Self { method: Method::POST, path, kind: "application/json", body, headers: Vec::new() }
    }

    pub(super) fn form(path: &'a str, body: &'a str) -> Self {
        Self { kind: "application/x-www-form-urlencoded", ..Self::json(path, body) }
    }

    pub(super) fn put(path: &'a str, body: &'a str) -> Self {
        Self { method: Method::PUT, ..Self::json(path, body) }
    }

    pub(super) fn empty_post(path: &'a str) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, format!("Bearer {token}"))
    }

    pub(super) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Connection {
    /// Connects to `authority` (host and port).
    pub(super) async fn open(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: authority.to_owned() })
    }

    /// Sends a request and reads the whole response.
    pub(super) async fn send(&mut self, sent: &Sent<'_>) -> Result<Received> {
        let mut request = Request::builder().method(&sent.method).uri(sent.path).header(header::HOST, &self.host);
        if !sent.kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, sent.kind);
        }
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        self.sender.ready().await?;
        let body = Full::new(Bytes::copy_from_slice(sent.body.as_bytes()));
        let response = self.sender.send_request(request.body(body)?).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Received { status, headers, body: response.into_body().collect().await?.to_bytes() })
    }
}

impl Received {
    /// A header field as text.
    pub(super) fn header(&self, name: &HeaderName) -> Result<&str> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| format!("the response has no {name}").into())
    }

    /// The body as text, when the status is the one that was expected.
    pub(super) fn expect(&self, status: u16) -> Result<&str> {
        let text = std::str::from_utf8(&self.body)?;
        if self.status == status {
            return Ok(text);
        }
        let start: String = text.chars().take(200).collect();
        Err(format!("status {} instead of {status}: {start}", self.status).into())
    }
}
