//! The Credential Issuer metadata as a JWT (`OpenID4VCI` 12.2.3): signed when it is asked for, and again when it is half as old as it may
//! get.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::cache::{Document, Form, Printed};
use crate::app::App;
use crate::domain::Failure;
use crate::domain::metadata_signer::Identity;

/// A signed document.
pub(super) struct SignedDocument {
    /// Who signed it.
    identity: Arc<Identity>,
    fresh_until: Timestamp,
    document: Document,
}

/// The signed form of a document; `None` when nobody can sign it.
pub(super) async fn signed(
    app: &App,
    printed: &Printed,
    language: Option<&str>,
    form: &Form,
) -> Result<Option<Document>, Failure> {
    let Some(identity) = app.metadata_signer.identity().await? else { return Ok(None) };
    let now = app.clock.now();
    if let Some(known) = known(printed, language, &identity, now) {
        return Ok(Some(known));
    }
    let signed = app.metadata_signer.sign(&identity, &form.metadata).await?;
    let mut document = Document::new(signed.jws, "application/jwt");
    document.language.clone_from(&form.document.language);
    let kept = SignedDocument { identity, fresh_until: signed.fresh_until, document: document.clone() };
    printed.signed.write().unwrap_or_else(PoisonError::into_inner).insert(language.map(str::to_owned), kept);
    Ok(Some(document))
}

/// What was signed by the same signer and is fresh.
fn known(printed: &Printed, language: Option<&str>, identity: &Arc<Identity>, now: Timestamp) -> Option<Document> {
    let signed = printed.signed.read().unwrap_or_else(PoisonError::into_inner);
    let fits = |signed: &&SignedDocument| now < signed.fresh_until && Arc::ptr_eq(&signed.identity, identity);
    signed.get(&language.map(str::to_owned)).filter(fits).map(|signed| signed.document.clone())
}
