//! One call of a plugin: a fresh instance, ended at its limits, and what its ending is called.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{PoolConcurrencyLimitError, Store, StoreContextMut, UpdateDeadline, bail};

use super::CallFigures;
use super::answer::{Answer, Ask, Judged};
use super::contract::auth_hook::exports::issuer::plugin::auth;
use super::contract::claim_source::exports::issuer::plugin::{claims, lifecycle};
use super::engine::TICK;
use super::grants::Granted;
use super::room::{Ending, Outside, Room, Stage};
use super::settings::Limits;
use super::wasi::CallState;
use crate::base::clock::Stopwatch;

/// Bytes that a guest may hand over at once, at least.
const HANDED_OVER: usize = 2 << 20;
/// Bytes of a report's texts.
const LONGEST_ERROR: usize = 8 << 10;

/// The functions of a component that is ready to run.
pub(super) struct Exports {
    pub(super) pre: InstancePre<CallState>,
    pub(super) lifecycle: lifecycle::GuestIndices,
    pub(super) claims: Option<claims::GuestIndices>,
    pub(super) auth: Option<auth::GuestIndices>,
}

/// What a call may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
    pub(super) memory: usize,
    pub(super) output: usize,
    /// Bytes that the guest may hand to the host at once.
    pub(super) handed_over: usize,
}

/// How a call went.
pub(crate) struct Report {
    /// One of [`super::OUTCOMES`].
    pub(crate) outcome: &'static str,
    /// What the plugin answered, when it may be used.
    pub(crate) answer: Option<Answer>,
    /// What it cost.
    pub(crate) figures: CallFigures,
    /// Why there is no answer; for the operator's log alone.
    pub(crate) error: Option<String>,
    /// What it wrote to stdout and stderr.
    pub(crate) output: String,
    /// What else it left.
    pub(super) ending: Ending,
}

impl Budget {
    pub(super) fn of(limits: &Limits) -> Self {
        let handed_over = limits.output.saturating_mul(2).max(limits.http_request.saturating_mul(2)).max(HANDED_OVER);
        Self { cpu: limits.cpu, wall: limits.wall, memory: limits.memory, output: limits.output, handed_over }
    }

    /// For the calls of a load, in which the code of a large plugin is read for the first time.
    pub(super) fn of_load(limits: &Limits) -> Self {
        let own = Self::of(limits);
        Self { cpu: own.cpu.max(Duration::from_secs(1)), wall: own.wall.max(Duration::from_secs(5)), ..own }
    }

    fn ticks(&self) -> u64 {
        u64::try_from(self.cpu.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX)
    }
}

/// Who is called, and where it stands.
pub(super) struct Caller<'a> {
    pub(super) exports: &'a Exports,
    pub(super) granted: &'a Arc<Granted>,
    pub(super) outside: Arc<dyn Outside>,
    pub(super) budget: Budget,
    pub(super) recording: bool,
}

impl Caller<'_> {
    /// Makes one call. `request_id` goes into the log and upstream.
    pub(super) async fn call(&self, ask: Ask, request_id: &str) -> Report {
        let watch = Stopwatch::start();
        let end = Instant::now() + self.budget.wall;
        let mut store = self.store(stage(&ask, request_id, end));
        let answer = timeout_at(end, perform(self.exports, &mut store, ask)).await;
        let state = store.into_data();
        let figures = CallFigures { seconds: watch.seconds(), cpu_ticks: state.ticks, memory_bytes: state.bounds.used };
        let judged = match answer {
            Err(_) => Judged::failed("timeout", format!("it did not answer in {} ms", self.budget.wall.as_millis())),
            Ok(Err(error)) => Judged::failed(failure(&state, &error), format!("{error:?}")),
            Ok(Ok(answer)) => answer.judge(self.budget.output),
        };
        let masks = self.granted.masks();
        Report {
            outcome: judged.outcome,
            answer: judged.answer,
            figures,
            error: judged.error.map(|error| masks.beginning(error, LONGEST_ERROR)),
            output: masks.beginning(state.output(), LONGEST_ERROR),
            ending: state.room.ending(),
        }
    }

    fn store(&self, stage: Stage) -> Store<CallState> {
        let room = Room::new(self.granted.clone(), self.outside.clone(), stage);
        let room = if self.recording { room.recording() } else { room };
        let mut store = Store::new(self.exports.pre.engine(), CallState::new(room, self.budget.memory));
        store.limiter(|state| &mut state.bounds);
        store.set_hostcall_fuel(self.budget.handed_over);
        store.set_epoch_deadline(1);
        let most = self.budget.ticks();
        store.epoch_deadline_callback(move |context| tick(context, most));
        store
    }
}

