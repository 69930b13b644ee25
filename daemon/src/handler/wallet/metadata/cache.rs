//! Metadata documents, printed once a change and sent only to who does not know them yet.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::authorization_server::server_metadata;
use super::issuer::issuer_metadata;
use crate::domain::client::ClientPolicy;
use crate::domain::configuration::catalog::Snapshot;
use crate::domain::site::Site;
use crate::handler::wallet::etag;
use crate::signer::Algorithm;

/// A minute: a new configuration is seen soon, and a wallet that reads it twice in one issuance asks once.
const FRESHNESS: &str = "public, max-age=60";
/// Now the documents are the same for all; caches that learn this header today are right once they are not.
const VARY: &str = "Accept, Accept-Language";

/// The documents as they were last printed.
#[derive(Default)]
pub struct MetadataCache {
    /// Printed anew when the configurations or the signer's algorithm change; locked only to clone or swap.
    issuer: RwLock<Option<Printed>>,
    /// Depends on the site and the policy for clients only, which never change.
    server: OnceLock<Document>,
}

struct Printed {
    /// What it was printed from; kept, so that its address cannot be given to another snapshot.
    configurations: Snapshot,
    algorithm: Algorithm,
    document: Document,
}

/// A printed document.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) body: Bytes,
    pub(super) etag: HeaderValue,
}

impl MetadataCache {
    pub(super) fn issuer(&self, site: &Site, configurations: &Snapshot, algorithm: Algorithm) -> Document {
        let fits =
            |printed: &&Printed| Arc::ptr_eq(&printed.configurations, configurations) && printed.algorithm == algorithm;
        let printed = self.issuer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(printed) = printed.as_ref().filter(fits) {
            return printed.document.clone();
        }
        drop(printed);
        let document = Document::print(&issuer_metadata(site, configurations, algorithm));
        let printed = Printed { configurations: Arc::clone(configurations), algorithm, document: document.clone() };
        *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = Some(printed);
        document
    }

    pub(super) fn authorization_server(&self, site: &Site, clients: ClientPolicy) -> Document {
        self.server.get_or_init(|| Document::print(&server_metadata(site, clients))).clone()
    }
}

impl Document {
    fn print(value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        let etag = etag::tag(&body);
        Self { body, etag }
    }

    pub(super) fn respond(self, headers: &HeaderMap) -> Response {
        let known = [
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static(FRESHNESS)),
            (header::VARY, HeaderValue::from_static(VARY)),
        ];
        if etag::is_known(headers, &self.etag) {
            // RFC 9110 8.6: a length in a 304 is that of the document.
            return (StatusCode::NOT_MODIFIED, known, [(header::CONTENT_LENGTH, self.body.len())]).into_response();
        }
        (known, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}
