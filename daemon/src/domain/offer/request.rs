//! Reads the body of a request for an offer.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::wire::fields::{Detail, Fields, read_body};

/// Most configurations in one offer.
const MOST_CREDENTIALS: usize = 20;
/// Claims of an offer, as JSON, at most: they are sealed and written with the offer.
const MOST_CLAIM_BYTES: usize = 131_072;

/// Longest life of an authorization code offer that has an end, in seconds: as long as a document may be valid.
const LONGEST_CODE_OFFER: u64 = 10 * 31_536_000;

/// How the transaction code looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxCodeSpec {
    /// Digits only.
    pub numeric: bool,
    /// Number of characters.
    pub length: u8,
    /// Shown by the wallet.
    pub description: Option<String>,
}

/// A request for a pre-authorized offer.
#[derive(Debug, Clone)]
pub struct PreAuthorizedRequest {
    /// Configurations.
    pub credentials: Vec<Uuid>,
    /// An existing user.
    pub user_id: Option<Uuid>,
    /// Whether and how to ask for a transaction code.
    pub tx_code: Option<TxCodeSpec>,
    /// Claims for this offer.
    pub claims: Map<String, Value>,
    /// Names of claims to keep on the user.
    pub claims_to_persist: Vec<String>,
    /// Life in seconds.
    pub expires_in: Option<u64>,
}

/// A request for an authorization code offer.
#[derive(Debug, Clone)]
pub struct AuthorizationCodeRequest {
    /// Configurations.
    pub credentials: Vec<Uuid>,
    /// Parameters for the login.
    pub request_parameters: Option<Map<String, Value>>,
    /// Whether the link carries an `issuer_state`.
    pub issuer_state: bool,
    /// Whether the offer ends with the first authorization through it.
    pub single_use: bool,
    /// Life in seconds.
    pub expires_in: Option<u64>,
}

/// Reads a request for a pre-authorized offer; `live` tells whether a configuration exists.
pub fn pre_authorized(
    body: &Map<String, Value>,
    live: impl Fn(Uuid) -> bool,
    longest: u64,
) -> Result<PreAuthorizedRequest, Vec<Detail>> {
    read_body(body, |fields| {
        let credentials = credentials(fields, live);
        let user_id = fields.uuid("userId");
        let tx_code = fields.nested("transactionCodeConfiguration", tx_code);
        let (claims, claims_to_persist) = claims(fields);
        let expires_in = fields.duration("expiresIn", &["minutes", "seconds"]);
        if expires_in.is_some_and(|seconds| seconds == 0 || seconds > longest) {
            fields.mistake("expiresIn", format!("must be a Duration of 1 to {longest} seconds"));
        }
        Some(PreAuthorizedRequest { credentials, user_id, tx_code, claims, claims_to_persist, expires_in })
    })
}

/// The claims, and the names of those that are kept on the user.
fn claims(fields: &mut Fields<'_>) -> (Map<String, Value>, Vec<String>) {
    let claims = fields.object("claims").cloned().unwrap_or_default();
    if serde_json::to_vec(&claims).map_or(0, |bytes| bytes.len()) > MOST_CLAIM_BYTES {
        fields.mistake("claims", format!("must be at most {MOST_CLAIM_BYTES} bytes of JSON"));
    }
    let persist = fields.strings("claimsToPersist").unwrap_or_default();
    for name in &persist {
        if !claims.contains_key(*name) {
            fields.mistake("claimsToPersist", "must name members of claims");
        }
    }
    (claims, persist.into_iter().map(str::to_owned).collect())
}

/// Reads a request for an authorization code offer.
pub fn authorization_code(
    body: &Map<String, Value>,
    live: impl Fn(Uuid) -> bool,
) -> Result<AuthorizationCodeRequest, Vec<Detail>> {
    read_body(body, |fields| {
        let credentials = credentials(fields, live);
        let request_parameters = fields.object("request_parameters").cloned();
        fields.nested("request_parameters", |inner| {
            inner.text("login_hint", 1, 1024);
            inner.text("prompt", 1, 1024);
        });
        let issuer_state = fields.boolean("issuerState").unwrap_or(false);
        let single_use = fields.boolean("singleUse").unwrap_or(false);
        let expires_in =
            fields.duration("expiresIn", &["years", "months", "weeks", "days", "hours", "minutes", "seconds"]);
        if expires_in.is_some_and(|seconds| seconds == 0 || seconds > LONGEST_CODE_OFFER) {
            fields.mistake("expiresIn", "must be a Duration of 1 second to 10 years");
        }
        Some(AuthorizationCodeRequest { credentials, request_parameters, issuer_state, single_use, expires_in })
    })
}

fn credentials(fields: &mut Fields<'_>, live: impl Fn(Uuid) -> bool) -> Vec<Uuid> {
    let named = fields.array("credentials");
    let named = fields.required("credentials", named).map(Vec::as_slice).unwrap_or_default();
    let mut out = Vec::with_capacity(named.len());
    if (named.is_empty() || named.len() > MOST_CREDENTIALS) && fields.value("credentials").is_some_and(Value::is_array)
    {
        fields.mistake("credentials", format!("must name 1 to {MOST_CREDENTIALS} configurations"));
    }
    for value in named.iter().take(MOST_CREDENTIALS) {
        match value.as_str().and_then(|text| Uuid::try_parse(text).ok()) {
            None => fields.mistake("credentials", "must be UUIDs"),
            Some(id) if out.contains(&id) => {
                fields.detail(Detail::body("credentials", "is named twice").with_value(id.to_string()));
            }
            Some(id) if !live(id) => {
                fields.detail(Detail::body("credentials", "Resource Not Found").with_value(id.to_string()));
            }
            Some(id) => out.push(id),
        }
    }
    out
}

fn tx_code(fields: &mut Fields<'_>) -> TxCodeSpec {
    let mode = fields.text("inputMode", 1, 16);
    let mode = fields.required("inputMode", mode);
    let numeric = match mode {
        Some("text") => false,
        Some("numeric") | None => true,
        Some(_) => {
            fields.mistake("inputMode", "must be numeric or text");
            true
        }
    };
    let description = fields.text("description", 1, 300).map(str::to_owned);
    let length = fields.integer("length", 4, 12).unwrap_or(6);
    TxCodeSpec { numeric, length: u8::try_from(length).unwrap_or(6), description }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;
    use crate::wire::json::parse_object;

    // SEC-PANIC-01
    #[test]
    fn mutated_requests_for_offers_never_panic() {
        let id = Uuid::from_u128(7);
        let pre_authorized_seed = format!(
            r#"{{"credentials":["{id}"],"userId":"{id}","claims":{{"a":{{"b":[1,null]}}}},"claimsToPersist":["a"],
            "expiresIn":{{"minutes":5}},"transactionCodeConfiguration":{{"inputMode":"numeric","length":6,"description":"d"}}}}"#
        );
        let code_seed = format!(
            r#"{{"credentials":["{id}"],"requestParameters":{{"login_hint":"a"}},"issuerState":true,"expiresIn":{{"days":1}}}}"#
        );
        fuzz::mutate(&[pre_authorized_seed.as_bytes(), code_seed.as_bytes()], 10_000, |input| {
            let Ok(body) = parse_object(input) else { return };
            let _ = pre_authorized(&body, |known| known == id, 600);
            let _ = authorization_code(&body, |known| known == id);
        });
    }
}
