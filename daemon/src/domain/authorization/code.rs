//! From an authorization code to tokens.

use jiff::Timestamp;
use uuid::Uuid;

use super::{AskedClaims, Authorizations};
use crate::base::clock::after;
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::domain::blocked::Blocked;
use crate::domain::caller::Caller;
use crate::domain::grant::{Entry, Granted, Stop, Who, identifiers};
use crate::plugin::Phase;
use crate::store::authorization::AuthorizationCode;
use crate::store::authorization::redeem::{CodeRedeem, CodeRedemption, Minted};
use crate::store::authorization::refresh::RefreshToken;
use crate::store::offer::Offer;
use crate::store::token::{Origin, Token};

/// A token request of the authorization code grant.
pub struct CodeRequest<'a> {
    /// `code`
    pub code: &'a str,
    /// `redirect_uri`
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`
    pub code_verifier: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Who sent it.
    pub who: Who<'a>,
    /// Configurations named by `authorization_details`, when that was sent: fewer than were approved, but not others (6.1.1).
    pub selected: Option<Vec<Uuid>>,
}

/// How a token request ended.
pub enum CodeGrant {
    /// Tokens.
    Granted(Granted),
    /// Not granted.
    Refused(CodeRedeem),
    /// A plugin stands in the way; the code can be used again.
    Blocked(Blocked),
}

/// Whether a text can be a code verifier: 43 to 128 unreserved characters (RFC 7636 4.1).
#[must_use]
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// What is drawn for a redemption before it is decided.
struct Drawn {
    access_token: String,
    refresh_token: String,
    suffix: String,
    now: Timestamp,
}

impl Authorizations {
    /// Redeems a code for tokens.
    pub async fn redeem(&self, request: &CodeRequest<'_>, caller: &Caller<'_>) -> Result<CodeGrant, Failure> {
        let drawn = Drawn {
            access_token: self.secret::<32>()?,
            refresh_token: self.secret::<32>()?,
            suffix: self.secret::<12>()?,
            now: self.clock.now(),
        };
        let redemption = CodeRedemption {
            code: request.code,
            client_id: request.client_id,
            redirect_uri: request.redirect_uri,
            code_verifier: request.code_verifier,
            jkt: request.who.jkt,
            instance_key: request.who.instance_key,
            token: sha256(drawn.access_token.as_bytes()),
            refresh: sha256(drawn.refresh_token.as_bytes()),
            enrichment: None,
        };
        let entry = match self.admit_code(&redemption, request, caller).await {
            Ok(entry) => entry,
            Err(Stop::Blocked(blocked)) => return Ok(CodeGrant::Blocked(blocked)),
            Err(Stop::Failed(failure)) => return Err(failure),
        };
        let redemption = CodeRedemption { enrichment: entry.enrichment(), ..redemption };
        let mint = |offer: &Offer, code: &AuthorizationCode| {
            let configurations = entry.wanted(wanted(offer, request))?;
            Some(self.mint(offer, code, configurations, request, &drawn))
        };
        match self.store.code_redeem(&redemption, mint).await? {
            CodeRedeem::Redeemed(found) => {
                let minted = mint(&found.0, &found.1);
                let mut granted = self.hand_out(drawn, minted, found.1.scope.as_deref());
                granted.asked = self.asked(found.0.id, &granted.identifiers).await?;
                Ok(CodeGrant::Granted(granted))
            }
            refused => Ok(CodeGrant::Refused(refused)),
        }
    }

    /// Asks the auth hooks, after a look at the code and before it is spent. Without hooks nothing is read.
    async fn admit_code(
        &self,
        redemption: &CodeRedemption<'_>,
        request: &CodeRequest<'_>,
        caller: &Caller<'_>,
    ) -> Result<Entry, Stop> {
        if !self.hooks.has(Phase::TokenRequest) {
            return Ok(Entry::Unasked);
        }
        let Some((offer, _)) = self.store.code_redeemable(redemption).await? else { return Ok(Entry::NotGood) };
        self.ask_hooks(&offer, wanted(&offer, request), &request.who, caller).await
    }

    fn mint(
        &self,
        offer: &Offer,
        code: &AuthorizationCode,
        configurations: Vec<Uuid>,
        request: &CodeRequest<'_>,
        drawn: &Drawn,
    ) -> Minted {
        let who = &request.who;
        let flow = &self.site.code_flow;
        let identified = code.identified || request.selected.is_some();
        let identifiers = identifiers(if identified { &configurations } else { &[] }, &drawn.suffix);
        let token = Token {
            origin: Origin::AuthorizationCode,
            offer: offer.id,
            jkt: who.jkt,
            client_id: Some(request.client_id.to_owned()),
            wallet: who.wallet.cloned(),
            identifiers: identifiers.clone(),
            configurations: configurations.clone(),
            expires_at: after(drawn.now, flow.token_life(who.jkt.is_some())),
        };
        let refresh = self.may_refresh(who).then(|| RefreshToken {
            authorization: offer.id,
            client_id: request.client_id.to_owned(),
            jkt: who.jkt.filter(|_| !who.authenticated),
            instance_key: who.instance_key,
            identifiers,
            configurations,
            scope: code.scope.clone(),
            expires_at: after(drawn.now, flow.refresh_lifetime),
            previous: None,
            retired: false,
        });
        // The last access token is made at the last moment of the refresh token.
        let ends = match &refresh {
            Some(refresh) => after(refresh.expires_at, flow.token_lifetime),
            None => token.expires_at,
        };
        Minted { token, refresh, ends: ends.max(token_end(offer)) }
    }

    /// Whether a client may have a refresh token: a public one needs a key to bind it to, or rotation (RFC 9700 4.14.2).
    fn may_refresh(&self, who: &Who<'_>) -> bool {
        let flow = &self.site.code_flow;
        !flow.refresh_lifetime.is_zero() && (who.authenticated || who.jkt.is_some() || flow.rotate)
    }

    fn hand_out(&self, drawn: Drawn, minted: Option<Minted>, scope: Option<&str>) -> Granted {
        let (token, refresh) = minted.map_or((None, None), |minted| (Some(minted.token), minted.refresh));
        let configurations = token.as_ref().map(|token| token.configurations.clone()).unwrap_or_default();
        let bound = token.as_ref().is_some_and(|token| token.jkt.is_some());
        Granted {
            access_token: drawn.access_token,
            expires_in: self.site.code_flow.token_life(bound).as_secs(),
            bound,
            identifiers: token.map(|token| token.identifiers).unwrap_or_default(),
            refresh_token: refresh.map(|_| drawn.refresh_token),
            scope: scope.and_then(|scope| self.scope_of(&configurations, scope)),
            asked: AskedClaims::new(),
        }
    }
}

/// Nothing ends before its code would have: a late second use is still seen.
fn token_end(offer: &Offer) -> Timestamp {
    offer.expires_at
}

/// What a request asks for; `None` when that was not approved.
fn wanted(offer: &Offer, request: &CodeRequest<'_>) -> Option<Vec<Uuid>> {
    match &request.selected {
        None => Some(offer.configurations.clone()),
        Some(selected) if selected.iter().all(|id| offer.configurations.contains(id)) => Some(selected.clone()),
        Some(_) => None,
    }
}
