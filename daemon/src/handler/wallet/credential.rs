//! `POST /v1/openid/credential` (`OpenID4VCI` section 8): credentials for an access token and proofs of keys.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::dpop::{self, Scheme};
use super::error::WalletError;
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::dpop::DpopPolicy;
use crate::domain::issuance::select::SelectionError;
use crate::domain::issuance::{IssuanceOutcome, Issuances, Refusal};
use crate::domain::proof::ProofError;
use crate::domain::proof::attestation::AttestationError;
use crate::handler::caller::{caller, request_id};
use crate::handler::{credentials, has_media_type};
use crate::observe::metrics::{Metrics, OfferChange};
use crate::wire::credential::{CredentialRequest, print_response};

/// Where it lives below the issuer.
const PATH: &str = "/v1/openid/credential";

/// Issues credentials. The token is checked before anything of the body is read.
pub async fn create(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let (scheme, token) = access_token(&headers, &uri, app.site.dpop)?;
    let scheme_of = |error: WalletError| error.with_scheme(scheme.name());
    let authorized = app.issuer.authorize(token).await?.ok_or_else(|| scheme_of(invalid_token()))?;
    dpop::sender(&app, &headers, PATH, (&scheme, token), authorized.jkt()).await?;
    if !has_media_type(&headers, "application/json") {
        let error = WalletError::bad("invalid_credential_request", "send application/json");
        return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let request = CredentialRequest::parse(&body)
        .map_err(|error| WalletError::bad("invalid_credential_request", error.to_string()))?;
    let id = request_id();
    match app.issuer.issue(&authorized, &request, &caller(id.as_ref(), remote.as_ref(), &headers)).await? {
        IssuanceOutcome::Issued(issued) => {
            count(&app.metrics, &issued);
            Ok(answer(&issued.credentials))
        }
        IssuanceOutcome::Refused(refusal) => Err(scheme_of(refused(&refusal))),
    }
}

fn count(metrics: &Metrics, issued: &Issuances) {
    metrics.credential_issued(issued.format, issued.credentials.len());
    if issued.completed {
        metrics.offer(OfferChange::Issued);
    }
}

fn answer(credentials: &[String]) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, print_response(credentials)).into_response()
}

