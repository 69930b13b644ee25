//! A browser arrives with an authorization request.

use super::parties::Wallet;
use super::push::{PREFIX, Pushed};
use super::redirect::{RedirectProblem, with_answer};
use super::request::{AuthorizationRequest, Parameters};
use super::session::{Interaction, Stage};
use super::{INTERACTION_LIFETIME, Interactions};
use crate::base::clock::after;
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::store::pushed::PushedKey;

/// Why a person sees a page instead of being sent back: there is no place that is safe to send them to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsafe {
    /// A parameter is missing, is repeated or cannot be read.
    Malformed,
    /// The request URI is unknown, used, too old, or another client's.
    UnknownRequest,
    /// The request was not pushed, and must be.
    NotPushed,
    /// The client is unknown, or must prove who it is.
    UnknownClient,
    /// There is no authorization code flow here.
    Disabled,
    /// Its signed request object cannot be believed.
    RequestObject,
    /// The redirect URI is not one that this client may use.
    Redirect(RedirectProblem),
}

/// What becomes of an arrival.
pub enum Opening {
    /// A page says why not.
    Refused(Unsafe),
    /// The browser goes back to the wallet with an error.
    Answer(String),
    /// An interaction began.
    Begun {
        /// Its id.
        id: String,
        /// What binds it to the browser.
        browser: String,
    },
}

impl Interactions {
    /// Opens a request: one that was pushed, or one that stands in the parameters if that is allowed. Of a pushed one all parameters
    /// are those that were pushed (RFC 9126 4).
    pub async fn open(&self, parameters: &Parameters) -> Result<Opening, Failure> {
        if !self.site.code_flow.enabled {
            return Ok(Opening::Refused(Unsafe::Disabled));
        }
        let Some(client_id) = parameters.get("client_id") else { return Ok(Opening::Refused(Unsafe::Malformed)) };
        match parameters.get("request_uri") {
            Some(uri) => self.open_pushed(client_id, uri).await,
            None if self.rules.require_pushed => Ok(Opening::Refused(Unsafe::NotPushed)),
            None => self.open_plain(client_id, parameters).await,
        }
    }

    /// What is not a reference of ours is never fetched, only not found.
    async fn open_pushed(&self, client_id: &str, uri: &str) -> Result<Opening, Failure> {
        let Some(reference) = uri.strip_prefix(PREFIX) else { return Ok(Opening::Refused(Unsafe::UnknownRequest)) };
        match self.store.pushed_find::<Pushed>(reference).await? {
            Some((key, pushed)) if pushed.wallet.id == client_id => {
                self.begin(pushed.wallet, pushed.request, Some(key)).await
            }
            _ => Ok(Opening::Refused(Unsafe::UnknownRequest)),
        }
    }

    async fn open_plain(&self, client_id: &str, sent: &Parameters) -> Result<Opening, Failure> {
        let Some(wallet) = self.wallets.find(client_id).await? else {
            return Ok(Opening::Refused(Unsafe::UnknownClient));
        };
        // Until a request object is believed, nothing that came with it says where an answer may go.
        let Ok(object) = self.object(sent) else { return Ok(Opening::Refused(Unsafe::RequestObject)) };
        let signed = match object {
            None => None,
            Some(object) => match self.wallets.signed(client_id, object).await? {
                Ok(signed) => Some(signed),
                Err(_) => return Ok(Opening::Refused(Unsafe::RequestObject)),
            },
        };
        let parameters = signed.as_ref().unwrap_or(sent);
        let Some(uri) = parameters.get("redirect_uri") else { return Ok(Opening::Refused(Unsafe::Malformed)) };
        if let Err(problem) = self.rules.redirects.check(wallet.redirect_uris.as_deref(), uri) {
            return Ok(Opening::Refused(Unsafe::Redirect(problem)));
        }
        match self.read(&wallet, parameters).await? {
            Ok(request) => self.begin(wallet, request, None).await,
            // Nobody has been asked anything yet, so the browser follows to where somebody is known (RFC 9700 4.11.2).
            Err(_) if !wallet.is_known() => Ok(Opening::Refused(Unsafe::Malformed)),
            Err(error) => {
                let state = parameters.get("state").map(String::as_str);
                Ok(Opening::Answer(self.error(uri, state, error.code.name(), Some(&error.why))))
            }
        }
    }

    async fn begin(
        &self,
        wallet: Wallet,
        mut request: AuthorizationRequest,
        pushed: Option<PushedKey>,
    ) -> Result<Opening, Failure> {
        if request.is_silent() && !wallet.is_known() {
            // Whoever it is does not get to send browsers away unasked: the person is asked as ever.
            request.prompt = None;
        }
        if request.is_silent() {
            // There is no session in which nobody would have to be asked.
            let (uri, state) = (&request.redirect_uri, request.state.as_deref());
            return Ok(Opening::Answer(self.error(uri, state, "login_required", None)));
        }
        let (id, browser) = (self.secret::<16>()?, self.secret::<16>()?);
        let interaction = Interaction {
            configurations: request.configurations.clone(),
            request,
            wallet,
            pushed,
            browser: sha256(browser.as_bytes()),
            form_token: self.secret::<16>()?,
            stage: Stage::Login(None),
            identity: None,
            user: None,
            added: serde_json::Map::new(),
            holder: None,
        };
        let ends = after(self.clock.now(), INTERACTION_LIFETIME);
        self.store.interaction_begin(&id, &interaction, ends).await?;
        Ok(Opening::Begun { id, browser })
    }

    /// Where a browser goes with an error; `iss` is in every answer (RFC 9207).
    pub(super) fn error(&self, uri: &str, state: Option<&str>, error: &str, why: Option<&str>) -> String {
        let mut answer = vec![("error", error)];
        answer.extend(why.map(|why| ("error_description", why)));
        self.answer(uri, state, answer)
    }

    pub(super) fn answer<'a>(
        &'a self,
        uri: &str,
        state: Option<&'a str>,
        mut answer: Vec<(&'a str, &'a str)>,
    ) -> String {
        answer.extend(state.map(|state| ("state", state)));
        answer.push(("iss", &self.site.issuer));
        with_answer(uri, &answer)
    }
}
