//! The steps of a person: login, auth hooks, the operator's page, consent.

use std::time::Duration;

use uuid::Uuid;

use super::Interactions;
use super::parties::{PageAnswer, Wallet};
use super::session::{LoginElsewhere, Session, Shown, Stage};
use crate::base::clock::after;
use crate::base::secret::same;
use crate::domain::Failure;
use crate::domain::caller::Caller;
use crate::domain::claims::Steps;
use crate::domain::context::{Known, text};
use crate::domain::hook::Admission;
use crate::domain::hook::authorize::{Halt, Next, Place as HookPlace, Visitor};
use crate::domain::interaction_hook::HookSession;
use crate::domain::login::{Identity, LoginAnswer, LoginError, LoginRequest};
use crate::plugin::contract::{self, Redirection, Step};

/// The page of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Who are you?
    Login,
    /// The form of an auth hook.
    Hook,
    /// Do you approve?
    Consent,
}

/// Where the browser goes next.
#[derive(Debug, PartialEq)]
pub enum Move {
    /// To a page of this interaction.
    To(Place),
    /// To a page of somebody else; it will come back.
    Leave(String),
    /// Back to the wallet; the interaction has ended.
    Answer(String),
    /// It sees why it cannot go on, and a way back to the wallet; the interaction has ended.
    Refused {
        /// In the words of an auth hook.
        message: String,
        /// Back to the wallet.
        location: String,
    },
    /// The interaction has ended before.
    Over,
}

/// How a person logs in.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// At an authentication provider.
    Provider(Uuid),
    /// As one of the test users.
    TestUser(&'a str),
}

impl Interactions {
    /// The page on which an interaction stands.
    #[must_use]
    pub fn place(session: &Session) -> Move {
        match &session.interaction.stage {
            Stage::Hook(_, Shown::Page { url, .. }) => Move::Leave(url.clone()),
            Stage::Hook(_, Shown::Form(_)) => Move::To(Place::Hook),
            Stage::Consent => Move::To(Place::Consent),
            // Who comes back from the operator's page without its answer logs in again.
            Stage::Login(_) | Stage::Visit => Move::To(Place::Login),
        }
    }

    /// Takes the choice of a login.
    pub async fn login(&self, session: Session, choice: Choice<'_>, caller: &Caller<'_>) -> Result<Move, Failure> {
        if !matches!(session.interaction.stage, Stage::Login(_) | Stage::Visit) {
            return Ok(Self::place(&session));
        }
        match choice {
            Choice::TestUser(subject) => match self.logins.test_user(subject) {
                None => Ok(Move::To(Place::Login)),
                Some(identity) => self.logged_in(session, identity, caller).await,
            },
            Choice::Provider(provider) => self.begin_login(session, provider, caller).await,
        }
    }

    async fn begin_login(&self, mut session: Session, provider: Uuid, caller: &Caller<'_>) -> Result<Move, Failure> {
        let choices = self.logins.providers(&session.interaction.configurations);
        if !choices.iter().any(|choice| choice.id == provider) {
            return Ok(Move::To(Place::Login));
        }
        let secret = self.secret::<16>()?;
        let state = format!("{}.{secret}", session.id);
        let asked = &session.interaction.request;
        let locales = if asked.ui_locales.is_empty() { caller.locales() } else { asked.ui_locales.clone() };
        let request = LoginRequest {
            state: &state,
            login_hint: asked.login_hint.as_deref(),
            prompt: asked.prompt.as_deref(),
            locales: &locales,
            parameters: &asked.others,
        };
        match self.logins.begin(provider, request).await? {
            Err(problem) => self.not_logged_in(session, problem).await,
            Ok(begun) => {
                session.interaction.stage =
                    Stage::Login(Some(LoginElsewhere { state: secret, pending: begun.pending }));
                self.saved(session, Move::Leave(begun.location)).await
            }
        }
    }

