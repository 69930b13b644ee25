//! Revocation (RFC 7009) and introspection (RFC 7662) of wallets' tokens.

use jiff::Timestamp;
use uuid::Uuid;

use super::Authorizations;
use crate::domain::Failure;
use crate::store::authorization::revoke::LiveToken;
pub use crate::store::authorization::revoke::{Revoke, Revoker};
use crate::store::token::Origin;

/// What a live token is, for the operator.
pub struct TokenFacts {
    /// Whether it is a refresh token.
    pub refresh: bool,
    /// What the grant rests on.
    pub origin: Origin,
    /// The offer, or the authorization.
    pub grant: Uuid,
    /// The client, unless it was anonymous.
    pub client_id: Option<String>,
    /// The user.
    pub user_id: Uuid,
    /// The configurations that it covers.
    pub configurations: Vec<Uuid>,
    /// Scope values of these.
    pub scope: Option<String>,
    /// Thumbprint of the key that it is bound to.
    pub jkt: Option<[u8; 32]>,
    /// When the grant was made.
    pub granted_at: Option<Timestamp>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Authorizations {
    /// Ends a token; a refresh token takes its authorization with it.
    pub async fn revoke(&self, token: &str, by: Revoker<'_>) -> Result<Revoke, Failure> {
        Ok(self.store.token_revoke(token, by).await?)
    }

    /// What a token is; `None` when it does not work.
    pub async fn introspect(&self, token: &str) -> Result<Option<TokenFacts>, Failure> {
        let scope = |ids: &[Uuid]| {
            let values: Vec<_> = ids.iter().filter_map(|id| Some(self.configurations.find(*id)?.scope())).collect();
            (!values.is_empty()).then(|| values.join(" "))
        };
        Ok(self.store.token_introspect(token).await?.map(|live| match live {
            LiveToken::Access(token, offer) => TokenFacts {
                refresh: false,
                origin: token.origin,
                grant: offer.id,
                client_id: token.client_id,
                user_id: offer.user_id,
                scope: scope(&token.configurations),
                configurations: token.configurations,
                jkt: token.jkt,
                granted_at: offer.redeemed_at,
                expires_at: token.expires_at,
            },
            LiveToken::Refresh(token, offer) => TokenFacts {
                refresh: true,
                origin: Origin::AuthorizationCode,
                grant: offer.id,
                client_id: Some(token.client_id),
                user_id: offer.user_id,
                scope: scope(&token.configurations),
                configurations: token.configurations,
                jkt: token.jkt,
                granted_at: offer.redeemed_at,
                expires_at: token.expires_at,
            },
        }))
    }
}
