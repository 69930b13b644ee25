//! Requests of plugins to the outside: where they may go, what they may carry, and how much comes back.

pub(super) mod address;
mod client;
mod exchange;
pub(super) mod headers;
pub(super) mod place;
mod resolve;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::HostParts;
use super::contract::claim_source::issuer::plugin::http::{HttpError, Response};
use super::room::{Outgoing, Outside};
use super::settings::HttpGrant;
use crate::base::clock::Clock;
use crate::base::random::{NoEntropy, Random};

pub(super) use resolve::{Lookup, SystemLookup};

/// A client for requests of the daemon itself, with the bounds of those of plugins: it connects to no address that is not allowed.
pub(crate) fn guarded(private: bool, ca_file: Option<PathBuf>) -> Result<reqwest::Client, String> {
    let grant = HttpGrant { origin: "https:".into(), methods: Vec::new(), path: None, private, ca_file };
    let lookup: Arc<dyn Lookup> = Arc::<SystemLookup>::default();
    let made = client::clients(&[grant], &lookup)?;
    made.into_iter().next().ok_or_else(|| "there is no client".to_owned())
}

/// Where such a request goes; refused when the host is an address that is not allowed.
pub(crate) fn target(text: &str, private: bool) -> Result<reqwest::Url, String> {
    let url = place::parse(text)?;
    match place::literal(&url) {
        Some(address) if !address::may_connect(address, private) => Err("the address is not allowed".to_owned()),
        _ => Ok(url),
    }
}

/// Why there is no answer, without the URL; and whether there never will be one.
pub(crate) fn reason(error: &reqwest::Error) -> (String, bool) {
    match exchange::failure(error) {
        HttpError::Timeout => ("it took too long".to_owned(), false),
        HttpError::Denied(text) | HttpError::InvalidRequest(text) => (text, true),
        HttpError::Connect(text) | HttpError::Other(text) => (text, false),
        HttpError::TooLarge(_) | HttpError::Quota => ("it is too large".to_owned(), false),
    }
}

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
