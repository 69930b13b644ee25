//! `POST /v1/openid/notification` (`OpenID4VCI` section 11): what became of credentials.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::bearer::authorized;
use super::error::WalletError;
use crate::app::Shared;
use crate::handler::has_media_type;
use crate::store::notification::Notified;
use crate::wire::notification::NotificationRequest;

/// Where it lives below the issuer.
const PATH: &str = "/v1/openid/notification";

/// Keeps an event. An id of another grant is as good as none.
pub async fn create(
    State(app): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let (_, authorized) = authorized(&app, &headers, &uri, PATH).await?;
    if !has_media_type(&headers, "application/json") {
        let error = WalletError::bad("invalid_notification_request", "send application/json");
        return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let request = NotificationRequest::parse(&body)
        .map_err(|error| WalletError::bad("invalid_notification_request", error.to_string()))?;
    match app.notifications.keep(&authorized, &request).await? {
        Notified::Kept => {
            app.metrics.credential_notified(request.event.name());
            Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
        }
        Notified::Unknown => Err(WalletError::bad("invalid_notification_id", "no such notification_id")),
    }
}
