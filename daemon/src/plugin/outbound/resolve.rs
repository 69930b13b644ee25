//! Finds the addresses of a name, and keeps those that the grant allows. The connection is made to one of them, without a second
//! look: a name that resolves to something else a moment later gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::address::may_connect;

/// Asks for the addresses of a name.
pub(in crate::plugin) trait Lookup: Send + Sync + 'static {
    /// All its addresses.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// Most lookups of one plugin at a time. Each holds a thread until the system answers, even when nobody waits any more, and the
/// store needs threads as well.
const LOOKUPS: usize = 8;

/// Asks as the system is set up to.
pub(in crate::plugin) struct SystemLookup(Arc<Semaphore>);

impl Default for SystemLookup {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let permits = Arc::clone(&self.0);
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let asked = tokio::task::spawn_blocking(move || {
                let found =
                    (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect());
                drop(permit);
                found
            });
            asked.await.map_err(io::Error::other)?
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        let found = SystemLookup::default().lookup("localhost".to_owned()).await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }

    #[tokio::test]
    async fn only_allowed_addresses_are_kept() {
        for (private, kept) in [(false, Err(())), (true, Ok(true))] {
            let filter = Filter { lookup: Arc::<SystemLookup>::default(), private };
            let found = filter.resolve("localhost".parse().unwrap()).await;
            assert_eq!(found.map(|mut found| found.all(|address| address.ip().is_loopback())).map_err(drop), kept);
        }
    }
}
