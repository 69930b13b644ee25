//! Claims that a wallet asked for in `authorization_details` (`OpenID4VCI` 5.1.1, B.1): a credential then has these, and what it cannot
//! be without.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What was asked of each configuration; one that is not in here is issued as a whole.
pub type AskedClaims = BTreeMap<Uuid, Vec<AskedClaim>>;

/// A claims description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedClaim {
    /// Claims path pointer (appendix C): strings, null and integers from 0.
    pub path: Vec<Value>,
    /// Whether the wallet takes no credential without it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub mandatory: bool,
}
