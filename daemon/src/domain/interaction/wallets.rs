//! Wallet clients, as an interaction needs them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::parties::{Wallet, Wallets};
use crate::domain::Failure;
use crate::domain::client::{Client, Method, WalletClients};

impl From<Client> for Wallet {
    fn from(client: Client) -> Self {
        let attested = client.method == Method::Attestation && client.instance_key.is_some();
        let facts = client.wallet.unwrap_or_default();
        Self {
            id: client.id,
            name: facts.name,
            redirect_uris: client.redirect_uris,
            attested,
            attester: facts.provider,
        }
    }
}

impl Wallets for Arc<WalletClients> {
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Wallet>, Failure>> {
        Box::pin(async move { Ok(WalletClients::find(self, id).await?.map(Wallet::from)) })
    }
}
