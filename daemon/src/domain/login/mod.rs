//! Login of holders at an organisation's identity provider: this issuer is an `OpenID` Connect relying party (OIDC Core 1.0), with
//! the code flow, PKCE and a nonce (RFC 9700 2.1.1). Also the test users of a development issuer, who log in at no provider.

mod begin;
pub mod catalog;
mod discovery;
mod exchange;
mod finish;
mod id_token;
mod keys;
pub mod provider;
mod read;
pub mod test_user;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::domain::outbound::Bounds;

pub use catalog::Providers;
pub use test_user::TestUser;

/// What a request to a provider may cost: somebody waits for a page.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(5), bytes: 256 * 1024 };

/// A holder who has logged in. `issuer` and `subject` together name the person, and nothing else does.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The authentication provider; the nil UUID for a test user.
    pub provider: Uuid,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The holder's identifier there.
    pub subject: String,
    /// What the provider says of the holder, without what it says of the login.
    pub claims: Map<String, Value>,
    /// Those of the claims that are kept on the user.
    pub persist: Map<String, Value>,
    /// When the holder authenticated, if the provider says so.
    pub authenticated_at: Option<Timestamp>,
    /// The authentication context class, if the provider says so.
    pub acr: Option<String>,
    /// How the holder authenticated, as the provider says.
    pub amr: Vec<String>,
}

impl Identity {
    /// The member `authenticationProvider` of the document that mappings read.
    #[must_use]
    pub fn document(&self) -> Value {
        json!({ "url": self.issuer, "subjectId": self.subject })
    }
}

/// A provider, as pages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSummary {
    /// Its id.
    pub id: Uuid,
    /// The name that the operator gave it, else the host of its URL; of several, no two have the same.
    pub name: String,
}

/// What a login is begun with.
#[derive(Clone, Copy)]
pub struct LoginRequest<'a> {
    /// What the provider sends back with its answer: at least 128 random bits that name this attempt.
    pub state: &'a str,
    /// Who is expected to log in, as an offer says it; goes before what the wallet says.
    pub login_hint: Option<&'a str>,
    /// How the provider is to ask, as an offer says it; goes before what the wallet says.
    pub prompt: Option<&'a str>,
    /// Languages of the holder, the best first.
    pub locales: &'a [String],
    /// The parameters of the wallet's authorization request, of which the provider gets those that its document names.
    pub parameters: &'a BTreeMap<String, String>,
}

/// A login under way: to be kept, sealed, with the session that `state` names, and used once.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingLogin {
    /// The provider.
    pub provider: Uuid,
    /// Must come back in the ID token.
    pub nonce: String,
    /// The PKCE verifier.
    pub verifier: String,
    /// As it was sent.
    pub redirect_uri: String,
    /// Greatest age of the holder's authentication in seconds, when one was asked for.
    pub max_age: Option<u64>,
    /// Authentication contexts of which one must have been used; empty for any.
    pub acr_values: Vec<String>,
    /// When the login began, in seconds of the Unix time.
    pub begun_at: i64,
}

/// A login that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// What [`Providers::finish`] needs.
    pub pending: PendingLogin,
}

/// The provider's answer, as the browser brought it back.
#[derive(Clone, Copy, Default)]
pub struct LoginAnswer<'a> {
    /// The provider whose callback it came to.
    pub provider: Uuid,
    /// `code`
    pub code: Option<&'a str>,
    /// `error`
    pub error: Option<&'a str>,
    /// `iss` (RFC 9207).
    pub iss: Option<&'a str>,
}

/// Why nobody is logged in. The texts are for the log; they hold no claim, code or token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The provider was deleted meanwhile.
    #[error("the authentication provider is gone")]
    Gone,
    /// The holder, or the provider, refused (`access_denied` and the like).
    #[error("the authentication provider answered with {0}")]
    Denied(&'static str),
    /// The provider cannot be reached, or says that it cannot serve now.
    #[error("the authentication provider is unavailable: {0}")]
    Unavailable(String),
    /// What the provider says cannot be believed, or it refused this issuer.
    #[error("the authentication provider's answer is not acceptable: {0}")]
    Unacceptable(String),
}
