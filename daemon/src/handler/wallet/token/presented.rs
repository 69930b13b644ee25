//! Who sends a request to the token or revocation endpoint: the client, as far as it proves who it is, and the key of its `DPoP` proof.
//! The one place where both are found out.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};

use crate::app::App;
use crate::domain::grant::Who;
use crate::handler::wallet::dpop::proof_key;
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
        }
    }
}

/// Finds out who sent a request to the endpoint at `path` below the issuer's URL.
pub(in crate::handler::wallet) async fn presented(
    app: &App,
    path: &str,
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
) -> Result<Presented, WalletError> {
    if form.contains_key("client_assertion") || headers.contains_key(header::AUTHORIZATION) {
        let challenge = headers.contains_key(header::AUTHORIZATION).then_some("Basic");
        return Err(WalletError::invalid_client("client authentication is not supported", challenge));
    }
    let jkt = proof_key(app, headers, "POST", path, None).await?;
    Ok(Presented { client_id: form.get("client_id").cloned(), jkt, ..Presented::default() })
}
