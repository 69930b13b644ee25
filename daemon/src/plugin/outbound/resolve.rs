//! Finds the addresses of a name, and keeps those that the grant allows. The connection is made to one of them, without a second
//! look: a name that resolves to something else a moment later gains nothing.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
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

/// A lookup that is under way.
type Asked = Shared<BoxFuture<'static, Result<Vec<IpAddr>, Arc<io::Error>>>>;

/// Asks as the system is set up to; once for all who want the same name at the same time.
pub(in crate::plugin) struct SystemLookup {
    permits: Arc<Semaphore>,
    asked: Arc<Mutex<HashMap<String, Asked>>>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(LOOKUPS)), asked: Arc::default() }
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = asked.entry(name).or_insert_with_key(|name| {
            // It goes on when nobody waits any more, and forgets itself at its end.
            let ask = ask(Arc::clone(&self.permits), name.clone());
            let (all, name) = (Arc::clone(&self.asked), name.clone());
            #[expect(clippy::disallowed_methods, reason = "a shutdown loses nothing by it")]
            let run = tokio::spawn(async move {
                let found = ask.await;
                all.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
                found
            });
            run.map(|ended| ended.map_err(io::Error::other).flatten().map_err(Arc::new)).boxed().shared()
        });
        found.clone().map(|found| found.map_err(|error| io::Error::new(error.kind(), error))).boxed()
    }
}

async fn ask(permits: Arc<Semaphore>, name: String) -> io::Result<Vec<IpAddr>> {
    let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
    let asked = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect());
        drop(permit);
        found
    });
    asked.await.map_err(io::Error::other)?
}

/// The name has no address that a request may go to.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no public address, and no other is allowed")]
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
    async fn who_asks_at_the_same_time_shares_an_answer_that_is_not_kept() {
        let lookup = SystemLookup::default();
        let both = futures_util::future::join_all((0..100).map(|_| lookup.lookup("localhost".to_owned())));
        assert_eq!(lookup.asked.lock().unwrap().len(), 1);
        assert!(both.await.into_iter().all(|found| found.is_ok_and(|found| !found.is_empty())));
        assert!(lookup.asked.lock().unwrap().is_empty());
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
