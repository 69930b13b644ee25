//! `/v1/clients`: clients of the management API. Beyond the reference, which keeps them on another host.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::{authorize, millis, object};
use crate::app::Shared;
use crate::domain::access::{Permission, Role};
use crate::store::client::Client;
use crate::wire::fields::{Detail, read_body};

/// `POST`: adds a client; the answer is the only place that ever shows its secret.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::Clients)?;
    let (name, role) = read(&object(&headers, &body)?).map_err(ApiError::Invalid)?;
    let added = app.clients.add(&name, role, app.clock.now()).await?;
    let mut shown = view(&added.client);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("clientSecret".into(), added.secret.into());
    }
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

fn read(body: &Map<String, Value>) -> Result<(String, Role), Vec<Detail>> {
    read_body(body, |fields| {
        let name = fields.text("name", 1, 255);
        let name = fields.required("name", name).unwrap_or_default().to_owned();
        let roles = fields.strings("roles");
        let roles = fields.required("roles", roles).unwrap_or_default();
        let role = match roles.as_slice() {
            [name] => Role::named(name),
            _ => None,
        };
        if role.is_none() && fields.value("roles").is_some() {
            let names: Vec<_> = Role::ALL.into_iter().map(Role::name).collect();
            fields.mistake("roles", format!("must have exactly one of {}", names.join(", ")));
        }
        Some((name, role?))
    })
}

fn view(client: &Client) -> Value {
    json!({
        "clientId": client.id,
        "name": client.name,
        "roles": [client.role],
        "createdAt": millis(client.created_at),
    })
}

/// `GET`: all clients, without secrets.
pub async fn list(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Clients)?;
    let data: Vec<_> = app.clients.all().values().map(view).collect();
    Ok(Json(json!({ "data": data })))
}

/// `DELETE`: removes a client; its access tokens end at once.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::Clients)?;
    if app.clients.remove(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::NotFound("clientId", id))
}
