//! Whom an interaction has to do with: the wallet that asks, the offer it was led by, the login that says who the person is, and what
//! makes a code of their approval. Each is a trait, so that a flow can be tested without the others.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::request::Parameters;
use crate::domain::Failure;
use crate::domain::authorization::AskedClaims;
use crate::domain::client::RequestObjectError;
use crate::domain::interaction_hook::HookSession;
use crate::domain::login::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary};
use crate::store::authorization::NewAuthorization;

/// A wallet, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// `client_id`
    pub id: String,
    /// What it is called, by the operator or by its attestation.
    pub name: Option<String>,
    /// Where answers may go; `None` when it has registered nothing, and the policy decides.
    pub redirect_uris: Option<Vec<String>>,
    /// Whether a wallet provider has attested it.
    pub attested: bool,
    /// Which one, when it is attested.
    pub attester: Option<String>,
    /// Thumbprint of the attested key of this one instance.
    #[serde(default)]
    pub instance_key: Option<[u8; 32]>,
}

impl Wallet {
    /// Whether a browser may be sent to it before the person has done anything: its redirect URIs are registered, or somebody who is
    /// trusted vouches for it. Of all others anybody can make one up.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.redirect_uris.is_some() || self.attested
    }
}

/// An offer that a request was led by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its id.
    pub id: Uuid,
    /// What it has.
    pub configurations: Vec<Uuid>,
    /// Whether it ends with the first approval.
    pub once: bool,
    /// `login_hint` for the identity provider.
    pub login_hint: Option<String>,
    /// `prompt` for the identity provider.
    pub prompt: Option<String>,
}

/// What an external page of the operator has found out.
pub struct PageAnswer {
    /// Of whose visit.
    pub session: String,
    /// What it adds.
    pub claims: Map<String, Value>,
    /// Of that, what is kept with the user.
    pub persist: Map<String, Value>,
}

/// Wallets that are known.
pub trait Wallets: Send + Sync + 'static {
    /// The wallet of this id, unauthenticated; `None` when it may not come without proving who it is.
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Wallet>, Failure>>;

    /// The parameters in a request object that this wallet has signed; without a key of it, none can be believed.
    fn signed<'a>(
        &'a self,
        id: &'a str,
        object: &'a str,
    ) -> BoxFuture<'a, Result<Result<Parameters, RequestObjectError>, Failure>>;
}

/// Offers, and codes.
pub trait Grants: Send + Sync + 'static {
    /// The offer with this `issuer_state`, while it lasts.
    fn offer<'a>(&'a self, issuer_state: &'a str) -> BoxFuture<'a, Result<Option<Offered>, Failure>>;

    /// A code for what a person has approved, and what is to be stored of it.
    fn prepare(&self, approved: Approved) -> Result<(String, NewAuthorization), Failure>;
}

/// Who a person is.
pub trait Logins: Send + Sync + 'static {
    /// The ways to log in for these configurations.
    fn providers(&self, configurations: &[Uuid]) -> Vec<ProviderSummary>;

    /// Names of people who can log in by a click: for trying things out.
    fn test_users(&self) -> Vec<String>;

    /// Logs one of them in.
    fn test_user(&self, name: &str) -> Option<Identity>;

    /// Sends a browser to a provider.
    fn begin<'a>(
        &'a self,
        provider: Uuid,
        request: LoginRequest<'a>,
    ) -> BoxFuture<'a, Result<Result<Begun, LoginError>, Failure>>;

    /// Takes the answer of a provider.
    fn finish<'a>(
        &'a self,
        pending: &'a PendingLogin,
        answer: LoginAnswer<'a>,
    ) -> BoxFuture<'a, Result<Result<Identity, LoginError>, Failure>>;

    /// The user that an identity stands for; it is made when it is new, and keeps what is to be kept.
    fn user<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<Uuid, Failure>>;
}

/// A page of the operator that a person passes between login and consent.
pub trait Visits: Send + Sync + 'static {
    /// Where the browser goes; `None` when there is no such page.
    fn begin<'a>(&'a self, session: HookSession<'a>) -> BoxFuture<'a, Result<Option<String>, Failure>>;

    /// Takes the answer of the page; `None` when it cannot be believed.
    fn finish<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<PageAnswer>, Failure>>;
}

/// What a person has approved.
#[derive(Clone, PartialEq)]
pub struct Approved {
    /// The wallet.
    pub client_id: String,
    /// Where the code goes.
    pub redirect_uri: String,
    /// `S256` challenge.
    pub code_challenge: String,
    /// The key that the code is bound to.
    pub dpop_jkt: Option<[u8; 32]>,
    /// The key of the attested wallet instance that the code is for.
    pub instance_key: Option<[u8; 32]>,
    /// Who approved.
    pub user: Uuid,
    /// What was approved.
    pub configurations: Vec<Uuid>,
    /// The claims that the wallet asked for, of each configuration of which it did not ask for all.
    pub asked: AskedClaims,
    /// Whether `authorization_details` asked for it.
    pub identified: bool,
    /// The scope that was granted.
    pub scope: Option<String>,
    /// Who the login says it is.
    pub identity: Identity,
    /// Claims of auth hooks and of the operator's page.
    pub added: Map<String, Value>,
    /// Who the holder is for the plugins that follow.
    pub holder: Option<Value>,
}

impl std::fmt::Debug for Approved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Approved").field("configurations", &self.configurations).finish_non_exhaustive()
    }
}
