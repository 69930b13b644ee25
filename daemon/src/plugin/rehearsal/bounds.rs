//! The bounds of a call: time on the processor, memory.

use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{Config, Engine, ResourceLimiter, UpdateDeadline};

use crate::plugin::settings::Limits;

/// How often the engine looks at a running guest.
const TICK: Duration = Duration::from_millis(10);
/// Most elements of a table: plugins in JavaScript and Python have several thousand.
const TABLE: usize = 20_000;

/// An engine whose guests can be ended. Its ticker ends with it.
pub(super) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true).wasm_memory64(false).wasm_multi_memory(false).wasm_relaxed_simd(false);
    let engine = Engine::new(&config)?;
    let ticked = engine.weak();
    std::thread::Builder::new().name("ticker".to_owned()).spawn(move || {
        while let Some(engine) = ticked.upgrade() {
            engine.increment_epoch();
            drop(engine);
            pause();
        }
    })?;
    Ok(engine)
}

#[expect(clippy::disallowed_methods, reason = "the epoch is measured by waiting")]
fn pause() {
    std::thread::sleep(TICK);
}

/// When a call that begins now is ended.
pub(super) fn deadline(wall: Duration) -> Instant {
    Instant::now() + wall
}

/// What one call used up of its bounds.
pub(super) struct Bounds {
    ticks: u64,
    most_ticks: u64,
    memory: usize,
    most_memory: usize,
    broken: Option<&'static str>,
}

impl Bounds {
    pub(super) fn new(limits: &Limits) -> Self {
        let most_ticks = limits.cpu.as_millis().div_ceil(TICK.as_millis());
        Self {
            ticks: 0,
            most_ticks: u64::try_from(most_ticks).unwrap_or(u64::MAX),
            memory: 0,
            most_memory: limits.memory,
            broken: None,
        }
    }

    /// Counts a tick; the guest is ended when it had too many.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.ticks += 1;
        if self.ticks > self.most_ticks {
            self.broken = Some("cpu");
            return Err(wasmtime::Error::msg("its time on the processor is used up"));
        }
        Ok(UpdateDeadline::Yield(1))
    }

    pub(super) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Memories never shrink, so what is there at the end is the most.
    pub(super) fn memory_peak(&self) -> usize {
        self.memory
    }

    /// The limit that was hit, as one of `plugin::OUTCOMES`.
    pub(super) fn broken(&self) -> Option<&'static str> {
        self.broken
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let memory = self.memory.saturating_add(desired.saturating_sub(current));
        if memory > self.most_memory {
            self.broken = Some("memory");
            return Ok(false);
        }
        self.memory = memory;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE)
    }
}
