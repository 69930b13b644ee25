//! Redemption of an authorization code: the one place where one is spent (RFC 6749 4.1.3, RFC 7636 4.6, RFC 9449 10).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use futures_util::future::FutureExt as _;
use jiff::Timestamp;

use super::AuthorizationCode;
use super::refresh::RefreshToken;
use crate::base::secret::{same, sha256};
use crate::store::engine::Batch;
use crate::store::enrichment::Enrichment;
use crate::store::offer::{Offer, OfferState};
use crate::store::tables::{AUTHORIZATION, AUTHORIZATION_CODE, AUTHORIZATION_SECRETS, CODE_INSTANCE, REFRESH, TOKEN};
use crate::store::token::Token;
use crate::store::{Decision, Found, Store, StoreError, codec};

/// A request to redeem.
pub struct CodeRedemption<'a> {
    /// The code.
    pub code: &'a str,
    /// The client, as far as it had to prove to be.
    pub client_id: &'a str,
    /// `redirect_uri`; PKCE does its work, so it may be left out (OAuth 2.1 10.2), but must not be another one.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`
    pub code_verifier: &'a str,
    /// Thumbprint of the key of the request's `DPoP` proof.
    pub jkt: Option<[u8; 32]>,
    /// Thumbprint of the key of the attested wallet instance that sends it.
    pub instance_key: Option<[u8; 32]>,
    /// SHA-256 of the access token to be made.
    pub token: [u8; 32],
    /// SHA-256 of the refresh token to be made, when the grant has one.
    pub refresh: [u8; 32],
    /// What auth hooks said of the holder, kept for the credentials.
    pub enrichment: Option<&'a Enrichment>,
}

/// What a code is traded for.
pub struct Minted {
    /// The access token's record.
    pub token: Token,
    /// The refresh token's record.
    pub refresh: Option<RefreshToken>,
    /// When the last token that may come from this ends, and the authorization with it.
    pub ends: Timestamp,
}

/// How a redemption ended.
#[derive(Debug)]
pub enum CodeRedeem {
    /// The code is spent; the tokens are stored.
    Redeemed(Box<(Offer, AuthorizationCode)>),
    /// It was spent before. When the same client says so, with the right verifier, all that came from it is ended now.
    AlreadyUsed,
    /// It ran out.
    Expired,
    /// Too many wrong verifiers before this one.
    Locked,
    /// The authorization was ended, or a configuration that it names was deleted.
    Deleted,
    /// No such code.
    Unknown,
    /// It belongs to another client, or to another instance of an attested one; it stays good for that one.
    OtherClient,
    /// The redirect URI is another one.
    OtherRedirectUri,
    /// It is bound to another key, or to a key and none was shown.
    OtherKey,
    /// The verifier does not fit.
    WrongVerifier {
        /// Tries left; with 0, this one has locked the code.
        left: u8,
    },
    /// The request asks for a configuration that was not approved.
    NotGranted,
}

/// A code as it was found, with its authorization.
struct Stored {
    code: Found<AuthorizationCode>,
    offer: Found<Offer>,
    /// Thumbprint of the key of the wallet instance that it is for.
    instance: Option<Vec<u8>>,
}

impl Store {
    /// Spends a code, or says why not. `mint` makes the records of the tokens, or refuses with `None` when the request asks for what
    /// was not approved.
    pub async fn code_redeem(
        &self,
        request: &CodeRedemption<'_>,
        mint: impl Fn(&Offer, &AuthorizationCode) -> Option<Minted> + Send + Sync,
    ) -> Result<CodeRedeem, StoreError> {
        let key = sha256(request.code.as_bytes());
        self.decide(|| self.code_redemption(request, &key, &mint).boxed()).await
    }

    /// The authorization of a code whose redemption would succeed at this moment. Nothing is spent, and nothing is promised.
    pub async fn code_redeemable(
        &self,
        request: &CodeRedemption<'_>,
    ) -> Result<Option<(Offer, AuthorizationCode)>, StoreError> {
        let Some(stored) = self.stored_code(&sha256(request.code.as_bytes())).await? else { return Ok(None) };
        let fits = stored.mismatch(request).is_none();
        let Stored { code: Found { record: code, .. }, offer: Found { record: offer, .. }, .. } = stored;
        let live = self.live_configurations(&offer, Batch::default()).await?.is_some();
        let open = !code.used && offer.state_at(self.now(), live) == OfferState::Open;
        Ok((open && fits && verified(&code, request)).then_some((offer, code)))
    }

    async fn stored_code(&self, key: &[u8; 32]) -> Result<Option<Stored>, StoreError> {
        let code = self.find::<AuthorizationCode>(AUTHORIZATION_CODE, key, "authorization code").await?;
        let Some(code) = code else { return Ok(None) };
        let id = code.record.authorization;
        let offer = self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await?;
        let instance = self.engine.get(CODE_INSTANCE, key).await?.map(|entry| entry.value);
        Ok(offer.map(|offer| Stored { code, offer, instance }))
    }

