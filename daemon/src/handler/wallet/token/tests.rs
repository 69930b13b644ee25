use super::*;
use crate::domain::blocked::Blocked;

#[tokio::test]
async fn a_plugin_in_the_way_has_its_answer() {
    for (why, status, code) in [
        (Blocked::Denied { message: None }, 400, "access_denied"),
        (Blocked::NotFound, 400, "access_denied"),
        (Blocked::Unavailable { retry_after: None }, 503, "temporarily_unavailable"),
        (Blocked::Failed, 500, "server_error"),
    ] {
        let response = WalletError::blocked(&why, "access_denied").into_response();
        assert_eq!(response.status().as_u16(), status);
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"], code);
    }
}
