//! Finds the addresses of a name, and keeps those that the grant allows. The connection is made to one of them, without a second
//! look: a name that resolves to something else a moment later gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::may_connect;

/// Asks for the addresses of a name.
pub(in crate::plugin) trait Lookup: Send + Sync + 'static {
    /// All its addresses.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// Asks as the system is set up to.
#[derive(Debug, Clone, Copy)]
pub(in crate::plugin) struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The name has no address that a request may go to.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no public address, and the grant does not say private")]
pub(super) struct NotAllowed;

/// The lookup of one grant.
pub(super) struct Filter {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) private: bool,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.lookup(name.as_str().to_owned());
        let private = self.private;
        Box::pin(async move {
            let found = found.await?;
            let none = found.is_empty();
            let allowed: Vec<_> = found.into_iter().filter(|address| may_connect(*address, private)).collect();
            if allowed.is_empty() && !none {
                return Err(NotAllowed.into());
            }
            // Port 0 stands for the port of the URL.
            Ok(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
