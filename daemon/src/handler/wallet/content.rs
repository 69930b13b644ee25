//! The content of credential requests and responses, plain or encrypted (`OpenID4VCI` section 10).

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::WalletError;
use crate::app::App;
use crate::domain::encryption::OpenError;
use crate::handler::has_media_type;
use crate::wire::encryption::Recipient;

const PLAIN: &str = "application/json";
const ENCRYPTED: &str = "application/jwt";

/// A request whose content can be read.
pub(super) struct Opened {
    pub(super) content: Bytes,
    pub(super) encrypted: bool,
}

/// Opens a request in the way that its media type says.
pub(super) fn open(app: &App, headers: &HeaderMap, body: Bytes) -> Result<Opened, WalletError> {
    if has_media_type(headers, PLAIN) {
        return Ok(Opened { content: body, encrypted: false });
    }
    if !has_media_type(headers, ENCRYPTED) {
        let wanted = if app.encryption.policy().offered {
            "send application/json or application/jwt"
        } else {
            "send application/json"
        };
        return Err(unsupported(wanted));
    }
    let text = std::str::from_utf8(&body).map_err(|_| refused(OpenError::Unreadable))?;
    let content = app.encryption.open(text).map_err(refused)?;
    Ok(Opened { content: content.into(), encrypted: true })
}

fn unsupported(description: &'static str) -> WalletError {
    WalletError::bad("invalid_credential_request", description).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

fn refused(error: OpenError) -> WalletError {
    match error {
        OpenError::NotOffered => unsupported("send application/json; encryption is not offered"),
        OpenError::Message(_) | OpenError::Compression | OpenError::UnknownKey | OpenError::Unreadable => {
            WalletError::bad("invalid_encryption_parameters", error.to_string())
        }
    }
}

/// A response, encrypted for `recipient` if there is one; never cached.
pub(super) fn respond(
    app: &App,
    status: StatusCode,
    content: String,
    recipient: Option<&Recipient>,
) -> Result<Response, WalletError> {
    let (kind, content) = match recipient {
        None => (PLAIN, content),
        Some(recipient) => (ENCRYPTED, app.encryption.close(content.as_bytes(), recipient)?),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    Ok((status, headers, content).into_response())
}
