//! The deferred credential request (`OpenID4VCI` 9.1).

use std::borrow::Cow;

use super::encryption::{self, EncryptionFault, Recipient};
use super::json::{Json, JsonError, Object};

/// Why a body is no deferred credential request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeferredError {
    /// Not an acceptable JSON object.
    #[error("the request {0}")]
    Json(JsonError),
    /// `transaction_id` is missing or no string.
    #[error("transaction_id must be a string")]
    TransactionId,
}

/// A read request.
#[derive(Debug, Clone, PartialEq)]
pub struct DeferredRequest<'a> {
    /// `transaction_id`
    pub transaction_id: Cow<'a, str>,
    /// Whom the response is encrypted for; that of the first request does not count (9.1).
    pub encryption: Result<Option<Recipient>, EncryptionFault>,
}

impl<'a> DeferredRequest<'a> {
    /// Reads a body. Unknown members are ignored.
    pub fn parse(body: &'a [u8]) -> Result<Self, DeferredError> {
        let mut object = Object::parse(body).map_err(DeferredError::Json)?;
        let encryption = encryption::take(&mut object);
        match object.take("transaction_id") {
            Some(Json::Text(transaction_id)) => Ok(Self { transaction_id, encryption }),
            _ => Err(DeferredError::TransactionId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    // VCI-9.1-01
    #[test]
    fn a_request_names_its_transaction() {
        let read = DeferredRequest::parse(br#"{"transaction_id":"t","x":1}"#).unwrap();
        assert_eq!((read.transaction_id.as_ref(), read.encryption), ("t", Ok(None)));
        let asking = br#"{"transaction_id":"t","credential_response_encryption":[]}"#;
        assert_eq!(DeferredRequest::parse(asking).unwrap().encryption, Err(EncryptionFault::NotAnObject));
        for body in ["{}", r#"{"transaction_id":7}"#, r#"{"transaction_id":null}"#] {
            assert_eq!(DeferredRequest::parse(body.as_bytes()), Err(DeferredError::TransactionId), "{body}");
        }
        assert!(matches!(DeferredRequest::parse(b"["), Err(DeferredError::Json(_))));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_requests_never_panic() {
        fuzz::mutate(
            &[br#"{"transaction_id":"t","credential_response_encryption":{"enc":"A128GCM"}}"#],
            20_000,
            |input| {
                let _ = DeferredRequest::parse(input);
            },
        );
    }
}
