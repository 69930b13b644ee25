//! One interaction: its record, and who may go on with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Interactions;
use super::parties::Wallet;
use super::request::AuthorizationRequest;
use crate::base::secret::{same, sha256};
use crate::domain::Failure;
use crate::domain::hook::authorize;
use crate::domain::login::{Identity, PendingLogin};
use crate::plugin::contract::{self, Form};
use crate::store::engine::Version;
use crate::store::interaction::{Completes, Kept};
use crate::store::pushed::PushedKey;

/// What is kept of an interaction, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Interaction {
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// By whom.
    pub wallet: Wallet,
    /// The pushed request, which ends with the first interaction that does.
    pub pushed: Option<PushedKey>,
    /// SHA-256 of the cookie of the browser that it began in.
    pub browser: [u8; 32],
    /// What each form sends back: a page of another origin does not know it.
    pub form_token: String,
    /// How far it has come.
    pub stage: Stage,
    /// Who logged in.
    pub identity: Option<Identity>,
    /// The user that they are.
    pub user: Option<Uuid>,
    /// Claims of auth hooks and of the operator's page.
    pub added: Map<String, Value>,
    /// Who the holder is, as auth hooks have said.
    pub holder: Option<contract::Identity>,
    /// What can still be approved.
    pub configurations: Vec<Uuid>,
}

impl Interaction {
    /// What an approval uses up.
    pub(super) fn completes(&self) -> Completes {
        Completes { pushed: self.pushed, offer: self.request.offer.filter(|_| self.request.offer_once) }
    }
}

/// How far an interaction has come.
#[derive(Clone, Serialize, Deserialize)]
pub enum Stage {
    /// Nobody is logged in.
    Login(Option<LoginElsewhere>),
    /// An auth hook waits for the person.
    Hook(authorize::Place, Shown),
    /// The person is at the operator's page.
    Visit,
    /// The person is asked whether they approve.
    Consent,
}

/// A login on its way.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoginElsewhere {
    /// What comes back with the answer, beside the id.
    pub state: String,
    /// What the login has to know again.
    pub pending: PendingLogin,
}

/// What an auth hook shows.
#[derive(Clone, Serialize, Deserialize)]
pub enum Shown {
    /// A form.
    Form(Form),
    /// A page elsewhere.
    Page {
        /// Its URL.
        url: String,
        /// What comes back with the browser.
        token: String,
        /// Until when the hook takes an answer from there; `None` as long as the interaction lives.
        #[serde(default)]
        ends: Option<jiff::Timestamp>,
    },
}

/// An interaction as its browser sees it.
pub struct Session {
    pub(super) id: String,
    pub(super) version: Version,
    pub(super) ends: Option<jiff::Timestamp>,
    /// The record.
    pub interaction: Interaction,
}

impl Session {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a form is from a page of this interaction.
    #[must_use]
    pub fn sent(&self, form_token: Option<&str>) -> bool {
        form_token.is_some_and(|token| same(token.as_bytes(), self.interaction.form_token.as_bytes()))
    }
}

impl Interactions {
    /// The interaction `id`, for the browser that shows its cookie; `None` when there is none, it has ended, or it is another browser's.
    pub async fn session(&self, id: &str, browser: Option<&str>) -> Result<Option<Session>, Failure> {
        let Some(browser) = browser else { return Ok(None) };
        let Some(Kept { record, version, ends }) = self.store.interaction_find::<Interaction>(id).await? else {
            return Ok(None);
        };
        let own = same(&record.browser, &sha256(browser.as_bytes()));
        Ok(own.then(|| Session { id: id.to_owned(), version, ends, interaction: record }))
    }
}
