//! Refresh tokens: what is kept of them, and the verb that trades one for an access token (RFC 6749 6, RFC 9700 4.14).
//!
//! Without rotation one token serves as long as it lives. With rotation each use names a successor, which is derived from the token
//! itself, so that whoever did not get the answer asks again and gets the same. The old token works until its successor is first used; from
//! then on it is retired, and who shows it has a copy: the authorization ends.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::secret::sha256;
use crate::store::engine::Batch;
use crate::store::enrichment::Enrichment;
use crate::store::offer::{Offer, OfferState};
use crate::store::tables::{AUTHORIZATION, REFRESH, TOKEN, USER};
use crate::store::token::Token;
use crate::store::{Decision, Found, Store, StoreError, codec};

/// What a refresh token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The authorization it came from.
    pub authorization: Uuid,
    /// The client it was given to.
    pub client_id: String,
    /// Thumbprint of the `DPoP` key of a public client, which no other key replaces. A client that proves who it is may change its key.
    pub jkt: Option<[u8; 32]>,
    /// Thumbprint of the key of the attested wallet instance.
    pub instance_key: Option<[u8; 32]>,
    /// The credential identifiers given out: the same at each refresh.
    pub identifiers: Vec<(String, Uuid)>,
    /// The configurations that access tokens may claim.
    pub configurations: Vec<Uuid>,
    /// The scope that was granted, when one was asked for.
    pub scope: Option<String>,
    /// When it stops working; a successor gets no longer life.
    #[serde(with = "required")]
    pub expires_at: Timestamp,
    /// SHA-256 of the token that this one replaces, until this one was used.
    pub previous: Option<[u8; 32]>,
    /// Whether its successor was used.
    pub retired: bool,
}

/// A request to refresh.
pub struct RefreshRequest<'a> {
    /// The refresh token.
    pub token: &'a str,
    /// The client, as far as it had to prove to be.
    pub client_id: &'a str,
    /// Thumbprint of the key of the request's `DPoP` proof.
    pub jkt: Option<[u8; 32]>,
    /// Thumbprint of the key of the attested wallet instance.
    pub instance_key: Option<[u8; 32]>,
    /// SHA-256 of the successor, when tokens are rotated.
    pub successor: Option<[u8; 32]>,
    /// SHA-256 of the access token to be made.
    pub access_token: [u8; 32],
    /// What auth hooks said of the holder this time; replaces what they said before.
    pub enrichment: Option<&'a Enrichment>,
}

/// How a refresh ended.
#[derive(Debug)]
pub enum Refresh {
    /// The access token is stored.
    Refreshed(Box<RefreshToken>),
    /// No such token.
    Unknown,
    /// It ran out.
    Expired,
    /// Its successor was used before. The authorization is ended.
    Reused,
    /// The authorization has ended, by itself or with its user.
    Ended,
    /// It belongs to another client.
    OtherClient,
    /// It is bound to another key.
    OtherKey,
    /// The request asks for more than was granted, or nothing that was granted is there any more.
    NotGranted,
}

impl Store {
    /// Stores an access token for a refresh token, or says why not. `mint` makes the access token's record, or refuses with `None`.
    pub async fn token_refresh(
        &self,
        request: &RefreshRequest<'_>,
        mint: impl Fn(&RefreshToken) -> Option<Token> + Send + Sync,
    ) -> Result<Refresh, StoreError> {
        let key = sha256(request.token.as_bytes());
        self.decide(|| self.refreshing(request, &key, &mint).boxed()).await
    }

    /// A refresh token that would be good at this moment, with its authorization. Nothing is promised.
    pub async fn token_refreshable(
        &self,
        request: &RefreshRequest<'_>,
    ) -> Result<Option<(RefreshToken, Offer)>, StoreError> {
        let key = sha256(request.token.as_bytes());
        let Some(found) = self.find::<RefreshToken>(REFRESH, &key, "refresh token").await? else { return Ok(None) };
        let id = found.record.authorization;
        let Some(offer) = self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await? else {
            return Ok(None);
        };
        let good = refused(&found.record, request, self.now()).is_none() && !found.record.retired;
        Ok((good && alive(&offer.record)).then_some((found.record, offer.record)))
    }

