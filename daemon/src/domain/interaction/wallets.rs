//! Wallet clients, as an interaction needs them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::parties::{Wallet, Wallets};
use super::request::Parameters;
use crate::domain::Failure;
use crate::domain::client::{Client, Method, RequestObjectError, WalletClients};

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
            instance_key: client.instance_key,
        }
    }
}

impl Wallets for Arc<WalletClients> {
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Wallet>, Failure>> {
        Box::pin(async move { Ok(WalletClients::find(self, id).await?.map(Wallet::from)) })
    }

    fn signed<'a>(
        &'a self,
        id: &'a str,
        object: &'a str,
    ) -> BoxFuture<'a, Result<Result<Parameters, RequestObjectError>, Failure>> {
        Box::pin(async move {
            Ok(match WalletClients::find(self, id).await? {
                Some(client) => self.shown_object(&client, object),
                None => Err(RequestObjectError::NoKeys),
            })
        })
    }
}
