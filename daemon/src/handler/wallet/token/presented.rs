//! Who sends a request to the token or revocation endpoint: the client, as far as it proves who it is, and the key of its `DPoP` proof.
//! The one place where both are found out.

use std::collections::BTreeMap;

use axum::http::HeaderMap;

use crate::app::App;
use crate::base::remote::PeerCertificate;
use crate::domain::client::WalletFacts;
use crate::domain::grant::Who;
use crate::handler::wallet::client::authenticate_or_anonymous;
use crate::handler::wallet::dpop::{needed, proof_key};
use crate::handler::wallet::error::WalletError;

/// Who sent a request.
#[derive(Debug, Default)]
pub(in crate::handler::wallet) struct Presented {
    /// The client, when it said or proved who it is.
    pub client_id: Option<String>,
    /// Whether it proved it.
    pub authenticated: bool,
    /// Thumbprint of the key of the attested wallet instance.
    pub instance_key: Option<[u8; 32]>,
    /// Thumbprint of the key of its `DPoP` proof.
    pub jkt: Option<[u8; 32]>,
    /// What the attestation of the wallet says.
    pub wallet: Option<WalletFacts>,
}

impl Presented {
    /// The same, for the domain.
    #[must_use]
    pub(in crate::handler::wallet) fn who(&self) -> Who<'_> {
        Who {
            client_id: self.client_id.as_deref(),
            authenticated: self.authenticated,
            instance_key: self.instance_key,
            jkt: self.jkt,
            wallet: self.wallet.as_ref(),
        }
    }
}

/// Finds out who sent a request to the endpoint at `path` below the issuer's URL.
pub(in crate::handler::wallet) async fn presented(
    app: &App,
    path: &str,
    headers: &HeaderMap,
    certificate: Option<&PeerCertificate>,
    form: &BTreeMap<String, String>,
) -> Result<Presented, WalletError> {
    // A wallet that is asked for another nonce sends the rest of its request as it was.
    let jkt = proof_key(app, headers, "POST", path, None).await?;
    let Some(client) = authenticate_or_anonymous(app, headers, form, certificate).await? else {
        return Ok(Presented { jkt, ..Presented::default() });
    };
    needed(jkt, client.require_dpop)?;
    Ok(Presented {
        authenticated: client.is_authenticated(),
        client_id: Some(client.id),
        instance_key: client.instance_key,
        jkt,
        wallet: client.wallet,
    })
}