    async fn refreshing(
        &self,
        request: &RefreshRequest<'_>,
        key: &[u8; 32],
        mint: &(impl Fn(&RefreshToken) -> Option<Token> + Send + Sync),
    ) -> Result<Decision<Refresh>, StoreError> {
        let Some(found) = self.find::<RefreshToken>(REFRESH, key, "refresh token").await? else {
            return Ok(Decision::Answer(Refresh::Unknown));
        };
        if let Some(refused) = refused(&found.record, request, self.now()) {
            return Ok(Decision::Answer(refused));
        }
        let id = found.record.authorization;
        if found.record.retired {
            return self.end(id, Batch::default(), Refresh::Reused, Refresh::Reused).await;
        }
        let offer = self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await?;
        let Some(offer) = offer.filter(|offer| alive(&offer.record)) else {
            return Ok(Decision::Answer(Refresh::Ended));
        };
        // A user who was deleted leaves nothing behind.
        let user = *offer.record.user_id.as_bytes();
        let Some(entry) = self.engine.get(USER, &user).await? else {
            return self.end(id, Batch::default(), Refresh::Ended, Refresh::Ended).await;
        };
        let Some(token) = mint(&found.record) else { return Ok(Decision::Answer(Refresh::NotGranted)) };
        let batch = Batch::default()
            .check(USER, &user, Some(entry.version))
            .check(REFRESH, key, Some(found.version))
            .check(AUTHORIZATION, id.as_bytes(), Some(offer.version))
            .put(TOKEN, &request.access_token, codec::pack(&token)?, Some(token.expires_at));
        let batch = match request.enrichment {
            Some(enrichment) => self.enriching(id, enrichment, offer.expires_at, batch)?,
            None => batch,
        };
        let batch = self.succeeding(&found.record, (key, request.successor), batch).await?;
        let batch = self.retiring(&found, key, batch).await?;
        Ok(Decision::Write(batch, Refresh::Refreshed(Box::new(found.record))))
    }

    /// Adds the successor, unless an earlier use of the token has made it.
    async fn succeeding(
        &self,
        token: &RefreshToken,
        (key, successor): (&[u8; 32], Option<[u8; 32]>),
        batch: Batch,
    ) -> Result<Batch, StoreError> {
        let Some(successor) = successor else { return Ok(batch) };
        if self.engine.get(REFRESH, &successor).await?.is_some() {
            return Ok(batch);
        }
        let next = RefreshToken { previous: Some(*key), ..token.clone() };
        let batch = batch.check(REFRESH, &successor, None);
        Ok(batch.put(REFRESH, &successor, codec::pack(&next)?, Some(next.expires_at)))
    }

    /// The first use of a token retires the one that it replaces.
    async fn retiring(
        &self,
        found: &Found<RefreshToken>,
        key: &[u8; 32],
        mut batch: Batch,
    ) -> Result<Batch, StoreError> {
        let Some(previous) = found.record.previous else { return Ok(batch) };
        if let Some(mut old) = self.find::<RefreshToken>(REFRESH, &previous, "refresh token").await? {
            old.record.retired = true;
            batch = batch.check(REFRESH, &previous, Some(old.version));
            batch = batch.put(REFRESH, &previous, codec::pack(&old.record)?, old.expires_at);
        }
        let used = RefreshToken { previous: None, ..found.record.clone() };
        Ok(batch.put(REFRESH, key, codec::pack(&used)?, found.expires_at))
    }
}

/// What of a request does not fit the token. Who does not hold its key learns and changes nothing.
fn refused(token: &RefreshToken, request: &RefreshRequest<'_>, now: Timestamp) -> Option<Refresh> {
    let differs = |bound: Option<[u8; 32]>, shown: Option<[u8; 32]>| bound.is_some() && bound != shown;
    if token.client_id != request.client_id {
        return Some(Refresh::OtherClient);
    }
    if differs(token.jkt, request.jkt) || differs(token.instance_key, request.instance_key) {
        return Some(Refresh::OtherKey);
    }
    (now >= token.expires_at).then_some(Refresh::Expired)
}

/// Whether tokens from an authorization work.
pub(super) fn alive(offer: &Offer) -> bool {
    matches!(offer.state, OfferState::Redeemed | OfferState::Issued)
}
