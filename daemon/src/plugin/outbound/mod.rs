//! Requests of plugins to the outside: where they may go, what they may carry, and how much comes back.

pub(super) mod address;
mod client;
mod exchange;
pub(super) mod headers;
pub(super) mod place;
mod resolve;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::HostParts;
use super::contract::claim_source::issuer::plugin::http::{HttpError, Response};
use super::room::{Outgoing, Outside};
use super::settings::HttpGrant;
use crate::base::clock::Clock;
use crate::base::random::{NoEntropy, Random};

pub(super) use resolve::{Lookup, SystemLookup};

/// The real world, as one plugin reaches it.
pub(super) struct Real {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// One for each http grant: it connects to nothing that the grant does not allow, and shares no connection with another.
    clients: Vec<reqwest::Client>,
}

impl Real {
    /// The world of a plugin with these grants.
    pub(super) fn new(grants: &[HttpGrant], parts: &HostParts, lookup: &Arc<dyn Lookup>) -> Result<Self, String> {
        Ok(Self { clock: parts.clock.clone(), random: parts.random.clone(), clients: client::clients(grants, lookup)? })
    }
}

impl Outside for Real {
    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0)
    }

    fn random(&self, length: usize) -> Result<Vec<u8>, NoEntropy> {
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn http(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Response, HttpError>> {
        Box::pin(async move {
            let client = self.clients.get(outgoing.grant);
            let client = client.ok_or_else(|| HttpError::Denied("there is no such grant".to_owned()))?;
            exchange::exchange(client, outgoing).await
        })
    }
}

#[cfg(test)]
mod tests;
