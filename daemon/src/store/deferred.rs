//! Deferred transactions (`OpenID4VCI` section 9): what is kept of a credential request until it can be answered. All of it is sealed: the
//! claims known so far and what a claim source left for itself.

mod verbs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::authorization::asked::AskedClaim;
use super::token::Origin;

/// What a transaction waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeferredState {
    /// An operator's word.
    Approval,
    /// The wallet; the claim source is asked when it comes.
    Ready,
    /// Nothing any more: it was denied.
    Denied {
        /// What the person may be told.
        message: Option<String>,
    },
}

/// What a claim source left for itself.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// The plugin, or the id of the claim source.
    pub source: String,
    /// Opaque; handed back to it.
    pub state: String,
}

/// A transaction.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    /// Its id, for the management API only.
    pub id: Uuid,
    /// SHA-256 of the `transaction_id`.
    pub transaction: [u8; 32],
    /// What the grant rests on.
    pub origin: Origin,
    /// The offer, or the authorization.
    pub offer: Uuid,
    /// The user it is for.
    pub user_id: Uuid,
    /// The configuration.
    pub configuration: Uuid,
    /// The `credential_identifier`, when it was asked for by one.
    pub identifier: Option<String>,
    /// SHA-256 of the access token of the request.
    pub token: [u8; 32],
    /// The key that the token was bound to.
    pub jkt: Option<[u8; 32]>,
    /// The client that sent it.
    pub client_id: Option<String>,
    /// The keys that were proven, as JWKs, in the order of the copies.
    pub keys: Vec<String>,
    /// The claims that the wallet asked for when it was authorized; `None` for all.
    #[serde(default)]
    pub wanted: Option<Vec<AskedClaim>>,
    /// The claims known so far, in the form that the domain gave them.
    pub claims: Value,
    /// Who the holder is, in the form that the domain gave it.
    pub identity: Option<Value>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What it waits for.
    pub state: DeferredState,
    /// What the claim source left for itself.
    pub source: Option<SourceState>,
    /// Before this nobody is asked again, and no other request serves it.
    pub busy_until: Timestamp,
}

impl std::fmt::Debug for Deferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deferred").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// How opening a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferredOpen {
    /// Opened; one that was open for the same credential has ended.
    Opened,
    /// A nonce was taken before.
    NonceTaken,
    /// The offer has issued this configuration as often as it may.
    AlreadyIssued,
    /// The offer ended meanwhile.
    OfferEnded,
}
