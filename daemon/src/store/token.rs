//! Access tokens for wallets: opaque, 256 random bits, kept by hash only.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::Table;
use super::offer::{Offer, OfferState};
use super::tables::{AUTHORIZATION, AUTHORIZATION_SECRETS, OFFER, OFFER_SECRETS, TOKEN};
use super::{Store, StoreError};
use crate::base::secret::sha256;

/// What a grant rests on, and so where it is kept. The order of the variants is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// An offer with a pre-authorized code.
    PreAuthorized,
    /// An authorization: somebody logged in and approved. It is kept as an offer to that person.
    AuthorizationCode,
}

impl Origin {
    /// Where the offer or authorization is.
    pub(super) fn table(self) -> Table {
        match self {
            Self::PreAuthorized => OFFER,
            Self::AuthorizationCode => AUTHORIZATION,
        }
    }

    /// Where its sealed part is.
    pub(super) fn secrets(self) -> Table {
        match self {
            Self::PreAuthorized => OFFER_SECRETS,
            Self::AuthorizationCode => AUTHORIZATION_SECRETS,
        }
    }
}

/// What a wallet provider says of a wallet (`OpenID4VCI` appendix E).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletFacts {
    /// `wallet_name`
    pub name: Option<String>,
    /// `wallet_version`
    pub version: Option<String>,
    /// `wallet_link`
    pub link: Option<String>,
    /// The wallet provider: `iss` of the attestation, or the name in the certificate that signed it.
    pub provider: Option<String>,
    /// SHA-256 thumbprint (RFC 7638) of the attested key.
    pub key: [u8; 32],
}

/// What a token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// What the grant rests on.
    pub origin: Origin,
    /// The offer, or the authorization, that it came from.
    pub offer: Uuid,
    /// SHA-256 thumbprint (RFC 7638) of the key that a `DPoP` proof must be made with at each use; `None` for a Bearer token.
    pub jkt: Option<[u8; 32]>,
    /// The client that redeemed the code, unless it was anonymous.
    pub client_id: Option<String>,
    /// What the attestation of that client says, when it was attested.
    pub wallet: Option<WalletFacts>,
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
        let (table, id) = (token.record.origin.table(), token.record.offer);
        let Some(offer) = self.find::<Offer>(table, id.as_bytes(), "offer").await? else { return Ok(None) };
        let alive = matches!(offer.record.state, OfferState::Redeemed | OfferState::Issued);
        Ok((alive && self.now() < token.record.expires_at).then_some((token.record, offer.record)))
    }
}
