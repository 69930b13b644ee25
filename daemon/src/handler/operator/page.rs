//! Paging: `limit` (1 to 1000, default 100) and an opaque `cursor`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use crate::wire::fields::Detail;

/// Query parameters of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
    /// Filter of mDocs configurations: the docType.
    #[serde(rename = "type")]
    pub doc_type: Option<String>,
    /// Filter of SD-JWT VC configurations: the `vct`.
    pub vct: Option<String>,
    /// Filter of offers: which kind.
    pub grant: Option<String>,
    /// Filter of offers.
    pub state: Option<String>,
    /// Filter of offers: a configuration id.
    pub configuration: Option<String>,
}

/// A mistake in a query parameter.
#[must_use]
pub fn query_mistake(param: &str, msg: &str) -> ApiError {
    ApiError::Invalid(vec![Detail { location: "query", param: param.into(), msg: msg.into(), value: None }])
}

impl From<&str> for PageQuery {
    /// A page that begins at `cursor`.
    fn from(cursor: &str) -> Self {
        Self { cursor: Some(cursor.to_owned()), ..Self::default() }
    }
}

impl PageQuery {
    /// A page as parameters of these names ask for it.
    pub(super) fn of(limit: Option<String>, cursor: Option<String>) -> Self {
        Self { limit, cursor, ..Self::default() }
    }

    /// How many to return.
    pub fn limit(&self) -> Result<usize, ApiError> {
        match self.limit.as_deref().map(str::parse) {
            None => Ok(100),
            Some(Ok(limit @ 1..=1000)) => Ok(limit),
            Some(_) => Err(query_mistake("limit", "must be 1 to 1000")),
        }
    }

    /// Where to go on.
    pub fn after(&self) -> Result<Option<Vec<u8>>, ApiError> {
        let decode = |cursor: &String| B64.decode(cursor).map_err(|_| query_mistake("cursor", "is not a cursor"));
        self.cursor.as_ref().map(decode).transpose()
    }
}

/// One of a list, as it is shown.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Item {
    /// What a cursor names it by.
    #[serde(skip)]
    pub id: Uuid,
    /// The JSON of it.
    pub shown: Value,
}

/// One page of a list in memory; `cursor` is the id of the last that was given out.
pub fn page_of<T: Serialize>(
    all: impl Iterator<Item = T>,
    id: impl Fn(&T) -> Uuid,
    fits: impl Fn(&T) -> bool,
    query: &PageQuery,
) -> Result<Value, ApiError> {
    let (limit, after) = (query.limit()?, query.after()?);
    let after = after.map(|key| Uuid::from_slice(&key).map_err(|_| query_mistake("cursor", "is not a cursor")));
    let after = after.transpose()?;
    let rest = all.skip_while(|item| after.is_some_and(|after| after != id(item))).skip(usize::from(after.is_some()));
    let found: Vec<T> = rest.filter(fits).take(limit + 1).collect();
    let next = (found.len() > limit).then(|| found.get(limit - 1).map(&id)).flatten();
    let data: Vec<_> = found.iter().take(limit).map(|item| json!(item)).collect();
    Ok(page(&data, next.as_ref().map(|id| id.as_bytes().as_slice())))
}

/// The body of a list.
#[must_use]
pub fn page(data: &[Value], next: Option<&[u8]>) -> Value {
    match next {
        Some(next) => json!({ "nextCursor": B64.encode(next), "data": data }),
        None => json!({ "data": data }),
    }
}
