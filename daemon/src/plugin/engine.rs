//! The machine that runs plugins: one compiler and one pool for all of them.

use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::contract::claim_source::ClaimSource;
use super::wasi::CallState;

/// How often a running guest is looked at.
pub(super) const TICK: Duration = Duration::from_millis(10);
/// Most linear memory that the operator may give an instance.
const MOST_MEMORY: usize = 256 << 20;
/// Elements of a table.
pub(super) const MOST_TABLE_ELEMENTS: usize = 20_000;
/// Memories of an instance.
pub(super) const MOST_MEMORIES: u32 = 2;
/// Tables of an instance.
pub(super) const MOST_TABLES: u32 = 32;
/// Core instances of a component.
pub(super) const MOST_INSTANCES: u32 = 64;
/// Memory that a slot of the pool keeps when it is idle: without it every call faults its pages in again, on all cores at once.
const KEPT: usize = 16 << 20;

/// The engine, and what every guest may import.
pub(super) struct Machine {
    pub(super) engine: Engine,
    pub(super) linker: Linker<CallState>,
}

impl Machine {
    /// A machine for `calls` at a time. Where address space is limited, instances are made one by one instead of taken from a pool,
    /// which is slower; the log says so.
    pub(super) fn new(calls: usize) -> Result<Self, String> {
        let engine = Engine::new(&pooled(calls)).or_else(|error| {
            tracing::warn!(error = %error, "no address space for a pool of instances: calls of plugins will be slower");
            Engine::new(&on_demand())
        });
        let engine = engine.map_err(|error| format!("the engine for plugins does not start: {error:#}"))?;
        let linker = linker(&engine).map_err(|error| format!("the engine for plugins does not start: {error:#}"))?;
        tick(engine.weak())?;
        Ok(Self { engine, linker })
    }
}

/// What both kinds have in common.
fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .async_stack_zeroing(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false);
    config
}

fn pooled(calls: usize) -> Config {
    // Twice as many as calls: a reload describes and checks beside them, and ended calls give their slot back a little later.
    let slots = u32::try_from(calls).unwrap_or(u32::MAX).clamp(1, 1024).saturating_mul(2);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_memories(slots)
        .total_core_instances(slots.saturating_mul(MOST_INSTANCES / 2))
        .total_tables(slots.saturating_mul(MOST_TABLES / 4))
        .max_core_instances_per_component(MOST_INSTANCES)
        .max_memories_per_component(MOST_MEMORIES)
        .max_tables_per_component(MOST_TABLES)
        .max_memory_size(MOST_MEMORY)
        .table_elements(MOST_TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEPT);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn on_demand() -> Config {
    let mut config = base();
    // Memories grow where they are needed, and every access is checked.
    config.memory_reservation(0).memory_reservation_for_growth(1 << 20).memory_guard_size(64 << 10);
    config
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    // The world `auth-hook` imports the same.
    ClaimSource::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| &mut state.room)?;
    Ok(linker)
}

/// Lets the time of running guests pass, until the engine is gone. A thread of its own, since guests may keep every worker busy.
fn tick(engine: EngineWeak) -> Result<(), String> {
    let thread = std::thread::Builder::new().name("plugin-ticker".to_owned());
    let started = thread.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            pause();
        }
    });
    started.map(drop).map_err(|error| format!("the ticker for plugins does not start: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "it makes the ticks that others wait for")]
fn pause() {
    std::thread::sleep(TICK);
}
