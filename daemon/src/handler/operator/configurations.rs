//! `/v2/credentials/mobile/configurations` and `/v2/credentials/sd-jwt/configurations`: what is issued, by format. The two catalogues
//! work alike and see nothing of each other.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id, saved};
use crate::app::{App, Shared};
use crate::domain::access::Permission;
use crate::domain::configuration::{Configuration, CredentialFormat};

/// What a handler answers in the end.
type Answer<T> = BoxFuture<'static, Result<T, ApiError>>;

/// The handlers of one format's catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue(pub CredentialFormat);

impl Catalogue {
    /// `POST`
    pub fn create(
        self,
    ) -> impl Fn(State<Shared>, HeaderMap, Bytes) -> Answer<Response> + Clone + Send + Sync + 'static {
        move |State(app), headers, body| Box::pin(async move { self.make(&app, &headers, &body).await })
    }

    async fn make(self, app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Response, ApiError> {
        authorize(app, headers, Permission::WriteCatalog)?;
        let request = object(headers, body)?;
        let made = app.configurations.create(self.0, &request).await?;
        saved(made.map(|made| json!(*made)), StatusCode::CREATED, Uuid::nil())
    }

    /// `GET` of all, by type: `type` of mdocs, `vct` of SD-JWT VCs.
    pub fn list(
        self,
    ) -> impl Fn(State<Shared>, HeaderMap, Query<PageQuery>) -> Answer<Json<Value>> + Clone + Send + Sync + 'static
    {
        move |State(app), headers, Query(query)| Box::pin(async move { self.page(&app, &headers, &query) })
    }

    fn page(self, app: &App, headers: &HeaderMap, query: &PageQuery) -> Result<Json<Value>, ApiError> {
        authorize(app, headers, Permission::ReadCatalog)?;
        let all = app.configurations.all();
        let wanted = match self.0 {
            CredentialFormat::MsoMdoc => query.doc_type.as_deref(),
            CredentialFormat::DcSdJwt => query.vct.as_deref(),
        };
        let fits = |one: &&Configuration| wanted.is_none_or(|wanted| wanted == one.credential_type());
        let own = all.iter().map(Arc::as_ref).filter(|one| one.format() == self.0);
        page_of(own, |one| one.id, fits, query).map(Json)
    }

    /// `GET` of one.
    pub fn find(
        self,
    ) -> impl Fn(State<Shared>, HeaderMap, Path<String>) -> Answer<Json<Value>> + Clone + Send + Sync + 'static {
        move |State(app), headers, Path(id)| Box::pin(async move { self.one(&app, &headers, &id) })
    }

    fn one(self, app: &App, headers: &HeaderMap, id: &str) -> Result<Json<Value>, ApiError> {
        authorize(app, headers, Permission::ReadCatalog)?;
        let id = path_id("id", id)?;
        let found = app.configurations.find(id).filter(|found| found.format() == self.0);
        found.map(|found| Json(json!(*found))).ok_or(ApiError::unknown(id))
    }

    /// `PUT`
    pub fn replace(
        self,
    ) -> impl Fn(State<Shared>, HeaderMap, Path<String>, Bytes) -> Answer<Response> + Clone + Send + Sync + 'static
    {
        move |State(app), headers, Path(id), body| Box::pin(async move { self.put(&app, &headers, &id, &body).await })
    }

    async fn put(self, app: &App, headers: &HeaderMap, id: &str, body: &[u8]) -> Result<Response, ApiError> {
        authorize(app, headers, Permission::WriteCatalog)?;
        let id = path_id("id", id)?;
        let request = object(headers, body)?;
        let made = app.configurations.replace(self.0, id, &request).await?;
        saved(made.map(|made| json!(*made)), StatusCode::OK, id)
    }

    /// `DELETE`: open offers that name it end with it.
    pub fn delete(
        self,
    ) -> impl Fn(State<Shared>, HeaderMap, Path<String>) -> Answer<StatusCode> + Clone + Send + Sync + 'static {
        move |State(app), headers, Path(id)| Box::pin(async move { self.remove(&app, &headers, &id).await })
    }

    async fn remove(self, app: &App, headers: &HeaderMap, id: &str) -> Result<StatusCode, ApiError> {
        authorize(app, headers, Permission::WriteCatalog)?;
        let id = path_id("id", id)?;
        let known = app.configurations.find(id).is_some_and(|found| found.format() == self.0);
        if known && app.configurations.delete(id).await? {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(ApiError::unknown(id))
        }
    }
}
