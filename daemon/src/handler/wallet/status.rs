//! Status lists for verifiers (Token Status List 8 and 9): one signed list, and which there are.
//!
//! Both are answered from memory, the same to everybody, so that they are there when the store is not, and tell nobody apart.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::etag;
use crate::app::Shared;
use crate::domain::status::{CWT_TYPE, Form, JWT_TYPE, Published, Served};
use crate::store::status::ListKind;

/// How long the list of lists may be kept, seconds; new lists are rare.
const DISTRIBUTION_MAX_AGE: u32 = 300;

/// `GET /v2/credentials/mobile/status-lists/{id}/token`
pub async fn mobile_token(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    token(&app, ListKind::Mobile, &id, &headers, query.as_deref())
}

/// `GET /v2/credentials/sd-jwt/status-lists/{id}/token`
pub async fn sd_jwt_token(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    token(&app, ListKind::SdJwt, &id, &headers, query.as_deref())
}

/// `GET /v2/credentials/mobile/status-lists/distribution`
pub async fn mobile_distribution(State(app): State<Shared>) -> Response {
    distribution(&app, ListKind::Mobile)
}

/// `GET /v2/credentials/sd-jwt/status-lists/distribution`
pub async fn sd_jwt_distribution(State(app): State<Shared>) -> Response {
    distribution(&app, ListKind::SdJwt)
}

fn distribution(app: &Shared, kind: ListKind) -> Response {
    let body = Json(json!({ "status_lists": app.statuses.distribution(kind) }));
    ([(header::CACHE_CONTROL, format!("public, max-age={DISTRIBUTION_MAX_AGE}"))], body).into_response()
}

fn token(app: &Shared, kind: ListKind, id: &str, headers: &HeaderMap, query: Option<&str>) -> Response {
    let mut asked = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if asked.any(|(name, _)| name == "time") {
        return refused(StatusCode::NOT_IMPLEMENTED, "NotImplemented", "lists of the past are not kept");
    }
    let served = Uuid::try_parse(id).map_or(Served::Unknown, |id| app.statuses.serve(kind, id));
    match served {
        Served::Current(published, max_age) => send(&published, kind, headers, max_age),
        Served::Expired => refused(StatusCode::GONE, "Gone", "the status list has expired"),
        Served::Unknown => refused(StatusCode::NOT_FOUND, "NotFound", "Resource Not Found"),
    }
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json::<Value>(json!({ "code": code, "message": message }))).into_response()
}

fn send(published: &Published, kind: ListKind, headers: &HeaderMap, max_age: i64) -> Response {
    let (first, second) = match kind {
        ListKind::Mobile => (CWT_TYPE, JWT_TYPE),
        ListKind::SdJwt => (JWT_TYPE, CWT_TYPE),
    };
    let chosen = if quality(headers, &header::ACCEPT, second) > quality(headers, &header::ACCEPT, first) {
        second
    } else {
        first
    };
    // The CWT is compressed throughout; of the JWT the base64 is not.
    let zipped = chosen == JWT_TYPE
        && headers.contains_key(header::ACCEPT_ENCODING)
        && quality(headers, &header::ACCEPT_ENCODING, "gzip") > 0;
    let Form { body, digest } = match (chosen, zipped) {
        (CWT_TYPE, _) => &published.cwt,
        (_, true) => &published.jwt_gzip,
        (_, false) => &published.jwt,
    };
    let tag = etag::tag_of(digest);
    let known = etag::is_known(headers, &tag);
    let (status, body) =
        if known { (StatusCode::NOT_MODIFIED, Body::empty()) } else { (StatusCode::OK, body.clone().into()) };
    let mut response = (status, [(header::CACHE_CONTROL, format!("public, max-age={max_age}"))], body).into_response();
    let out = response.headers_mut();
    out.insert(header::ETAG, tag);
    out.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if !known {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(chosen));
        if zipped {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// How much of a media type or a coding is wanted, in thousandths (RFC 9110 12.4.2): the most specific range that covers it decides.
/// Without the header everything is wanted alike.
fn quality(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> u16 {
    let fields = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let ranges = fields.flat_map(|field| field.split(','));
    let found = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specific = specificity(parts.next()?, wanted)?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((specific, weight.map_or(1_000, thousandths)))
    });
    match found.max_by_key(|(specific, _)| *specific) {
        Some((_, weight)) => weight,
        None if headers.contains_key(name) => 0,
        None => 1_000,
    }
}

fn specificity(range: &str, wanted: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(wanted) {
        return Some(2);
    }
    let (kind, _) = wanted.split_once('/').unwrap_or((wanted, ""));
    match range.split_once('/') {
        Some((of, "*")) if of.eq_ignore_ascii_case(kind) => Some(1),
        Some(("*", "*")) => Some(0),
        None if range == "*" => Some(0),
        _ => None,
    }
}

fn thousandths(weight: &str) -> u16 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{rest:0<3}");
    let rest = digits.get(..3).and_then(|digits| digits.parse::<u16>().ok());
    match (whole, rest) {
        ("0" | "", Some(rest)) => rest,
        ("1", _) => 1_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &header::HeaderName, value: &str, wanted: &str) -> u16 {
        let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())]);
        quality(&headers, name, wanted)
    }

    // TSL-8.2-01
    #[test]
    fn the_most_specific_range_decides() {
        for (value, jwt, cwt) in [
            ("application/statuslist+jwt", 1_000, 0),
            ("Application/StatusList+JWT", 1_000, 0),
            ("application/statuslist+cwt;q=0.5, application/statuslist+jwt;q=0.25", 250, 500),
            ("*/*", 1_000, 1_000),
            ("application/*;q=0.3, */*;q=0.9", 300, 300),
            ("application/statuslist+jwt;q=0, */*", 0, 1_000),
            ("text/html", 0, 0),
            (";;;", 0, 0),
            ("application/statuslist+jwt;q=x", 0, 0),
        ] {
            assert_eq!(of(&header::ACCEPT, value, JWT_TYPE), jwt, "{value}");
            assert_eq!(of(&header::ACCEPT, value, CWT_TYPE), cwt, "{value}");
        }
    }

    #[test]
    fn weights_are_thousandths() {
        for (weight, expected) in [
            ("1", 1_000),
            ("1.000", 1_000),
            ("0", 0),
            ("0.5", 500),
            ("0.123", 123),
            ("0.1239", 123),
            ("2", 0),
            ("-1", 0),
            ("0.é", 0),
        ] {
            assert_eq!(thousandths(weight), expected, "{weight}");
        }
        for (value, expected) in
            [("gzip", 1_000), ("br, gzip;q=0.8", 800), ("*", 1_000), ("gzip;q=0, *", 0), ("identity", 0)]
        {
            assert_eq!(of(&header::ACCEPT_ENCODING, value, "gzip"), expected, "{value}");
        }
    }
}
