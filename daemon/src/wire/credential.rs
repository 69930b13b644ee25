//! The credential request and response (`OpenID4VCI` 8.2, 8.3).

use std::borrow::Cow;

use super::encryption::{self, EncryptionFault, Recipient};
use super::json::{Json, JsonError, Object};

/// Why a body is no credential request. Faults of `proofs` are kept inside the request, so that a wrong configuration is named
/// before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not an acceptable JSON object.
    #[error("the request {0}")]
    Json(JsonError),
    /// Neither `credential_identifier` nor `credential_configuration_id`.
    #[error("credential_identifier or credential_configuration_id is required")]
    NoSelector,
    /// Both of them.
    #[error("send one of credential_identifier and credential_configuration_id")]
    TwoSelectors,
    /// One of them is not a string.
    #[error("credential_identifier and credential_configuration_id are strings")]
    SelectorType,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector<'a> {
    /// `credential_configuration_id`
    Configuration(Cow<'a, str>),
    /// `credential_identifier`
    Identifier(Cow<'a, str>),
}

/// Why `proofs` holds no list of proofs of one supported type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofsError {
    /// `proofs` is missing; the `proof` of older drafts does not replace it.
    #[error("proofs is required")]
    Missing,
    /// Not an object with exactly one member.
    #[error("proofs must be an object with one proof type")]
    NotOneType,
    /// The member is not a supported proof type.
    #[error("the supported proof types are jwt and attestation")]
    UnknownType,
    /// The member is not an array with at least one item.
    #[error("a proof type must have an array with at least one proof")]
    NotAnArray,
    /// An item is not a string.
    #[error("a proof must be a string")]
    NotAString,
    /// More than one attestation (F.3).
    #[error("proof type attestation must have exactly one key attestation")]
    NotOneAttestation,
}

/// Proofs of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proofs<'a> {
    /// Of type `jwt`, in the order in which they were sent; at least one.
    Jwt(Vec<Cow<'a, str>>),
    /// Of type `attestation`.
    Attestation(Cow<'a, str>),
}

/// A read request.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialRequest<'a> {
    /// What is asked for.
    pub selector: Selector<'a>,
    /// The proofs.
    pub proofs: Result<Proofs<'a>, ProofsError>,
    /// Whom the response is encrypted for; `None` for nobody. What is not allowed is a fault here too, so that a wrong configuration is
    /// named before it.
    pub encryption: Result<Option<Recipient>, EncryptionFault>,
}

impl<'a> CredentialRequest<'a> {
    /// Reads a body. Unknown members are ignored (8.2).
    pub fn parse(body: &'a [u8]) -> Result<Self, RequestError> {
        let mut object = Object::parse(body).map_err(RequestError::Json)?;
        let selector = selector(&mut object)?;
        let encryption = encryption::take(&mut object);
        Ok(Self { selector, proofs: proofs(object.take("proofs")), encryption })
    }
}

fn selector<'a>(object: &mut Object<'a>) -> Result<Selector<'a>, RequestError> {
    match (object.take("credential_identifier"), object.take("credential_configuration_id")) {
        (Some(_), Some(_)) => Err(RequestError::TwoSelectors),
        (None, None) => Err(RequestError::NoSelector),
        (Some(Json::Text(identifier)), None) => Ok(Selector::Identifier(identifier)),
        (None, Some(Json::Text(configuration))) => Ok(Selector::Configuration(configuration)),
        _ => Err(RequestError::SelectorType),
    }
}

