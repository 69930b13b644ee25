//! Access tokens for wallets: opaque, 256 random bits, kept by hash only.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::offer::{Offer, OfferState};
use super::tables::{OFFER, TOKEN};
use super::{Store, StoreError};
use crate::base::secret::sha256;

/// What a token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// The offer it came from.
    pub offer: Uuid,
    /// The client that redeemed the code, unless it was anonymous.
    pub client_id: Option<String>,
    /// The credential identifiers given out, when `authorization_details` were asked for: identifier and configuration.
    pub identifiers: Vec<(String, Uuid)>,
    /// The configurations it may claim.
    pub configurations: Vec<Uuid>,
    /// When it stops working.
    #[serde(with = "required")]
    pub expires_at: Timestamp,
}

impl Store {
    /// The live token with its offer; `None` for unknown, expired and revoked ones alike.
    ///
    /// The offer is read as well since it ends the token when it is deleted, and tells what has been issued already before
    /// anything is signed.
    pub async fn token_find(&self, token: &str) -> Result<Option<(Token, Offer)>, StoreError> {
        let Some(token) = self.find::<Token>(TOKEN, &sha256(token.as_bytes()), "token").await? else { return Ok(None) };
        let Some(offer) = self.find::<Offer>(OFFER, token.record.offer.as_bytes(), "offer").await? else {
            return Ok(None);
        };
        let alive = matches!(offer.record.state, OfferState::Redeemed | OfferState::Issued);
        Ok((alive && self.now() < token.record.expires_at).then_some((token.record, offer.record)))
    }
}
