//! From a refresh token to one more access token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use uuid::Uuid;

use super::Authorizations;
use crate::base::clock::after;
use crate::base::secret::{hmac, sha256};
use crate::domain::Failure;
use crate::domain::blocked::Blocked;
use crate::domain::caller::Caller;
use crate::domain::grant::{Entry, Granted, Stop, Who};
use crate::plugin::Phase;
use crate::store::authorization::refresh::{Refresh, RefreshRequest, RefreshToken};
use crate::store::token::{Origin, Token};

/// A token request of the refresh grant.
pub struct RefreshAsked<'a> {
    /// `refresh_token`
    pub token: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Who sent it.
    pub who: Who<'a>,
    /// `scope`: less than was granted, but nothing else.
    pub scope: Option<&'a str>,
    /// Configurations named by `authorization_details`: fewer than were granted, but not others.
    pub selected: Option<Vec<Uuid>>,
}

/// How a token request ended.
pub enum RefreshGrant {
    /// A token.
    Granted(Granted),
    /// Not granted.
    Refused(Refresh),
    /// `scope` names what was not granted.
    ScopeTooWide,
    /// A plugin stands in the way.
    Blocked(Blocked),
}

impl Authorizations {
    /// Trades a refresh token for an access token.
    pub async fn refresh(&self, asked: &RefreshAsked<'_>, caller: &Caller<'_>) -> Result<RefreshGrant, Failure> {
        let access_token = self.secret::<32>()?;
        let successor = self.site.code_flow.rotate.then(|| self.successor(asked.token));
        let request = RefreshRequest {
            token: asked.token,
            client_id: asked.client_id,
            jkt: asked.who.jkt,
            instance_key: asked.who.instance_key,
            successor: successor.as_ref().map(|token| sha256(token.as_bytes())),
            access_token: sha256(access_token.as_bytes()),
            enrichment: None,
        };
        let entry = match self.admit_refresh(&request, asked, caller).await {
            Ok(entry) => entry,
            Err(Stop::Blocked(blocked)) => return Ok(RefreshGrant::Blocked(blocked)),
            Err(Stop::Failed(failure)) => return Err(failure),
        };
        let request = RefreshRequest { enrichment: entry.answered(), ..request };
        let bound = asked.who.jkt.is_some();
        let life = self.site.code_flow.token_life(bound);
        let expires_at = after(self.clock.now(), life);
        let mint = |token: &RefreshToken| {
            let configurations = entry.wanted(self.still_wanted(token, asked))?;
            Some(access_token_of(token, configurations, asked, expires_at))
        };
        match self.store.token_refresh(&request, mint).await? {
            Refresh::Refreshed(found) => {
                let minted = mint(&found);
                let configurations = minted.as_ref().map(|token| token.configurations.clone()).unwrap_or_default();
                let identifiers = minted.map(|token| token.identifiers).unwrap_or_default();
                Ok(RefreshGrant::Granted(Granted {
                    access_token,
                    expires_in: life.as_secs(),
                    bound,
                    asked: self.asked(found.authorization, &identifiers).await?,
                    identifiers,
                    refresh_token: successor,
                    scope: found.scope.and_then(|scope| self.scope_of(&configurations, asked.scope.unwrap_or(&scope))),
                }))
            }
            Refresh::NotGranted if asked.scope.is_some() => Ok(RefreshGrant::ScopeTooWide),
            refused => Ok(RefreshGrant::Refused(refused)),
        }
    }

    async fn admit_refresh(
        &self,
        request: &RefreshRequest<'_>,
        asked: &RefreshAsked<'_>,
        caller: &Caller<'_>,
    ) -> Result<Entry, Stop> {
        if !self.hooks.has(Phase::TokenRequest) {
            return Ok(Entry::Unasked);
        }
        let Some((token, offer)) = self.store.token_refreshable(request).await? else { return Ok(Entry::NotGood) };
        self.ask_hooks(&offer, self.still_wanted(&token, asked), &asked.who, caller).await
    }

    /// What the request is for, of what was granted and is still there; `None` when it asks for anything else, or nothing is left.
    fn still_wanted(&self, token: &RefreshToken, asked: &RefreshAsked<'_>) -> Option<Vec<Uuid>> {
        let mut wanted = token.configurations.clone();
        wanted.retain(|id| self.configurations.find(*id).is_some());
        if let Some(scope) = asked.scope {
            let granted = token.scope.as_deref().unwrap_or_default();
            if !scope.split(' ').all(|value| granted.split(' ').any(|one| one == value)) {
                return None;
            }
            wanted = self.of_scope(&wanted, scope);
        }
        if let Some(selected) = &asked.selected {
            if !selected.iter().all(|id| wanted.contains(id)) {
                return None;
            }
            wanted.clone_from(selected);
        }
        (!wanted.is_empty()).then_some(wanted)
    }

    /// The token that replaces another: always the same one, so that a lost answer can be asked for again. Only who has the old token
    /// and our key can derive it.
    fn successor(&self, token: &str) -> String {
        B64.encode(hmac(self.refresh_key.expose(), &[b"refresh token/", token.as_bytes()]))
    }
}

fn access_token_of(
    token: &RefreshToken,
    configurations: Vec<Uuid>,
    asked: &RefreshAsked<'_>,
    expires_at: jiff::Timestamp,
) -> Token {
    let given = token.identifiers.iter().filter(|(_, id)| configurations.contains(id));
    Token {
        origin: Origin::AuthorizationCode,
        offer: token.authorization,
        jkt: asked.who.jkt,
        client_id: Some(token.client_id.clone()),
        wallet: asked.who.wallet.cloned(),
        identifiers: given.cloned().collect(),
        configurations,
        expires_at,
    }
}
