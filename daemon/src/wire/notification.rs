//! The notification request (`OpenID4VCI` 11.1).

use std::borrow::Cow;

use super::json::{Json, JsonError, Object};

/// Longest `event_description`, in bytes.
const MOST_DESCRIPTION: usize = 1000;

/// Why a body is no notification request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// Not an acceptable JSON object.
    #[error("the request {0}")]
    Json(JsonError),
    /// `notification_id` is missing or no string.
    #[error("notification_id must be a string")]
    Id,
    /// `event` is missing or not one of the three.
    #[error("event must be credential_accepted, credential_failure or credential_deleted")]
    Event,
    /// `event_description` is no string, too long, or has characters that it may not have.
    #[error(
        "event_description must be at most {MOST_DESCRIPTION} characters of visible ASCII without quotes and backslashes"
    )]
    Description,
}

/// What became of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The wallet has stored them.
    CredentialAccepted,
    /// The wallet could not store all of them.
    CredentialFailure,
    /// The person has deleted them, or did not want them.
    CredentialDeleted,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CredentialAccepted, Self::CredentialFailure, Self::CredentialDeleted];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CredentialAccepted => "credential_accepted",
            Self::CredentialFailure => "credential_failure",
            Self::CredentialDeleted => "credential_deleted",
        }
    }
}

/// A read request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRequest<'a> {
    /// `notification_id`
    pub notification_id: Cow<'a, str>,
    /// `event`
    pub event: Event,
    /// `event_description`
    pub description: Option<Cow<'a, str>>,
}

impl<'a> NotificationRequest<'a> {
    /// Reads a body. Unknown members are ignored (11.1).
    pub fn parse(body: &'a [u8]) -> Result<Self, NotificationError> {
        let mut object = Object::parse(body).map_err(NotificationError::Json)?;
        let Some(Json::Text(notification_id)) = object.take("notification_id") else {
            return Err(NotificationError::Id);
        };
        let name = object.get("event").and_then(Json::as_str);
        let event = Event::ALL.into_iter().find(|event| Some(event.name()) == name).ok_or(NotificationError::Event)?;
        let description = match object.take("event_description") {
            None => None,
            Some(Json::Text(text)) if fits(&text) => Some(text),
            Some(_) => return Err(NotificationError::Description),
        };
        Ok(Self { notification_id, event, description })
    }
}

/// The characters of an error description (RFC 6749 5.2), which 11.1 takes over.
fn fits(text: &str) -> bool {
    text.len() <= MOST_DESCRIPTION && text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    // VCI-11.1-01, HTP-JSON-03
    #[test]
    fn each_event_is_read() {
        for event in Event::ALL {
            let body = format!(r#"{{"notification_id":"n","event":"{}","x":[1]}}"#, event.name());
            let read = NotificationRequest::parse(body.as_bytes()).unwrap();
            assert_eq!((read.notification_id.as_ref(), read.event, read.description), ("n", event, None));
        }
        let body = br#"{"notification_id":"n","event":"credential_failure","event_description":"storage <full>"}"#;
        assert_eq!(NotificationRequest::parse(body).unwrap().description.as_deref(), Some("storage <full>"));
    }

    // VCI-11.1-03, VCI-11.1-04, HTP-JSON-02, HTP-JSON-04
    #[test]
    fn anything_else_is_refused() {
        for (body, error) in [
            (r#"{"event":"credential_accepted"}"#, NotificationError::Id),
            (r#"{"notification_id":7,"event":"credential_accepted"}"#, NotificationError::Id),
            (r#"{"notification_id":"n"}"#, NotificationError::Event),
            (r#"{"notification_id":"n","event":"Credential_Accepted"}"#, NotificationError::Event),
            (r#"{"notification_id":"n","event":null}"#, NotificationError::Event),
            (r#"{"notification_id":"n","event":"x","event":"x"}"#, NotificationError::Json(JsonError::Duplicate)),
            ("[]", NotificationError::Json(JsonError::NotAnObject)),
        ] {
            assert_eq!(NotificationRequest::parse(body.as_bytes()), Err(error), "{body}");
        }
        for text in ["7", "null", r#""a\nb""#, r#""\"""#, r#""\\""#, "\"é\"", &format!("\"{}\"", "x".repeat(1001))] {
            let body = format!(r#"{{"notification_id":"n","event":"credential_failure","event_description":{text}}}"#);
            assert_eq!(NotificationRequest::parse(body.as_bytes()), Err(NotificationError::Description), "{text}");
        }
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_requests_never_panic() {
        let seed = br#"{"notification_id":"n","event":"credential_failure","event_description":"storage full"}"#;
        fuzz::mutate(&[seed], 20_000, |input| {
            let _ = NotificationRequest::parse(input);
        });
    }
}