/// The access token, from the `Authorization` header and nowhere else (RFC 6750 2.1; RFC 9700 4.3.2 forbids the query).
fn access_token<'a>(headers: &'a HeaderMap, uri: &Uri, policy: DpopPolicy) -> Result<(Scheme, &'a str), WalletError> {
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
fn invalid_token() -> WalletError {
    WalletError::challenge(StatusCode::UNAUTHORIZED, "invalid_token", "the access token is not valid")
}

/// What a wallet sees of a refusal (8.3.1.2). Codes say whether trying again helps: `invalid_nonce` with a new nonce,
/// `credential_request_denied` never.
fn refused(refusal: &Refusal) -> WalletError {
    let code = match refusal {
        Refusal::OfferEnded => return invalid_token(),
        Refusal::Blocked(blocked) => return WalletError::blocked(blocked, "credential_request_denied"),
        Refusal::Selection(error) => match error {
            SelectionError::NotGranted => {
                return WalletError::challenge(StatusCode::FORBIDDEN, "insufficient_scope", refusal.to_string());
            }
            SelectionError::UnknownConfiguration => "unknown_credential_configuration",
            SelectionError::UnknownIdentifier => "unknown_credential_identifier",
            SelectionError::IdentifierRequired => "invalid_credential_request",
        },
        Refusal::ConfigurationGone => "unknown_credential_configuration",
        Refusal::Encryption => "invalid_encryption_parameters",
        Refusal::Proof(ProofError::TooMany) => "invalid_credential_request",
        Refusal::Proof(ProofError::NonceUnknown | ProofError::Attestation(AttestationError::NonceUnknown))
        | Refusal::NonceTaken => "invalid_nonce",
        Refusal::Proofs(_) | Refusal::Proof(_) => "invalid_proof",
        Refusal::AlreadyIssued | Refusal::Claim(_) | Refusal::NoClaims | Refusal::Validity(_) => {
            "credential_request_denied"
        }
    };
    WalletError::bad(code, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::blocked::Blocked;
    use crate::domain::issuance::validity::ValidityError;
    use crate::domain::proof::key::KeyError;
    use crate::wire::credential::ProofsError;
    use crate::wire::jws::JwsError;

    /// Status, `error` and `WWW-Authenticate` of a response, whose description is checked.
    async fn seen(error: WalletError) -> (u16, String, String) {
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

    // VCI-8.3.1.2-01, VCI-8.3.1.2-04, VCI-8.3.1.1-01, BRR-3.1-02
    #[tokio::test]
    async fn each_refusal_has_its_code() {
        let selection = |error: SelectionError| Refusal::Selection(error);
        for (refusal, status, code) in [
            (selection(SelectionError::UnknownConfiguration), 400, "unknown_credential_configuration"),
            (selection(SelectionError::UnknownIdentifier), 400, "unknown_credential_identifier"),
            (selection(SelectionError::IdentifierRequired), 400, "invalid_credential_request"),
            (selection(SelectionError::NotGranted), 403, "insufficient_scope"),
            (Refusal::Encryption, 400, "invalid_encryption_parameters"),
            (Refusal::Proofs(ProofsError::Missing), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::TooMany), 400, "invalid_credential_request"),
            (Refusal::Proof(ProofError::NonceUnknown), 400, "invalid_nonce"),
            (Refusal::Proof(ProofError::NonceMissing), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::KeyTwice), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::Jws(JwsError::TooLarge)), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::Key(KeyError::NotOne)), 400, "invalid_proof"),
            (Refusal::NonceTaken, 400, "invalid_nonce"),
            (Refusal::Proof(AttestationError::NonceUnknown.into()), 400, "invalid_nonce"),
            (Refusal::Proof(AttestationError::NonceMissing.into()), 400, "invalid_proof"),
            (Refusal::Proof(AttestationError::Missing.into()), 400, "invalid_proof"),
            (Refusal::AlreadyIssued, 400, "credential_request_denied"),
            (Refusal::OfferEnded, 401, "invalid_token"),
            (Refusal::ConfigurationGone, 400, "unknown_credential_configuration"),
            (Refusal::NoClaims, 400, "credential_request_denied"),
            (Refusal::Validity(ValidityError::Empty), 400, "credential_request_denied"),
        ] {
            let challenge = if status == 400 { String::new() } else { format!("Bearer error=\"{code}\"") };
            assert_eq!(seen(refused(&refusal)).await, (status, code.to_owned(), challenge), "{refusal:?}");
        }
    }

    #[tokio::test]
    async fn a_plugin_in_the_way_has_its_answer() {
        let blocked = |blocked: Blocked| refused(&Refusal::Blocked(blocked));
        let wait = |seconds: Option<u64>| Blocked::Unavailable { retry_after: seconds.map(Duration::from_secs) };
        for (why, status, code) in [
            (Blocked::Denied { message: None }, 400, "credential_request_denied"),
            (Blocked::NotFound, 400, "credential_request_denied"),
            (wait(None), 503, "temporarily_unavailable"),
            (Blocked::Failed, 500, "server_error"),
        ] {
            assert_eq!(seen(blocked(why)).await, (status, code.to_owned(), String::new()));
        }
        for (wanted, told) in [(None, "5"), (Some(0), "1"), (Some(90), "90"), (Some(u64::MAX), "86400")] {
            let response = blocked(wait(wanted)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], told);
        }
        let failed = blocked(Blocked::Failed).into_response();
        assert!(!failed.headers().contains_key(header::RETRY_AFTER));
    }

    // VCI-8.3-10
    #[test]
    fn credentials_are_not_cached() {
        let response = answer(&["AA".into()]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}
