//! Access tokens at the endpoints that need one: taken from the header, looked up, and bound to their sender (RFC 6750, RFC 9449).

use axum::http::{HeaderMap, StatusCode, Uri, header};

use super::dpop::{self, Scheme};
use super::error::WalletError;
use crate::app::App;
use crate::domain::dpop::DpopPolicy;
use crate::domain::issuance::Authorized;
use crate::handler::credentials;

/// The scheme in which a good token was sent, and what it stands for. `path` is that of the endpoint below the issuer's URL.
pub(super) async fn authorized(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    path: &str,
) -> Result<(Scheme, Authorized), WalletError> {
    let (scheme, token) = access_token(headers, uri, app.site.dpop)?;
    let authorized = app.issuer.authorize(token).await?;
    let authorized = authorized.ok_or_else(|| invalid_token().with_scheme(scheme.name()))?;
    dpop::sender(app, headers, path, (&scheme, token), authorized.jkt()).await?;
    Ok((scheme, authorized))
}

/// The access token, from the `Authorization` header and nowhere else (RFC 6750 2.1; RFC 9700 4.3.2 forbids the query).
pub(super) fn access_token<'a>(
    headers: &'a HeaderMap,
    uri: &Uri,
    policy: DpopPolicy,
) -> Result<(Scheme, &'a str), WalletError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(no_token(policy)) };
    let in_query =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).any(|(name, _)| name == "access_token");
    let known = [Some(Scheme::Bearer), policy.enabled.then_some(Scheme::Dpop)].into_iter().flatten();
    let Some(scheme) = known.into_iter().find(|scheme| is_of(scheme, value.as_bytes())) else {
        return Err(if values.next().is_none() { no_token(policy) } else { malformed("Bearer") });
    };
    match credentials(headers, scheme.name()) {
        Some(token) if !in_query => Ok((scheme, token)),
        _ => Err(malformed(scheme.name())),
    }
}

fn is_of(scheme: &Scheme, value: &[u8]) -> bool {
    value.split(|byte| *byte == b' ').next().is_some_and(|given| given.eq_ignore_ascii_case(scheme.name().as_bytes()))
}

fn malformed(scheme: &'static str) -> WalletError {
    let description = "send one access token, in one Authorization header";
    WalletError::challenge(StatusCode::BAD_REQUEST, "invalid_request", description).with_scheme(scheme)
}

/// No token was sent, so nothing is said of one (RFC 6750 3.1).
fn no_token(policy: DpopPolicy) -> WalletError {
    let schemes = match policy {
        DpopPolicy { enabled: true, required: true, .. } => "DPoP",
        DpopPolicy { enabled: true, .. } => "Bearer, DPoP",
        _ => "Bearer",
    };
    WalletError::challenge(StatusCode::UNAUTHORIZED, "", "an access token is required").with_scheme(schemes)
}

/// One answer for unknown, expired and revoked tokens.
pub(super) fn invalid_token() -> WalletError {
    WalletError::challenge(StatusCode::UNAUTHORIZED, "invalid_token", "the access token is not valid")
}

#[cfg(test)]
pub(super) mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    /// Status, `error` and `WWW-Authenticate` of a response, whose description is checked.
    pub(in crate::handler::wallet) async fn seen(error: WalletError) -> (u16, String, String) {
        let response = error.into_response();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status().as_u16();
        let challenge =
            response.headers().get(header::WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let description = body["error_description"].as_str().unwrap();
        assert!(description.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'));
        (status, body["error"].as_str().unwrap_or_default().to_owned(), challenge)
    }

    const PLAIN: DpopPolicy = DpopPolicy { enabled: false, required: false, required_for_authorization_code: false };
    const DPOP: DpopPolicy = DpopPolicy { enabled: true, ..PLAIN };

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    // HTP-9110-04, BRR-2.1-01
    #[test]
    fn the_scheme_is_matched_in_any_case() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "Bearer  abc", "DPoP abc", "dpop abc", "DPOP  abc"] {
            let headers = headers(&[value]);
            let token = access_token(&headers, &Uri::from_static("/v1/openid/credential?x=1"), DPOP);
            let expected = if value.starts_with(['b', 'B']) { "Bearer" } else { "DPoP" };
            assert_eq!(token.ok().map(|(scheme, token)| (scheme.name(), token)), Some((expected, "abc")), "{value}");
        }
    }

    // BRR-2.3-01, BRR-3-01, BRR-3.1-03
    #[tokio::test]
    async fn one_token_is_taken_from_the_header_alone() {
        // HTP-JSON-01: the body names an error where the challenge must not.
        let plain = (401, "invalid_token".to_owned(), "Bearer".to_owned());
        let malformed = (400, "invalid_request".to_owned(), "Bearer error=\"invalid_request\"".to_owned());
        for (values, uri, expected) in [
            (&[] as &[&str], "/c", &plain),
            (&[], "/c?access_token=abc", &plain),
            (&["DPoP abc"], "/c", &plain),
            (&["Basic YTpi"], "/c", &plain),
            (&["Bearerabc"], "/c", &plain),
            (&[""], "/c", &plain),
            (&["Bearer"], "/c", &malformed),
            (&["Bearer "], "/c", &malformed),
            (&["Bearer a b"], "/c", &malformed),
            (&["Bearer a,Bearer b"], "/c", &malformed),
            (&["Bearer a", "Bearer b"], "/c", &malformed),
            (&["Bearer a", "DPoP b"], "/c", &malformed),
            (&["Bearer a"], "/c?access_token=a", &malformed),
            (&["Bearer a"], "/c?x=1&access%5Ftoken=a", &malformed),
        ] {
            let headers = headers(values);
            let error = access_token(&headers, &Uri::from_static(uri), PLAIN).err().expect("no token");
            assert_eq!(seen(error).await, *expected, "{values:?} {uri}");
        }
    }

    // DPP-7.1-01
    #[tokio::test]
    async fn the_challenge_has_the_schemes_that_are_of_use() {
        let dpop = "DPoP algs=\"ES256 ES384 EdDSA\"";
        let required = DpopPolicy { required: true, ..DPOP };
        for (policy, expected) in [(PLAIN, vec!["Bearer"]), (DPOP, vec!["Bearer", dpop]), (required, vec![dpop])] {
            let response =
                access_token(&HeaderMap::new(), &Uri::from_static("/c"), policy).err().unwrap().into_response();
            let challenges: Vec<_> = response.headers().get_all(header::WWW_AUTHENTICATE).iter().collect();
            assert_eq!(challenges, expected);
        }
        for values in [["DPoP"].as_slice(), &["DPoP a b"], &["DPoP a", "DPoP b"], &["DPoP a", "Bearer a"]] {
            let error = access_token(&headers(values), &Uri::from_static("/c"), DPOP).err().expect("malformed");
            let challenge = "DPoP error=\"invalid_request\", algs=\"ES256 ES384 EdDSA\"";
            assert_eq!(seen(error).await, (400, "invalid_request".to_owned(), challenge.to_owned()), "{values:?}");
        }
    }
}
