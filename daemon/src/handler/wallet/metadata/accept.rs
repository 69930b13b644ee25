//! Whether a wallet wants the signed form (`OpenID4VCI` 12.2.2, RFC 9110 12.5.1).

use axum::http::{HeaderMap, header};

/// Most media ranges that are looked at.
const MOST_RANGES: usize = 20;

/// Whether `application/jwt` is named, and liked more than JSON. Whoever takes anything gets JSON, as does who names both alike.
pub(super) fn wants_signed(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = fields.flat_map(|field| field.split(',')).take(MOST_RANGES).filter_map(range).collect();
    let find =
        |name: &str| ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
    let Some(signed) = find("application/jwt").filter(|weight| *weight > 0) else { return false };
    match find("application/json") {
        Some(plain) => signed > plain,
        None => signed >= find("application/*").or_else(|| find("*/*")).unwrap_or(0),
    }
}

fn range(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';');
    let range = parts.next()?.trim();
    let quality = parts.find(|part| part.trim_start().starts_with(['q', 'Q']));
    Some((range, quality.map_or(Some(1000), weight)?))
}

/// A weight like `q=0.5`, in thousandths (RFC 9110 12.4.2).
pub(super) fn weight(parameter: &str) -> Option<u16> {
    let value = parameter.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if !matches!(whole, "0" | "1") || fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{whole}{fraction:0<3}").parse().ok();
    thousandths.filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    // VCI-12.2.2-05, VCI-12.2.2-06, HTP-9110-09
    #[test]
    fn who_likes_a_jwt_more_gets_one() {
        for (accept, expected) in [
            (&[] as &[&str], false),
            (&[""], false),
            (&["*/*"], false),
            (&["application/*"], false),
            (&["application/json"], false),
            (&["application/jwt"], true),
            (&["APPLICATION/JWT; q=0.1"], true),
            (&["application/jwt, application/json;q=0.5"], true),
            (&["application/json;q=0.5", "application/jwt"], true),
            (&["application/jwt, */*;q=0.1"], true),
            (&["application/jwt, */*"], true),
            (&["application/jwt, application/json"], false),
            (&["application/jwt;q=0.4, application/json;q=0.5"], false),
            (&["application/jwt;q=0.4, */*;q=0.5"], false),
            (&["application/jwt;q=0"], false),
            (&["application/jwt;q=nonsense"], false),
            (&[";;;"], false),
            (&["text/html"], false),
        ] {
            let headers = accept.iter().map(|value| (header::ACCEPT, value.parse().unwrap())).collect();
            assert_eq!(wants_signed(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn weights_are_read_exactly() {
        for (text, expected) in [
            ("q=1", Some(1000)),
            (" Q=0.5 ", Some(500)),
            ("q=0.001", Some(1)),
            ("q=1.000", Some(1000)),
            ("q=0", Some(0)),
            ("q=1.001", None),
            ("q=0.0001", None),
            ("q=2", None),
            ("q=-1", None),
            ("q", None),
            ("x=1", None),
        ] {
            assert_eq!(weight(text), expected, "{text}");
        }
    }
}