    /// The browser comes back from an authentication provider; `secret` is the second part of the state.
    pub async fn login_answered(
        &self,
        session: Session,
        secret: &str,
        answer: LoginAnswer<'_>,
        caller: &Caller<'_>,
    ) -> Result<Move, Failure> {
        let Stage::Login(Some(begun)) = &session.interaction.stage else { return Ok(Self::place(&session)) };
        if !same(begun.state.as_bytes(), secret.as_bytes()) {
            return Ok(Move::To(Place::Login));
        }
        let pending = begun.pending.clone();
        // The attempt is used up before its answer is looked at: whoever brings the same answer again finds none.
        let mut taken = session;
        taken.interaction.stage = Stage::Login(None);
        let Some(session) = self.kept(taken).await? else { return Ok(Move::Over) };
        match self.logins.finish(&pending, answer).await? {
            Err(problem) => self.not_logged_in(session, problem).await,
            Ok(identity) => self.logged_in(session, identity, caller).await,
        }
    }

    async fn not_logged_in(&self, session: Session, problem: LoginError) -> Result<Move, Failure> {
        tracing::warn!(error = %problem, "nobody is logged in");
        let error = match problem {
            LoginError::Denied(_) => "access_denied",
            LoginError::Unavailable(_) => "temporarily_unavailable",
            LoginError::Gone | LoginError::Unacceptable(_) => "server_error",
        };
        self.end_with(session, error, None).await
    }

    async fn logged_in(&self, mut session: Session, identity: Identity, caller: &Caller<'_>) -> Result<Move, Failure> {
        session.interaction.user = Some(self.logins.user(&identity).await?);
        session.interaction.holder = Some(holder(&identity));
        session.interaction.identity = Some(identity);
        self.pass_hooks(session, HookPlace::default(), Step::Start, caller).await
    }

    /// Takes the form of an auth hook; fields that it did not ask for are left out.
    pub async fn submitted(
        &self,
        session: Session,
        fields: Vec<(String, String)>,
        caller: &Caller<'_>,
    ) -> Result<Move, Failure> {
        let Stage::Hook(place, Shown::Form(form)) = &session.interaction.stage else {
            return Ok(Self::place(&session));
        };
        let asked = |name: &str| form.fields.iter().any(|field| field.name == name);
        let fields = fields.into_iter().filter(|(name, _)| asked(name)).collect();
        let place = place.clone();
        self.pass_hooks(session, place, Step::Submitted(fields), caller).await
    }

    /// The browser comes back from a page of an auth hook.
    pub async fn returned(
        &self,
        session: Session,
        token: &str,
        parameters: Vec<(String, String)>,
        caller: &Caller<'_>,
    ) -> Result<Move, Failure> {
        match &session.interaction.stage {
            Stage::Hook(place, Shown::Page { token: own, ends, .. }) if same(own.as_bytes(), token.as_bytes()) => {
                let (mut place, late) = (place.clone(), ends.is_some_and(|ends| ends <= self.clock.now()));
                if late {
                    // The page has no valid answer any more, so the hook begins again, with a fresh one.
                    place.begin_again();
                }
                let step = if late { Step::Start } else { Step::Returned(parameters) };
                self.pass_hooks(session, place, step, caller).await
            }
            _ => Ok(Self::place(&session)),
        }
    }

    async fn pass_hooks(
        &self,
        mut session: Session,
        mut place: HookPlace,
        step: Step,
        caller: &Caller<'_>,
    ) -> Result<Move, Failure> {
        let token = self.secret::<16>()?;
        let return_url = format!("{}?interaction={}&step={token}", self.site.url("/v1/oauth/hook/return"), session.id);
        let wallet = asking_wallet(&session.interaction.wallet);
        let visitor = Visitor { issuer: &self.site.issuer, caller, wallet: &wallet, return_url: &return_url };
        let mut admission = self.admission(&session).await?;
        let next = self.hooks.authorize(&visitor, &mut admission, &mut place, step).await;
        session.take(admission);
        match next {
            Err(halt) => self.halted(session, halt).await,
            Ok(Next::Passed) => self.visit(session).await,
            Ok(Next::Form(form)) => {
                session.interaction.stage = Stage::Hook(place, Shown::Form(form));
                self.saved(session, Move::To(Place::Hook)).await
            }
            Ok(Next::Redirect(Redirection { url, expires_in_seconds, .. })) => {
                let lifetime = Duration::from_secs(expires_in_seconds.into());
                let ends = (!lifetime.is_zero()).then(|| after(self.clock.now(), lifetime));
                session.interaction.stage = Stage::Hook(place, Shown::Page { url: url.clone(), token, ends });
                self.saved(session, Move::Leave(url)).await
            }
        }
    }

