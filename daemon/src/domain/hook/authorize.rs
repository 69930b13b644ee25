//! Auth hooks with a browser present: one after the other talks to the person, by a form or by a page of its own, until each has let
//! them pass or one has not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Admission, AuthHookRule, Hooks, OnError, enrich};
use crate::domain::blocked::Blocked;
use crate::domain::caller::Caller;
use crate::domain::context::{Known, described, text};
use crate::domain::event::{Operation, start};
use crate::plugin::contract::{AuthContext, Denial, Form, Redirection, Step, Verdict, Wallet};
use crate::plugin::{CallError, Phase, PluginCalls};

/// Most steps of one person through all hooks: a hook that asks without end ends here.
const MOST_STEPS: u32 = 50;
/// Longest text of a hook that a person is shown, in characters.
const LONGEST_MESSAGE: usize = 500;

/// The person and the wallet that sent them.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// The Credential Issuer Identifier.
    pub issuer: &'a str,
    /// Their browser.
    pub caller: &'a Caller<'a>,
    /// The wallet.
    pub wallet: &'a Wallet,
    /// Where a page of a hook must send the browser back to.
    pub return_url: &'a str,
}

/// How far a person has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// How many hooks have been passed.
    passed: usize,
    /// The hook that waits for an answer. If the hooks have changed meanwhile, the person begins again.
    waits: Option<String>,
    /// What it left for itself.
    state: Option<String>,
    /// Calls so far.
    steps: u32,
}

/// What comes next.
pub enum Next {
    /// All hooks are passed.
    Passed,
    /// The person is shown a form.
    Form(Form),
    /// The browser is sent elsewhere.
    Redirect(Redirection),
}

/// Why a person cannot go on.
#[derive(Clone, PartialEq, Eq)]
pub enum Halt {
    /// A hook said no, with these words to the person.
    Denied(Option<String>),
    /// Later it may go on.
    Unavailable,
    /// A hook is faulty.
    Failed,
}

impl std::fmt::Debug for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Denied(_) => "Denied(…)",
            Self::Unavailable => "Unavailable",
            Self::Failed => "Failed",
        })
    }
}

impl From<CallError> for Halt {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotFound => Self::Denied(None),
            CallError::Unavailable { .. } => Self::Unavailable,
            CallError::Failed => Self::Failed,
        }
    }
}

impl Hooks {
    /// Goes on from `place` with what the person did, as far as it goes without them. What hooks add is laid over `admission`.
    pub async fn authorize(
        &self,
        visitor: &Visitor<'_>,
        admission: &mut Admission,
        place: &mut Place,
        step: Step,
    ) -> Result<Next, Halt> {
        let roster = self.roster.now();
        let rules: Vec<_> = roster.places.rules.iter().filter(|rule| rule.phases.contains(&Phase::Authorize)).collect();
        let mut step = place.resume(&rules, step);
        while let Some(rule) = rules.get(place.passed) {
            if admission.configurations.iter().any(|one| rule.concerns(one.credential_type())) {
                place.steps += 1;
                if place.steps > MOST_STEPS {
                    tracing::warn!(plugin = rule.plugin, "an auth hook asks a person without end");
                    return Err(Halt::Failed);
                }
                if let Some(next) = self.turn(&*roster.calls, rule, visitor, admission, place, step).await? {
                    return Ok(next);
                }
            }
            (place.passed, place.waits, place.state) = (place.passed + 1, None, None);
            step = Step::Start;
        }
        Ok(Next::Passed)
    }

    /// One call; `None` when the hook is passed.
    async fn turn(
        &self,
        calls: &dyn PluginCalls,
        rule: &AuthHookRule,
        visitor: &Visitor<'_>,
        admission: &mut Admission,
        place: &mut Place,
        step: Step,
    ) -> Result<Option<Next>, Halt> {
        let running = start(Arc::clone(&self.events), Operation::OpenidInteractionHook);
        let context = visitor.context(admission, place.state.take());
        let passed = match calls.authorize(&rule.plugin, context, step).await {
            Ok(Verdict::Deny(denial)) => return Err(denied(&rule.plugin, &denial)),
            Ok(Verdict::Challenge(form)) => {
                running.succeed();
                place.wait(rule, &form.state);
                return Ok(Some(Next::Form(form)));
            }
            Ok(Verdict::Redirect(redirection)) => {
                running.succeed();
                place.wait(rule, &redirection.state);
                return Ok(Some(Next::Redirect(redirection)));
            }
            Ok(Verdict::Abstain) => Ok(()),
            Ok(Verdict::Allow(enrichment)) => {
                enrich(calls, &rule.plugin, enrichment, admission).map_err(|_breach| Halt::Failed)
            }
            Err(error) => Err(Halt::from(error)),
        };
        match passed {
            Ok(()) => running.succeed(),
            Err(halt) if rule.on_error == OnError::Deny => return Err(halt),
            Err(_) => {}
        }
        if admission.configurations.is_empty() { Err(Halt::Denied(None)) } else { Ok(None) }
    }
}

impl Place {
    /// Asks the hook that waits as if the person had just come to it.
    pub fn begin_again(&mut self) {
        (self.waits, self.state) = (None, None);
    }

    fn wait(&mut self, rule: &AuthHookRule, state: &str) {
        self.waits = Some(rule.plugin.clone());
        self.state = Some(state.to_owned());
    }

    /// An answer is for the hook that asked; when another stands in its place, nobody has been asked yet.
    fn resume(&mut self, rules: &[&AuthHookRule], step: Step) -> Step {
        let waits = self.waits.take();
        let asked = rules.get(self.passed).map(|rule| rule.plugin.as_str());
        if waits.is_some() && waits.as_deref() == asked {
            return step;
        }
        if waits.is_some() {
            (self.passed, self.state) = (0, None);
        }
        Step::Start
    }
}

impl Visitor<'_> {
    fn context(&self, admission: &Admission, state: Option<String>) -> AuthContext {
        let Known { claims, identity, .. } = &admission.known;
        AuthContext {
            request_id: self.caller.request_id.to_owned(),
            credential_issuer: self.issuer.to_owned(),
            offer: None,
            wallet: self.wallet.clone(),
            identity: identity.clone(),
            claims: text(claims),
            configurations: admission.configurations.iter().map(|one| described(one)).collect(),
            holder_keys: Vec::new(),
            remote_address: self.caller.remote_address.map(|address| address.to_canonical().to_string()),
            user_agent: self.caller.user_agent.map(str::to_owned),
            locales: self.caller.locales(),
            return_url: Some(self.return_url.to_owned()),
            state,
            deadline: 0,
            extra: "{}".into(),
        }
    }
}

/// A page can show any text, so more of it reaches the person than an `error_description` could carry.
fn denied(plugin: &str, denial: &Denial) -> Halt {
    let _noted = Blocked::denied(plugin, denial);
    let shown = denial.user_message.as_deref().unwrap_or_default();
    let shown: String = shown.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    Halt::Denied((!shown.trim().is_empty()).then_some(shown))
}