/// What the guest may do in a call.
fn stage(ask: &Ask, request_id: &str, deadline: Instant) -> Stage {
    match ask {
        Ask::Describe => Stage::Describe,
        _ => Stage::Call { request_id: request_id.to_owned(), deadline },
    }
}

/// Looks at a guest that runs when time passes. A guest that waited for an answer is looked at once as well, which costs it nothing.
fn tick(mut context: StoreContextMut<'_, CallState>, most: u64) -> wasmtime::Result<UpdateDeadline> {
    let state = context.data_mut();
    state.ticks += 1;
    if state.ticks > most.saturating_add(state.room.used.requests.into()) {
        state.spent = true;
        bail!("its time on the processor is used up");
    }
    // The other tasks of this worker go on meanwhile, and a caller that gave up is noticed.
    Ok(UpdateDeadline::Yield(1))
}

async fn perform(exports: &Exports, store: &mut Store<CallState>, ask: Ask) -> wasmtime::Result<Answer> {
    let instance = exports.pre.instantiate_async(&mut *store).await?;
    match ask {
        Ask::Describe => Ok(Answer::Info(exports.lifecycle(store, &instance)?.call_describe(store).await?)),
        Ask::Check => Ok(Answer::Checked(exports.lifecycle(store, &instance)?.call_check(store).await?)),
        Ask::Fetch(context) => Ok(Answer::Claims(exports.claims(store, &instance)?.call_fetch(store, &context).await?)),
        Ask::Resume(context, state) => {
            Ok(Answer::Claims(exports.claims(store, &instance)?.call_resume(store, &context, &state).await?))
        }
        Ask::Admit(context, phase) => {
            Ok(Answer::Gate(exports.auth(store, &instance)?.call_admit(store, &context, phase.name()).await?))
        }
        Ask::Authorize(context, step) => {
            Ok(Answer::Verdict(exports.auth(store, &instance)?.call_authorize(store, &context, &step).await?))
        }
    }
}

impl Exports {
    fn lifecycle(&self, store: &mut Store<CallState>, instance: &Instance) -> wasmtime::Result<lifecycle::Guest> {
        self.lifecycle.load(store, instance)
    }

    fn claims(&self, store: &mut Store<CallState>, instance: &Instance) -> wasmtime::Result<claims::Guest> {
        let Some(claims) = &self.claims else { bail!("it is not a claim source") };
        claims.load(store, instance)
    }

    fn auth(&self, store: &mut Store<CallState>, instance: &Instance) -> wasmtime::Result<auth::Guest> {
        let Some(auth) = &self.auth else { bail!("it is not an auth hook") };
        auth.load(store, instance)
    }
}

/// What the ending of a guest is called that gave no answer.
fn failure(state: &CallState, error: &wasmtime::Error) -> &'static str {
    if state.spent {
        "cpu"
    } else if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        "unavailable"
    } else if state.bounds.refused {
        "memory"
    } else if error.chain().any(|cause| cause.to_string().contains(HANDED_OVER_TOO_MUCH)) {
        "oversize"
    } else {
        "trap"
    }
}

/// How wasmtime says that a guest handed over more than it may; the type is its own.
const HANDED_OVER_TOO_MUCH: &str = "fuel allocated for hostcalls";