    /// What is known of the person before the next hook.
    async fn admission(&self, session: &Session) -> Result<Admission, Failure> {
        let interaction = &session.interaction;
        let persisted = match interaction.user {
            Some(user) => self.store.user_claims(user).await?,
            None => serde_json::Map::new(),
        };
        let mut claims = Steps { persisted, ..Steps::default() }.so_far();
        claims.extend(interaction.identity.iter().flat_map(|identity| identity.claims.clone()));
        claims.extend(interaction.added.clone());
        let configurations = interaction.configurations.iter().filter_map(|id| self.configurations.find(*id)).collect();
        let known = Known { claims, identity: interaction.holder.clone(), ..Known::default() };
        Ok(Admission { known, added: interaction.added.clone(), configurations })
    }

    async fn halted(&self, session: Session, halt: Halt) -> Result<Move, Failure> {
        match halt {
            Halt::Denied(message) => self.end_with(session, "access_denied", message).await,
            Halt::Unavailable => self.end_with(session, "temporarily_unavailable", None).await,
            Halt::Failed => self.end_with(session, "server_error", None).await,
        }
    }

    /// After the hooks: the operator's page, if there is one, else consent.
    async fn visit(&self, mut session: Session) -> Result<Move, Failure> {
        let interaction = &session.interaction;
        let Some(identity) = &interaction.identity else { return Ok(Move::To(Place::Login)) };
        let return_url = self.site.url("/v1/oauth/hook/callback");
        let visit = HookSession { id: &session.id, redirect_url: &return_url, claims: &identity.claims };
        let (stage, next) = match self.visits.begin(visit).await? {
            Some(location) => (Stage::Visit, Move::Leave(location)),
            None => (Stage::Consent, Move::To(Place::Consent)),
        };
        session.interaction.stage = stage;
        self.saved(session, next).await
    }

    /// The browser comes back from the operator's page, whose answer has been believed.
    pub async fn visited(&self, mut session: Session, answer: PageAnswer) -> Result<Move, Failure> {
        if !matches!(session.interaction.stage, Stage::Visit) {
            return Ok(Self::place(&session));
        }
        if let Some(identity) = session.interaction.identity.as_ref().filter(|_| !answer.persist.is_empty()) {
            self.logins.user(&Identity { persist: answer.persist, ..identity.clone() }).await?;
        }
        session.interaction.added.extend(answer.claims);
        session.interaction.stage = Stage::Consent;
        self.saved(session, Move::To(Place::Consent)).await
    }

    /// Saves a step that leads nowhere yet; `None` when another one was faster.
    async fn kept(&self, session: Session) -> Result<Option<Session>, Failure> {
        let Session { id, version, ends, interaction } = &session;
        if !self.store.interaction_save(id, *version, interaction, *ends).await? {
            return Ok(None);
        }
        let found = self.store.interaction_find::<super::Interaction>(id).await?;
        Ok(found.map(|kept| Session { version: kept.version, interaction: kept.record, ..session }))
    }

    /// Saves a step. When another one was faster, it is where that one led.
    async fn saved(&self, session: Session, next: Move) -> Result<Move, Failure> {
        let Session { id, version, ends, interaction } = &session;
        if self.store.interaction_save(id, *version, interaction, *ends).await? {
            return Ok(next);
        }
        match self.store.interaction_find::<super::Interaction>(id).await? {
            None => Ok(Move::Over),
            Some(kept) => Ok(Self::place(&Session { interaction: kept.record, ..session })),
        }
    }
}

impl Session {
    fn take(&mut self, admission: Admission) {
        self.interaction.configurations = admission.configurations.iter().map(|one| one.id).collect();
        self.interaction.added = admission.added;
        self.interaction.holder = admission.known.identity;
    }
}

/// The person, as plugins are told of them.
fn holder(identity: &Identity) -> contract::Identity {
    contract::Identity {
        subject: identity.subject.clone(),
        source: identity.issuer.clone(),
        acr: identity.acr.clone(),
        amr: identity.amr.clone(),
        authenticated_at: identity.authenticated_at.and_then(|at| u64::try_from(at.as_millisecond()).ok()),
        claims: text(&identity.claims),
    }
}

/// The wallet as auth hooks are told of it.
fn asking_wallet(wallet: &Wallet) -> contract::Wallet {
    contract::Wallet {
        client_id: Some(wallet.id.clone()),
        attested: wallet.attested,
        attester: wallet.attester.clone(),
    }
}
