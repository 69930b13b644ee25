//! Headers of a request: what a plugin may say, and what only the host says.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Most headers of a request.
const MOST: usize = 64;
/// Most bytes of their names and values.
const MOST_BYTES: usize = 32 << 10;
/// Headers of the connection, of proxies and of tracing, which are not a plugin's to set.
const FORBIDDEN: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];
/// Beginnings of such headers.
const FORBIDDEN_BEGINNINGS: &[&str] = &["proxy-", "x-forwarded-"];

/// The headers of one request, as they are put together.
#[derive(Default)]
pub(in crate::plugin) struct Headers {
    map: HeaderMap,
    bytes: usize,
}

impl Headers {
    /// Adds a header of the plugin.
    pub(in crate::plugin) fn add(&mut self, name: &str, value: &[u8], secret: bool) -> Result<(), String> {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| "the name of a header is malformed".to_owned())?;
        let lower = name.as_str();
        if FORBIDDEN.contains(&lower) || FORBIDDEN_BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning)) {
            return Err(format!("the header {lower} is the host's"));
        }
        self.bytes += lower.len() + value.len();
        if self.map.len() >= MOST || self.bytes > MOST_BYTES {
            return Err("there are too many headers".to_owned());
        }
        let mut value = HeaderValue::from_bytes(value).map_err(|_| format!("the value of {lower} is malformed"))?;
        value.set_sensitive(secret);
        self.map.append(name, value);
        Ok(())
    }

    /// The headers, with the id that the request can be followed by.
    pub(in crate::plugin) fn finish(mut self, request_id: &str) -> HeaderMap {
        if let Ok(id) = HeaderValue::from_str(request_id) {
            self.map.insert("x-request-id", id);
        }
        self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_host_are_refused() {
        for (name, value, good) in [
            ("Accept", "application/json", true),
            ("authorization", "Bearer x", true),
            ("Host", "evil.example", false),
            ("Connection", "close", false),
            ("content-length", "0", false),
            ("Transfer-Encoding", "chunked", false),
            ("proxy-authorization", "x", false),
            ("Proxy-Connection", "x", false),
            ("forwarded", "for=1.1.1.1", false),
            ("X-Forwarded-For", "1.1.1.1", false),
            ("TraceParent", "x", false),
            ("x-request-id", "x", false),
            ("te", "trailers", false),
            ("accept", "a\r\nhost: evil.example", false),
            ("accept\r\nhost", "evil.example", false),
            ("accept:", "x", false),
            ("", "x", false),
        ] {
            assert_eq!(Headers::default().add(name, value.as_bytes(), false).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn headers_are_bounded() {
        let mut headers = Headers::default();
        assert!(headers.add("accept", &vec![b'a'; MOST_BYTES], false).is_err());
        let mut headers = Headers::default();
        let added = (0..100).filter(|number| headers.add(&format!("x-{number}"), b"a", false).is_ok()).count();
        assert_eq!(added, MOST);
        assert_eq!(headers.finish("0123")["x-request-id"], "0123");
    }
}
