//! Entity tags: a document that a client has already is not sent again (RFC 9110 8.8.3, 13.1.2).

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use crate::base::secret::sha256;

/// The tag of a document: equal for equal bytes.
pub(super) fn tag(body: &[u8]) -> HeaderValue {
    tag_of(&sha256(body))
}

/// The tag of a document with this SHA-256.
pub(super) fn tag_of(digest: &[u8; 32]) -> HeaderValue {
    let tag = format!("\"{}\"", B64.encode(digest));
    // Base64 fits in a header; a document without a tag of its own would only be loaded once more.
    HeaderValue::from_str(&tag).unwrap_or(const { HeaderValue::from_static("\"\"") })
}

/// Whether `If-None-Match` names the document (RFC 9110 13.1.2: weak comparison).
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let fields = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = fields.flat_map(|field| field.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}
