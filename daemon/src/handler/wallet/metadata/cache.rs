//! Metadata documents, printed once a change and sent only to who does not know them yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::authorization_server::server_metadata;
use super::encryption;
use super::issuer::issuer_metadata;
use super::language::{choose, languages, narrowed};
use super::signed::SignedDocument;
use crate::domain::client::ClientPolicy;
use crate::domain::configuration::catalog::Snapshot;
use crate::domain::encryption::{EncryptionKeys, EncryptionPolicy};
use crate::domain::site::Site;
use crate::handler::wallet::etag;
use crate::signer::Algorithm;

/// A minute: a new configuration is seen soon, and a wallet that reads it twice in one issuance asks once.
const FRESHNESS: &str = "public, max-age=60";
/// What the document of the issuer depends on; that of the authorization server may come to.
const VARY: &str = "Accept, Accept-Language";

/// The documents as they were last printed.
#[derive(Default)]
pub struct MetadataCache {
    /// Printed anew when something that it says changes; locked only to clone or swap.
    issuer: RwLock<Option<Arc<Printed>>>,
    /// Depends on the site and the policy for clients only, which never change.
    server: OnceLock<Document>,
}

/// What the Credential Issuer metadata is printed from.
pub(super) struct Facts<'a> {
    pub(super) site: &'a Site,
    pub(super) configurations: Snapshot,
    /// Of the document signer.
    pub(super) algorithm: Algorithm,
    pub(super) encryption: (&'a EncryptionPolicy, Arc<EncryptionKeys>),
}

/// The Credential Issuer metadata in all its forms.
pub(super) struct Printed {
    /// What it was printed from; kept, so that their addresses cannot be given to other ones.
    configurations: Snapshot,
    algorithm: Algorithm,
    encryption: Arc<EncryptionKeys>,
    whole: Form,
    /// By language.
    narrowed: BTreeMap<String, Form>,
    languages: BTreeSet<String>,
    /// By language, or in all of them; made when one is asked for.
    pub(super) signed: RwLock<HashMap<Option<String>, SignedDocument>>,
}

/// One form of a document.
pub(super) struct Form {
    /// As it is signed.
    pub(super) metadata: Map<String, Value>,
    pub(super) document: Document,
}

/// A printed document.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) body: Bytes,
    pub(super) etag: HeaderValue,
    pub(super) media_type: &'static str,
    /// Of the display data, when it has been narrowed to one.
    pub(super) language: Option<HeaderValue>,
}

impl MetadataCache {
    pub(super) fn issuer(&self, facts: &Facts<'_>) -> Arc<Printed> {
        let printed = self.issuer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(printed) = printed.as_ref().filter(|printed| printed.fits(facts)) {
            return Arc::clone(printed);
        }
        drop(printed);
        let printed = Arc::new(Printed::of(facts));
        *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&printed));
        printed
    }

    pub(super) fn authorization_server(&self, site: &Site, clients: ClientPolicy) -> Document {
        self.server.get_or_init(|| Document::print(&server_metadata(site, clients))).clone()
    }
}

impl Printed {
    fn of(facts: &Facts<'_>) -> Self {
        let (policy, keys) = &facts.encryption;
        let mut metadata = issuer_metadata(facts.site, &facts.configurations, facts.algorithm);
        encryption::add(&mut metadata, policy, keys);
        let languages = languages(&metadata);
        let form = |metadata: Map<String, Value>, language: Option<&str>| {
            let mut document = Document::print(&Value::from(metadata.clone()));
            document.language = language.and_then(|language| HeaderValue::from_str(language).ok());
            Form { metadata, document }
        };
        let narrow = |language: &String| (language.clone(), form(narrowed(&metadata, language), Some(language)));
        Self {
            configurations: Arc::clone(&facts.configurations),
            algorithm: facts.algorithm,
            encryption: Arc::clone(keys),
            narrowed: languages.iter().map(narrow).collect(),
            whole: form(metadata, None),
            languages,
            signed: RwLock::default(),
        }
    }

    fn fits(&self, facts: &Facts<'_>) -> bool {
        Arc::ptr_eq(&self.configurations, &facts.configurations)
            && self.algorithm == facts.algorithm
            && Arc::ptr_eq(&self.encryption, &facts.encryption.1)
    }

    /// The form in the language that a wallet wants, and that language.
    pub(super) fn form(&self, headers: &HeaderMap) -> (Option<&str>, &Form) {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = wanted.and_then(|wanted| choose(wanted, &self.languages));
        let narrowed = language.and_then(|language| self.narrowed.get(language).map(|form| (Some(language), form)));
        narrowed.unwrap_or((None, &self.whole))
    }
}

impl Document {
    fn print(value: &Value) -> Self {
        Self::new(value.to_string(), "application/json")
    }

    pub(super) fn new(body: String, media_type: &'static str) -> Self {
        let body = Bytes::from(body);
        let etag = etag::tag(&body);
        Self { body, etag, media_type, language: None }
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
        let mut response = (known, [(header::CONTENT_TYPE, self.media_type)], self.body).into_response();
        response.headers_mut().extend(self.language.map(|language| (header::CONTENT_LANGUAGE, language)));
        response
    }
}
