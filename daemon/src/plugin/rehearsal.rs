//! Calls a component outside of the daemon, with the limits that the daemon has: for replays and measurements.

mod bounds;

use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::case::Question;
use super::contract::auth_hook::{AuthHook, AuthHookPre};
use super::contract::claim_source::{ClaimSource, ClaimSourcePre};
use super::contract::{Gate, Outcome, PluginError, PluginInfo, Verdict};
use super::grants::Granted;
use super::room::{Ending, Outside, Room, Stage};
use super::{CallFigures, World, inspect};
use crate::base::clock::Stopwatch;
use bounds::Bounds;

/// Bytes of standard output and error that are kept: the tracebacks of other languages.
const OUTPUT: usize = 8 << 10;

/// What a plugin answered, its own errors included.
pub(super) enum Answer {
    Claims(Result<Outcome, PluginError>),
    Gate(Result<Gate, PluginError>),
    Verdict(Result<Verdict, PluginError>),
    Check(Result<(), Vec<String>>),
}

/// Why a call gave no answer: one of `plugin::OUTCOMES`, and a sentence.
pub(super) type Ended = (&'static str, String);

/// An engine with one component.
pub(super) struct Machine {
    engine: Engine,
    pre: Pre,
}

enum Pre {
    ClaimSource(ClaimSourcePre<State>),
    AuthHook(AuthHookPre<State>),
}

enum Instance {
    ClaimSource(ClaimSource),
    AuthHook(AuthHook),
}

/// What one call stands on.
struct State {
    room: Room,
    bounds: Bounds,
    wasi: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Machine {
    /// Compiles a component and checks that it fits the contract. The error is a sentence.
    pub(super) fn new(component: &[u8]) -> Result<Self, String> {
        let decoded = inspect::decode(component)?;
        let world = decoded.world.ok_or("the component exports neither claims nor auth of the contract")?;
        let told = |error: wasmtime::Error| format!("{error:#}");
        let engine = bounds::engine().map_err(told)?;
        let component = Component::new(&engine, component).map_err(told)?;
        let mut linker = Linker::new(&engine);
        // Both worlds have the same imports.
        ClaimSource::add_to_linker::<State, HasSelf<Room>>(&mut linker, |state| &mut state.room).map_err(told)?;
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(told)?;
        let pre = linker.instantiate_pre(&component).map_err(told)?;
        let pre = match world {
            World::ClaimSource => Pre::ClaimSource(ClaimSourcePre::new(pre).map_err(told)?),
            World::AuthHook => Pre::AuthHook(AuthHookPre::new(pre).map_err(told)?),
        };
        Ok(Self { engine, pre })
    }

    /// What the plugin says of itself.
    pub(super) async fn describe(
        &self,
        granted: Arc<Granted>,
        outside: Arc<dyn Outside>,
    ) -> Result<PluginInfo, String> {
        let mut store = self.store(Room::new(granted, outside, Stage::Describe));
        let described = async {
            let instance = self.instance(&mut store).await?;
            match instance {
                Instance::ClaimSource(plugin) => plugin.issuer_plugin_lifecycle().call_describe(&mut store).await,
                Instance::AuthHook(plugin) => plugin.issuer_plugin_lifecycle().call_describe(&mut store).await,
            }
        };
        described.await.map_err(|error| format!("describe failed: {error:#}"))
    }

    /// Asks the plugin, in a fresh instance.
    pub(super) async fn call(
        &self,
        granted: Arc<Granted>,
        outside: Arc<dyn Outside>,
        question: Question,
    ) -> (Result<Answer, Ended>, CallFigures, Ending) {
        let watch = Stopwatch::start();
        let wall = granted.limits().wall;
        let stage = Stage::Call { request_id: "case".to_owned(), deadline: bounds::deadline(wall) };
        let mut store = self.store(Room::new(granted, outside, stage).recording());
        let asked = tokio::time::timeout(wall, self.ask(&mut store, question)).await;
        let answer = match asked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(ended(&error, store.data())),
            Err(_) => Err(("timeout", format!("ended after {} ms", wall.as_millis()))),
        };
        let State { room, bounds, .. } = store.into_data();
        let figures =
            CallFigures { seconds: watch.seconds(), cpu_ticks: bounds.ticks(), memory_bytes: bounds.memory_peak() };
        (answer, figures, room.ending())
    }

    async fn ask(&self, store: &mut Store<State>, question: Question) -> wasmtime::Result<Answer> {
        let instance = self.instance(store).await?;
        let wrong = || wasmtime::Error::msg("the case asks for a function of the other world");
        Ok(match (instance, question) {
            (Instance::ClaimSource(plugin), Question::Fetch(context)) => {
                Answer::Claims(plugin.issuer_plugin_claims().call_fetch(store, &context).await?)
            }
            (Instance::ClaimSource(plugin), Question::Resume(context, state)) => {
                Answer::Claims(plugin.issuer_plugin_claims().call_resume(store, &context, &state).await?)
            }
            (Instance::AuthHook(plugin), Question::Admit(context, phase)) => {
                Answer::Gate(plugin.issuer_plugin_auth().call_admit(store, &context, &phase).await?)
            }
            (Instance::AuthHook(plugin), Question::Authorize(context, step)) => {
                Answer::Verdict(plugin.issuer_plugin_auth().call_authorize(store, &context, &step).await?)
            }
            (Instance::ClaimSource(plugin), Question::Check) => {
                Answer::Check(plugin.issuer_plugin_lifecycle().call_check(store).await?)
            }
            (Instance::AuthHook(plugin), Question::Check) => {
                Answer::Check(plugin.issuer_plugin_lifecycle().call_check(store).await?)
            }
            _ => return Err(wrong()),
        })
    }

    async fn instance(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        Ok(match &self.pre {
            Pre::ClaimSource(pre) => Instance::ClaimSource(pre.instantiate_async(store).await?),
            Pre::AuthHook(pre) => Instance::AuthHook(pre.instantiate_async(store).await?),
        })
    }

    fn store(&self, room: Room) -> Store<State> {
        let output = MemoryOutputPipe::new(OUTPUT);
        let wasi = WasiCtx::builder().stdout(output.clone()).stderr(output.clone()).build();
        let bounds = Bounds::new(room.granted.limits());
        let mut store = Store::new(&self.engine, State { room, bounds, wasi, table: ResourceTable::new(), output });
        store.limiter(|state| &mut state.bounds);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().bounds.tick());
        store
    }
}

/// Which limit ended a call, or that the plugin trapped.
fn ended(error: &wasmtime::Error, state: &State) -> Ended {
    let outcome = state.bounds.broken().unwrap_or("trap");
    let output = state.output.contents();
    let written = String::from_utf8_lossy(&output);
    (outcome, format!("{error:#}\n{written}").trim_end().to_owned())
}