    async fn code_redemption(
        &self,
        request: &CodeRedemption<'_>,
        key: &[u8; 32],
        mint: &(impl Fn(&Offer, &AuthorizationCode) -> Option<Minted> + Send + Sync),
    ) -> Result<Decision<CodeRedeem>, StoreError> {
        let Some(stored) = self.stored_code(key).await? else { return Ok(Decision::Answer(CodeRedeem::Unknown)) };
        let (code, offer) = (&stored.code.record, &stored.offer.record);
        if let Some(mismatch) = stored.mismatch(request).filter(|mismatch| !code.used || is_other_client(mismatch)) {
            return Ok(Decision::Answer(mismatch));
        }
        if code.used {
            return self.used_again(stored, request);
        }
        let checked = Batch::default().check(AUTHORIZATION_CODE, key, Some(stored.code.version)).check(
            AUTHORIZATION,
            offer.id.as_bytes(),
            Some(stored.offer.version),
        );
        let live = self.live_configurations(offer, checked).await?;
        if let Some(refused) = refusal(offer.state_at(self.now(), live.is_some())) {
            return Ok(Decision::Answer(refused));
        }
        let Some(checked) = live else { return Ok(Decision::Answer(CodeRedeem::Deleted)) };
        if !verified(code, request) {
            return self.wrong_verifier(stored.offer);
        }
        match mint(offer, code) {
            Some(minted) => self.spend_code(stored, &minted, (request, key), checked).await,
            None => Ok(Decision::Answer(CodeRedeem::NotGranted)),
        }
    }

    async fn spend_code(
        &self,
        stored: Stored,
        minted: &Minted,
        (request, key): (&CodeRedemption<'_>, &[u8; 32]),
        checked: Batch,
    ) -> Result<Decision<CodeRedeem>, StoreError> {
        let (mut code, mut offer) = (stored.code.record, stored.offer.record);
        let (id, ends) = (*offer.id.as_bytes(), Some(minted.ends));
        // Its claims live from now on as long as a credential may be made of them.
        let Some(claims) = self.engine.get(AUTHORIZATION_SECRETS, &id).await? else {
            // They end with the authorization: by its time, or by somebody who was faster, whom a conflict tells of.
            return Ok(Decision::Write(checked, CodeRedeem::Expired));
        };
        code.used = true;
        offer.state = OfferState::Redeemed;
        offer.redeemed_at = Some(self.now());
        let mut batch = checked
            .put(AUTHORIZATION_CODE, key, codec::pack(&code)?, ends)
            .put(AUTHORIZATION, &id, codec::pack(&offer)?, ends)
            .put(AUTHORIZATION_SECRETS, &id, claims.value, ends)
            .put(TOKEN, &request.token, codec::pack(&minted.token)?, Some(minted.token.expires_at));
        if let Some(instance) = stored.instance {
            batch = batch.put(CODE_INSTANCE, key, instance, ends);
        }
        if let Some(refresh) = &minted.refresh {
            batch = batch.put(REFRESH, &request.refresh, codec::pack(refresh)?, Some(refresh.expires_at));
        }
        if let Some(enrichment) = request.enrichment {
            batch = self.enriching(offer.id, enrichment, ends, batch)?;
        }
        Ok(Decision::Write(batch, CodeRedeem::Redeemed(Box::new((offer, code)))))
    }

    /// RFC 6749 4.1.2: a code that is used twice has leaked. But who does not have the verifier must not be able to end what another
    /// was granted.
    fn used_again(&self, stored: Stored, request: &CodeRedemption<'_>) -> Result<Decision<CodeRedeem>, StoreError> {
        let alive = matches!(stored.offer.record.state, OfferState::Redeemed | OfferState::Issued);
        if !alive || !verified(&stored.code.record, request) {
            return Ok(Decision::Answer(CodeRedeem::AlreadyUsed));
        }
        let batch = self.ending(stored.offer, OfferState::Deleted, Batch::default())?;
        Ok(Decision::Write(batch, CodeRedeem::AlreadyUsed))
    }

    fn wrong_verifier(&self, found: Found<Offer>) -> Result<Decision<CodeRedeem>, StoreError> {
        let left = found.record.attempts_left.saturating_sub(1);
        let outcome = CodeRedeem::WrongVerifier { left };
        if left == 0 {
            return Ok(Decision::Write(self.ending(found, OfferState::Locked, Batch::default())?, outcome));
        }
        let Found { record: mut offer, version, expires_at } = found;
        offer.attempts_left = left;
        let id = *offer.id.as_bytes();
        let batch = Batch::default().check(AUTHORIZATION, &id, Some(version));
        Ok(Decision::Write(batch.put(AUTHORIZATION, &id, codec::pack(&offer)?, expires_at), outcome))
    }
}

fn refusal(state: OfferState) -> Option<CodeRedeem> {
    match state {
        OfferState::Open => None,
        OfferState::Redeemed | OfferState::Issued => Some(CodeRedeem::AlreadyUsed),
        OfferState::Expired => Some(CodeRedeem::Expired),
        OfferState::Locked => Some(CodeRedeem::Locked),
        OfferState::Deleted => Some(CodeRedeem::Deleted),
    }
}

impl Stored {
    /// What of a request does not fit the code, its verifier aside.
    fn mismatch(&self, request: &CodeRedemption<'_>) -> Option<CodeRedeem> {
        let code = &self.code.record;
        let own = |key: &Vec<u8>| request.instance_key.is_some_and(|shown| shown.as_slice() == key);
        if code.client_id != request.client_id || !self.instance.as_ref().is_none_or(own) {
            return Some(CodeRedeem::OtherClient);
        }
        if request.redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
            return Some(CodeRedeem::OtherRedirectUri);
        }
        (code.dpop_jkt.is_some() && code.dpop_jkt != request.jkt).then_some(CodeRedeem::OtherKey)
    }
}

fn is_other_client(mismatch: &CodeRedeem) -> bool {
    matches!(mismatch, CodeRedeem::OtherClient)
}

/// S256: BASE64URL(SHA256(verifier)) is the challenge.
fn verified(code: &AuthorizationCode, request: &CodeRedemption<'_>) -> bool {
    let challenge = B64.encode(sha256(request.code_verifier.as_bytes()));
    same(challenge.as_bytes(), code.code_challenge.as_bytes())
}
