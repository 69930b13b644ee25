//! Codes and offers of the authorization code grant, as an interaction needs them.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::parties::{Approved, Grants, Offered};
use crate::domain::Failure;
use crate::domain::authorization::offers::{CodeOffer, CodeOffers};
use crate::domain::authorization::{self, ApprovedClaims, Authorizations};
use crate::store::authorization::NewAuthorization;

/// Offers and codes.
pub struct CodeGrants {
    /// Codes.
    pub authorizations: Authorizations,
    /// Offers.
    pub offers: CodeOffers,
}

impl Grants for CodeGrants {
    fn offer<'a>(&'a self, issuer_state: &'a str) -> BoxFuture<'a, Result<Option<Offered>, Failure>> {
        Box::pin(async move { Ok(self.offers.by_issuer_state(issuer_state).await?.map(offered)) })
    }

    fn prepare(&self, approved: Approved) -> Result<(String, NewAuthorization), Failure> {
        let claims = ApprovedClaims {
            authentication_provider: approved.identity.document().as_object().cloned().unwrap_or_default(),
            identity: approved.identity.claims,
            hooks: approved.added,
            holder: approved.holder,
            asked: approved.asked,
        };
        let approved = authorization::Approved {
            client_id: approved.client_id,
            redirect_uri: approved.redirect_uri,
            code_challenge: approved.code_challenge,
            dpop_jkt: approved.dpop_jkt,
            instance_key: approved.instance_key,
            user_id: approved.user,
            configurations: approved.configurations,
            identified: approved.identified,
            scope: approved.scope,
            claims,
        };
        self.authorizations.prepare(approved)
    }
}

fn offered(offer: CodeOffer) -> Offered {
    let text = |name: &str| offer.request_parameters.get(name).and_then(Value::as_str).map(str::to_owned);
    Offered {
        id: offer.id,
        login_hint: text("login_hint"),
        prompt: text("prompt"),
        once: offer.single_use,
        configurations: offer.configurations,
    }
}