fn proofs(proofs: Option<Json<'_>>) -> Result<Proofs<'_>, ProofsError> {
    let mut types = match proofs {
        None => return Err(ProofsError::Missing),
        Some(Json::Object(types)) if types.len() == 1 => types,
        Some(_) => return Err(ProofsError::NotOneType),
    };
    if let Some(jwt) = types.take("jwt") {
        return Ok(Proofs::Jwt(texts(jwt)?));
    }
    let mut attestations = texts(types.take("attestation").ok_or(ProofsError::UnknownType)?)?;
    match (attestations.pop(), attestations.is_empty()) {
        (Some(one), true) => Ok(Proofs::Attestation(one)),
        _ => Err(ProofsError::NotOneAttestation),
    }
}

fn texts(items: Json<'_>) -> Result<Vec<Cow<'_, str>>, ProofsError> {
    let items = match items {
        Json::Array(items) if !items.is_empty() => items,
        _ => return Err(ProofsError::NotAnArray),
    };
    let text = |item| match item {
        Json::Text(text) => Ok(text),
        _ => Err(ProofsError::NotAString),
    };
    items.into_iter().map(text).collect()
}

/// Prints the response to an issuance (8.3). `credentials` and `notification_id` are base64url texts, which need no escaping.
#[must_use]
pub fn print_response(credentials: &[String], notification_id: Option<&str>) -> String {
    const OPEN: &str = r#"{"credentials":["#;
    const ITEM: &str = r#"{"credential":""#;
    const END: &str = r#""}"#;
    const NOTIFICATION: &str = r#","notification_id":""#;
    let items = credentials.iter().map(|text| 1 + ITEM.len() + text.len() + END.len()).sum::<usize>();
    let notification = notification_id.map_or(0, |id| NOTIFICATION.len() + id.len() + 1);
    let mut out = String::with_capacity(OPEN.len() + items + notification + 2);
    out.push_str(OPEN);
    for (place, credential) in credentials.iter().enumerate() {
        out.push_str(if place == 0 { "" } else { "," });
        out.push_str(ITEM);
        out.push_str(credential);
        out.push_str(END);
    }
    out.push(']');
    if let Some(id) = notification_id {
        out.push_str(NOTIFICATION);
        out.push_str(id);
        out.push('"');
    }
    out.push('}');
    out
}

/// Prints the response to a request that is deferred (8.3, 9.2).
#[must_use]
pub fn print_deferred(transaction_id: &str, interval_seconds: u64) -> String {
    serde_json::json!({ "transaction_id": transaction_id, "interval": interval_seconds }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;
    use serde_json::{Value, json};

    fn read(body: &str) -> Result<CredentialRequest<'_>, RequestError> {
        CredentialRequest::parse(body.as_bytes())
    }

    fn proofs_of(proofs: &str) -> Result<usize, ProofsError> {
        let body = format!(r#"{{"credential_configuration_id":"a","proofs":{proofs}}}"#);
        read(&body).unwrap().proofs.map(|proofs| match proofs {
            Proofs::Jwt(proofs) => proofs.len(),
            Proofs::Attestation(_) => 1,
        })
    }

    // VCI-8.2-01, HTP-JSON-03
    #[test]
    fn a_request_is_read_and_unknown_members_are_ignored() {
        let body = r#"{"x_unknown":{"a":[1]},"credential_identifier":"ds-6c1f","format":"mso_mdoc","proofs":{"jwt":["a.b.c","d.e.f"]}}"#;
        let request = read(body).unwrap();
        assert_eq!(request.selector, Selector::Identifier("ds-6c1f".into()));
        assert_eq!(request.proofs, Ok(Proofs::Jwt(vec!["a.b.c".into(), "d.e.f".into()])));
        assert_eq!(request.encryption, Ok(None));
        let encrypted = read(r#"{"credential_configuration_id":"a","credential_response_encryption":null}"#).unwrap();
        assert_eq!(encrypted.selector, Selector::Configuration("a".into()));
        assert_eq!(encrypted.encryption, Err(EncryptionFault::NotAnObject));
    }

    // VCI-8.2-02, VCI-8.3.1.2-03, HTP-JSON-02, HTP-JSON-04
    #[test]
    fn malformed_requests_are_refused() {
        for body in ["{", "[]", "null", "\"a\"", "", r#"{"credential_identifier":"a","credential_identifier":"a"}"#] {
            assert!(matches!(read(body), Err(RequestError::Json(_))), "{body}");
        }
        assert_eq!(read(r#"{"proofs":{"jwt":["a"]}}"#), Err(RequestError::NoSelector));
        let both = r#"{"credential_identifier":"a","credential_configuration_id":"b"}"#;
        assert_eq!(read(both), Err(RequestError::TwoSelectors));
        for value in ["null", "0", "[]", "{}", "true", "[\"a\"]"] {
            assert_eq!(read(&format!(r#"{{"credential_identifier":{value}}}"#)), Err(RequestError::SelectorType));
            assert_eq!(read(&format!(r#"{{"credential_configuration_id":{value}}}"#)), Err(RequestError::SelectorType));
        }
    }

    // VCI-8.2-08, VCI-8.2-09, VCI-8.2-11, VCI-F.2-01
    #[test]
    fn proofs_have_exactly_one_supported_type_and_at_least_one_item() {
        assert_eq!(proofs_of(r#"{"jwt":["a"]}"#), Ok(1));
        assert_eq!(proofs_of(r#"{"jwt":["a"],"attestation":["b"]}"#), Err(ProofsError::NotOneType));
        for value in ["{}", "[]", "null", "\"a\"", "1", "[{\"jwt\":[\"a\"]}]"] {
            assert_eq!(proofs_of(value), Err(ProofsError::NotOneType), "{value}");
        }
        // VCI-F.3-01
        assert_eq!(proofs_of(r#"{"attestation":["a"]}"#), Ok(1));
        assert_eq!(proofs_of(r#"{"attestation":["a","a"]}"#), Err(ProofsError::NotOneAttestation));
        assert_eq!(proofs_of(r#"{"attestation":[]}"#), Err(ProofsError::NotAnArray));
        for value in [r#"{"di_vp":[{}]}"#, r#"{"cwt":["a"]}"#, r#"{"JWT":["a"]}"#] {
            assert_eq!(proofs_of(value), Err(ProofsError::UnknownType), "{value}");
        }
        for value in [r#"{"jwt":[]}"#, r#"{"jwt":"a"}"#, r#"{"jwt":null}"#, r#"{"jwt":{"0":"a"}}"#] {
            assert_eq!(proofs_of(value), Err(ProofsError::NotAnArray), "{value}");
        }
        for value in [r#"{"jwt":[1]}"#, r#"{"jwt":["a",null]}"#, r#"{"jwt":[["a"]]}"#] {
            assert_eq!(proofs_of(value), Err(ProofsError::NotAString), "{value}");
        }
        let singular =
            read(r#"{"credential_configuration_id":"a","proof":{"proof_type":"jwt","jwt":"a.b.c"}}"#).unwrap();
        assert_eq!(singular.proofs, Err(ProofsError::Missing));
    }

    // VCI-8.3-01, VCI-8.3-11
    #[test]
    fn the_response_has_credentials_and_nothing_else() {
        let printed = print_response(&["AA".into(), "BB".into()], None);
        let read: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(read, json!({"credentials": [{"credential": "AA"}, {"credential": "BB"}]}));
        assert_eq!(print_response(&["AA".into()], None), r#"{"credentials":[{"credential":"AA"}]}"#);
        // VCI-8.3-08
        let named = r#"{"credentials":[{"credential":"AA"}],"notification_id":"n-1"}"#;
        assert_eq!(print_response(&["AA".into()], Some("n-1")), named);
        // VCI-8.3-02
        let deferred: Value = serde_json::from_str(&print_deferred("t-1", 300)).unwrap();
        assert_eq!(deferred, json!({"transaction_id": "t-1", "interval": 300}));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_requests_never_panic() {
        let seed =
            r#"{"credential_configuration_id":"a","proofs":{"jwt":["a.b.c"]},"credential_response_encryption":{}}"#;
        fuzz::mutate(&[seed.as_bytes()], 20_000, |input| {
            let _ = CredentialRequest::parse(input);
        });
    }
}
