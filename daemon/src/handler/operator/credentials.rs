//! `/v2/credentials/mobile` and `/v2/credentials/sd-jwt`: what is kept of issued credentials, by format. Digests and metadata, no claim value and no credential.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::notifications::with_notifications;
use super::page::{PageQuery, page, query_mistake};
use super::{authorize, millis, path_id};
use crate::app::{App, Shared};
use crate::domain::access::Permission;
use crate::domain::status::{status_name, status_named};
use crate::store::issued::{Digests, Issued};
use crate::store::status::ListKind;

/// Records looked at for one page: a filter that few fit must not hold a request up.
const MOST_EXAMINED: usize = 10_000;
/// Records read at a time.
const READ: usize = 500;

/// Which credentials an endpoint is about.
pub trait Profile: Send + Sync + 'static {
    /// Their status lists.
    const KIND: ListKind;

    /// Whether a record is of one of them.
    fn has(digests: &Digests) -> bool;
}

/// mdocs.
pub struct Mobile;

impl Profile for Mobile {
    const KIND: ListKind = ListKind::Mobile;

    fn has(digests: &Digests) -> bool {
        matches!(digests, Digests::Mdoc { .. })
    }
}

/// SD-JWT VCs.
pub struct SdJwt;

impl Profile for SdJwt {
    const KIND: ListKind = ListKind::SdJwt;

    fn has(digests: &Digests) -> bool {
        matches!(digests, Digests::SdJwtVc { .. })
    }
}

/// Query parameters of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordQuery {
    limit: Option<String>,
    cursor: Option<String>,
    #[serde(rename = "type")]
    doc_type: Option<String>,
    vct: Option<String>,
    credential_configuration_id: Option<String>,
    offer_id: Option<String>,
    user_id: Option<String>,
    status: Option<String>,
    issued_from: Option<String>,
    issued_before: Option<String>,
}

/// The same, read.
struct Wanted {
    credential_type: Option<String>,
    configuration: Option<Uuid>,
    offer: Option<Uuid>,
    user: Option<Uuid>,
    status: Option<&'static str>,
    from: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl RecordQuery {
    fn read(self) -> Result<(PageQuery, Wanted), ApiError> {
        let id = |name: &str, text: Option<String>| {
            text.map(|text| Uuid::try_parse(&text).map_err(|_| query_mistake(name, "must be a UUID"))).transpose()
        };
        let instant = |name: &str, text: Option<String>| {
            let wrong = |_| query_mistake(name, "must be an RFC 3339 date-time");
            text.map(|text| text.parse::<Timestamp>().map_err(wrong)).transpose()
        };
        let status = self.status.map(|name| {
            status_named(&name)
                .map(status_name)
                .ok_or_else(|| query_mistake("status", "must be valid, invalid or suspended"))
        });
        let wanted = Wanted {
            credential_type: self.doc_type.or(self.vct),
            configuration: id("credentialConfigurationId", self.credential_configuration_id)?,
            offer: id("offerId", self.offer_id)?,
            user: id("userId", self.user_id)?,
            status: status.transpose()?,
            from: instant("issuedFrom", self.issued_from)?,
            before: instant("issuedBefore", self.issued_before)?,
        };
        Ok((PageQuery::of(self.limit, self.cursor), wanted))
    }
}

impl Wanted {
    fn fits(&self, issued: &Issued) -> bool {
        self.credential_type.as_ref().is_none_or(|wanted| *wanted == issued.credential_type)
            && self.configuration.is_none_or(|wanted| wanted == issued.configuration_id)
            && self.offer.is_none_or(|wanted| wanted == issued.offer_id)
            && self.user.is_none_or(|wanted| wanted == issued.user_id)
            && self.from.is_none_or(|from| from <= issued.issued_at)
            && self.before.is_none_or(|before| issued.issued_at < before)
    }
}

/// `GET` of all that fit, in the order of issuance. A page may be short and still say where to go on.
pub async fn list<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<RecordQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Credentials)?;
    let (paging, wanted) = query.read()?;
    let (limit, mut after) = (paging.limit()?, paging.after()?);
    let (mut data, mut examined) = (Vec::new(), 0);
    loop {
        let (records, next) = read_some(&app, &wanted, after.as_deref()).await?;
        for issued in records {
            examined += 1;
            after = Some(issued.id.as_bytes().to_vec());
            if P::has(&issued.digests) && wanted.fits(&issued) {
                let shown = shown(&app, &issued).await?;
                if wanted.status.is_none_or(|status| shown.get("status").and_then(Value::as_str) == Some(status)) {
                    data.push(shown);
                }
            }
            if data.len() >= limit {
                return Ok(Json(page(&data, after.as_deref())));
            }
        }
        match next {
            None => return Ok(Json(page(&data, None))),
            Some(next) if examined >= MOST_EXAMINED => return Ok(Json(page(&data, Some(&next)))),
            Some(next) => after = Some(next),
        }
    }
}

