//! Puts together how holders log in.

use std::path::PathBuf;
use std::sync::Arc;

use super::Parts;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::Login;
use crate::domain::Failure;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::interaction_hook::InteractionHooks;
use crate::domain::login::catalog::ProviderParts;
use crate::domain::login::{Providers, TestUser};
use crate::domain::outbound::{Private, Reach};
use crate::domain::site::Site;
use crate::domain::user::Users;
use crate::outbound::Web;
use crate::store::Store;

impl Parts {
    pub(super) fn users(&self) -> Users {
        let (random, providers) = (Arc::clone(&self.random), Arc::clone(&self.providers));
        Users { store: self.store.clone(), random, providers }
    }

    pub(super) fn interaction_hooks(&self) -> InteractionHooks {
        let (site, clock, random) = (Arc::clone(&self.site), Arc::clone(&self.clock), Arc::clone(&self.random));
        InteractionHooks::new(self.store.clone(), site, clock, random)
    }
}

/// Which servers may be reached.
pub(super) fn reach(private: Private, ca_file: &str) -> Reach {
    let ca_file = Some(ca_file).filter(|file| !file.is_empty()).map(PathBuf::from);
    Reach { private, ca_file }
}

/// What many parts are made of.
type Common = (Store, Arc<Site>, Arc<dyn Clock>, Arc<dyn Random>);

/// The authentication providers and test users.
pub(super) async fn providers(
    login: &Login,
    (store, site, clock, random): Common,
    configurations: Arc<Configurations>,
) -> Result<Arc<Providers>, Failure> {
    let private = if login.allow_private { Private::All } else { Private::None };
    let reach = reach(private, &login.ca_file);
    let test_users = login.test_user.iter();
    let test_users = test_users.map(|user| TestUser { name: user.name.clone(), claims: user.claims.clone() });
    let outbound = Arc::new(Web::new(&reach));
    let test_users = test_users.collect();
    let parts = ProviderParts { store, site, clock, random, configurations, outbound, reach, test_users };
    Ok(Arc::new(Providers::load(parts).await?))
}
