//! Revocation (RFC 7009) and introspection (RFC 7662) of wallets' tokens.

use futures_util::future::FutureExt as _;

use super::refresh::{RefreshToken, alive};
use crate::base::secret::sha256;
use crate::store::engine::Batch;
use crate::store::offer::Offer;
use crate::store::tables::{AUTHORIZATION, REFRESH, TOKEN};
use crate::store::token::Token;
use crate::store::{Decision, Store, StoreError};

/// How a revocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// The access token is gone.
    AccessToken,
    /// The authorization of the refresh token is ended, with every token from it.
    Authorization,
    /// No such token, or it was dead before.
    Unknown,
    /// It belongs to another client, and lives on.
    OtherClient,
}

/// A live token.
pub enum LiveToken {
    /// An access token, with the offer or authorization that it rests on.
    Access(Token, Offer),
    /// A refresh token, with its authorization.
    Refresh(RefreshToken, Offer),
}

/// Who revokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoker<'a> {
    /// The operator: any token.
    Operator,
    /// A wallet: its own tokens, and those of nobody in particular.
    Wallet(Option<&'a str>),
}

impl Revoker<'_> {
    fn may(self, owner: Option<&str>) -> bool {
        match self {
            Self::Operator => true,
            Self::Wallet(client) => owner.is_none() || owner == client,
        }
    }
}

impl Store {
    /// Ends an access token, or a refresh token and with it all that came from its authorization.
    pub async fn token_revoke(&self, token: &str, by: Revoker<'_>) -> Result<Revoke, StoreError> {
        let key = sha256(token.as_bytes());
        self.decide(|| self.revocation(key, by).boxed()).await
    }

    async fn revocation(&self, key: [u8; 32], by: Revoker<'_>) -> Result<Decision<Revoke>, StoreError> {
        if let Some(found) = self.find::<Token>(TOKEN, &key, "token").await? {
            if !by.may(found.record.client_id.as_deref()) {
                return Ok(Decision::Answer(Revoke::OtherClient));
            }
            let batch = Batch::default().check(TOKEN, &key, Some(found.version)).delete(TOKEN, &key);
            let (_, batch) = self.deferred_tokens_ending(&key, batch).await?;
            return Ok(Decision::Write(batch, Revoke::AccessToken));
        }
        // One that has expired may serve open transactions still.
        let (kept, batch) = self.deferred_tokens_ending(&key, Batch::default()).await?;
        if let Some(kept) = kept {
            let may = by.may(kept.client_id.as_deref());
            let decision = || Decision::Write(batch, Revoke::AccessToken);
            return Ok(if may { decision() } else { Decision::Answer(Revoke::OtherClient) });
        }
        match self.find::<RefreshToken>(REFRESH, &key, "refresh token").await? {
            None => Ok(Decision::Answer(Revoke::Unknown)),
            Some(found) if !by.may(Some(&found.record.client_id)) => Ok(Decision::Answer(Revoke::OtherClient)),
            Some(found) => {
                let id = found.record.authorization;
                self.end(id, Batch::default(), Revoke::Authorization, Revoke::Unknown).await
            }
        }
    }

    /// What a token stands for while it works; `None` for unknown, expired and revoked ones alike.
    pub async fn token_introspect(&self, token: &str) -> Result<Option<LiveToken>, StoreError> {
        if let Some((token, offer)) = self.token_find(token).await? {
            return Ok(Some(LiveToken::Access(token, offer)));
        }
        let key = sha256(token.as_bytes());
        let found = self.find::<RefreshToken>(REFRESH, &key, "refresh token").await?;
        let good = |record: &RefreshToken| !record.retired && self.now() < record.expires_at;
        let Some(token) = found.map(|found| found.record).filter(good) else { return Ok(None) };
        let id = token.authorization;
        let offer = self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await?;
        let offer = offer.map(|found| found.record).filter(alive);
        Ok(offer.map(|offer| LiveToken::Refresh(token, offer)))
    }
}
