//! Redemption of a pre-authorized code: the one place where a code is spent (`OpenID4VCI` 4.1.1, 6.1, 6.3, 13.6).

use futures_util::future::FutureExt as _;
use uuid::Uuid;

use super::engine::Batch;
use super::enrichment::Enrichment;
use super::offer::{Offer, OfferState};
use super::tables::{CODE, OFFER, OFFER_SECRETS, TOKEN};
use super::token::Token;
use super::{Decision, Found, Store, StoreError, codec};
use crate::base::secret::{hmac, same, sha256};

/// A request to redeem.
pub struct Redemption<'a> {
    /// The pre-authorized code.
    pub code: &'a str,
    /// The transaction code, when one was sent.
    pub tx_code: Option<TxCode<'a>>,
    /// SHA-256 of the access token to be made.
    pub token: [u8; 32],
    /// What auth hooks said of the holder, kept for the credentials.
    pub enrichment: Option<&'a Enrichment>,
}

/// A transaction code as sent, hashed once the offer is known.
pub struct TxCode<'a> {
    /// What the person typed.
    pub value: &'a str,
    /// Key of the hash.
    pub key: &'a [u8],
}

/// How a redemption ended.
#[derive(Debug)]
pub enum Redeem {
    /// The code is spent; the token is stored.
    Redeemed(Box<Offer>),
    /// It was spent before.
    AlreadyUsed,
    /// It ran out.
    Expired,
    /// The transaction code is wrong.
    WrongCode {
        /// Tries left; with 0, this one has locked the offer.
        left: u8,
    },
    /// Too many wrong transaction codes before this one.
    Locked,
    /// The offer was ended by the operator.
    Deleted,
    /// No such code.
    Unknown,
    /// A transaction code is needed and was not sent.
    CodeMissing,
    /// A transaction code was sent and none is needed.
    CodeUnexpected,
    /// The request asks for a configuration that is not offered.
    NotOffered,
}

/// Keyed hash of a transaction code, bound to its offer.
#[must_use]
pub fn hash_tx_code(key: &[u8], offer: Uuid, code: &str) -> [u8; 32] {
    hmac(key, &[offer.as_bytes(), code.as_bytes()])
}

impl Store {
    /// Spends a code, or says why not. `grant` makes the token's record from the offer, or refuses with `None` when the request
    /// asks for what was not offered.
    pub async fn offer_redeem(
        &self,
        request: &Redemption<'_>,
        grant: impl Fn(&Offer) -> Option<Token> + Send + Sync,
    ) -> Result<Redeem, StoreError> {
        let code = sha256(request.code.as_bytes());
        self.decide(|| self.redemption(request, &code, &grant).boxed()).await
    }

    /// The offer whose code and transaction code are good at this moment. Nothing is spent or counted, and nothing is promised:
    /// [`Store::offer_redeem`] decides.
    pub async fn offer_redeemable(
        &self,
        code: &str,
        tx_code: Option<&TxCode<'_>>,
    ) -> Result<Option<Offer>, StoreError> {
        let Some(entry) = self.engine.get(CODE, &sha256(code.as_bytes())).await? else { return Ok(None) };
        let Some(found) = self.find::<Offer>(OFFER, &entry.value, "offer").await? else { return Ok(None) };
        let live = self.live_configurations(&found.record, Batch::default()).await?.is_some();
        let open = found.record.state_at(self.now(), live) == OfferState::Open;
        let right = matches!(verdict(&found.record, tx_code), Verdict::Right);
        Ok((open && right).then_some(found.record))
    }

    async fn redemption(
        &self,
        request: &Redemption<'_>,
        code: &[u8; 32],
        grant: &(impl Fn(&Offer) -> Option<Token> + Send + Sync),
    ) -> Result<Decision<Redeem>, StoreError> {
        let Some(entry) = self.engine.get(CODE, code).await? else { return Ok(Decision::Answer(Redeem::Unknown)) };
        let Some(found) = self.find::<Offer>(OFFER, &entry.value, "offer").await? else {
            return Ok(Decision::Answer(Redeem::Unknown));
        };
        let checked = Batch::default().check(OFFER, &entry.value, Some(found.version));
        let live = self.live_configurations(&found.record, checked).await?;
        if let Some(refused) = refusal(found.record.state_at(self.now(), live.is_some())) {
            return Ok(Decision::Answer(refused));
        }
        let Some(checked) = live else { return Ok(Decision::Answer(Redeem::Deleted)) };
        match verdict(&found.record, request.tx_code.as_ref()) {
            Verdict::Refused(refused) => Ok(Decision::Answer(refused)),
            Verdict::Wrong => self.wrong_code(found, checked),
            Verdict::Right => match grant(&found.record) {
                Some(token) => self.spend(found, &token, request, checked),
                None => Ok(Decision::Answer(Redeem::NotOffered)),
            },
        }
    }

    fn spend(
        &self,
        found: Found<Offer>,
        token: &Token,
        request: &Redemption<'_>,
        checked: Batch,
    ) -> Result<Decision<Redeem>, StoreError> {
        let Found { record: mut offer, expires_at, .. } = found;
        offer.state = OfferState::Redeemed;
        offer.redeemed_at = Some(self.now());
        // The offer must outlive its token: without it the token is unknown.
        let kept = expires_at.map(|at| at.max(token.expires_at));
        let ends = Some(token.expires_at);
        let batch = checked.put(OFFER, offer.id.as_bytes(), codec::pack(&offer)?, kept);
        let batch = batch.put(TOKEN, &request.token, codec::pack(token)?, ends);
        let batch = match request.enrichment {
            Some(enrichment) => self.enriching(offer.id, enrichment, ends, batch)?,
            None => batch,
        };
        Ok(Decision::Write(batch, Redeem::Redeemed(Box::new(offer))))
    }

    fn wrong_code(&self, found: Found<Offer>, checked: Batch) -> Result<Decision<Redeem>, StoreError> {
        let Found { record: mut offer, expires_at, .. } = found;
        let id = *offer.id.as_bytes();
        let mut batch = checked;
        offer.attempts_left = offer.attempts_left.saturating_sub(1);
        if offer.attempts_left == 0 {
            offer.state = OfferState::Locked;
            offer.ended_at = Some(self.now());
            batch = batch.delete(OFFER_SECRETS, &id);
        }
        let outcome = Redeem::WrongCode { left: offer.attempts_left };
        Ok(Decision::Write(batch.put(OFFER, &id, codec::pack(&offer)?, expires_at), outcome))
    }
}

enum Verdict {
    Right,
    Wrong,
    Refused(Redeem),
}

fn refusal(state: OfferState) -> Option<Redeem> {
    match state {
        OfferState::Open => None,
        OfferState::Redeemed | OfferState::Issued => Some(Redeem::AlreadyUsed),
        OfferState::Expired => Some(Redeem::Expired),
        OfferState::Locked => Some(Redeem::Locked),
        OfferState::Deleted => Some(Redeem::Deleted),
    }
}

fn verdict(offer: &Offer, sent: Option<&TxCode<'_>>) -> Verdict {
    match (&offer.tx_code, sent) {
        (None, None) => Verdict::Right,
        (None, Some(_)) => Verdict::Refused(Redeem::CodeUnexpected),
        (Some(_), None) => Verdict::Refused(Redeem::CodeMissing),
        (Some(expected), Some(code)) if same(expected, &hash_tx_code(code.key, offer.id, code.value)) => Verdict::Right,
        (Some(_), Some(_)) => Verdict::Wrong,
    }
}