async fn read_some(
    app: &App,
    wanted: &Wanted,
    after: Option<&[u8]>,
) -> Result<(Vec<Issued>, Option<Vec<u8>>), ApiError> {
    Ok(match wanted.user {
        Some(user) => app.store.user_issued(user, after, READ).await?,
        None => app.store.issued_list(after, READ).await?,
    })
}

/// `GET` of one.
pub async fn find<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Credentials)?;
    let id = path_id("id", &id)?;
    let found = app.store.issued_find(id).await?.filter(|found| P::has(&found.digests));
    let issued = found.ok_or(ApiError::unknown(id))?;
    Ok(Json(shown(&app, &issued).await?))
}

/// `DELETE` of the record, for good. The credential stays as valid as it is, and can no more be revoked.
pub async fn delete<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let client = authorize(&app, &headers, Permission::Users)?;
    let id = path_id("id", &id)?;
    let known = app.store.issued_find(id).await?.is_some_and(|found| P::has(&found.digests));
    if known && app.store.issued_delete(id).await? {
        tracing::info!(credential = %id, client, "the record of a credential was deleted");
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::unknown(id))
    }
}

/// A record in the form of the API.
pub(super) async fn shown(app: &App, issued: &Issued) -> Result<Value, ApiError> {
    let mut members = Map::from_iter([
        ("id".into(), json!(issued.id)),
        ("type".into(), json!(issued.credential_type)),
        ("userId".into(), json!(issued.user_id)),
        ("offerId".into(), json!(issued.offer_id)),
        ("credentialConfigurationId".into(), json!(issued.configuration_id)),
        ("documentSignerId".into(), json!(issued.document_signer_id)),
        ("issuedDate".into(), millis(issued.issued_at).into()),
        ("validFrom".into(), millis(issued.valid_from).into()),
        ("validUntil".into(), millis(issued.valid_until).into()),
    ]);
    if let Some(thumbprint) = &issued.key_thumbprint {
        members.insert("devicePublicKeyThumbprint".into(), json!(thumbprint));
    }
    members.extend(digests(&issued.digests));
    members.extend(app.statuses.found(issued.id).await?.into_iter().flatten());
    let told = app.store.notifications_of(issued.id).await?;
    Ok(with_notifications(members.into(), &told))
}

fn digests(digests: &Digests) -> [(String, Value); 3] {
    match digests {
        Digests::Mdoc { mso_hash, namespaces } => [
            ("profile".to_owned(), json!("mobile")),
            ("msoHash".to_owned(), json!(mso_hash)),
            ("namespaces".to_owned(), namespaces.iter().map(elements).collect::<Map<_, _>>().into()),
        ],
        Digests::SdJwtVc { jwt_hash, disclosures } => [
            ("profile".to_owned(), json!("sd-jwt")),
            ("jwtHash".to_owned(), json!(jwt_hash)),
            ("disclosures".to_owned(), json!(disclosures)),
        ],
    }
}

fn elements((namespace, elements): (&String, &BTreeMap<String, (u64, String)>)) -> (String, Value) {
    let one =
        |(name, (id, digest)): (&String, &(u64, String))| (name.clone(), json!({ "digestID": id, "digest": digest }));
    (namespace.clone(), elements.iter().map(one).collect::<Map<_, _>>().into())
}
