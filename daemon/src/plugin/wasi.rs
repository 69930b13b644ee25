//! What a guest stands in during one call: its room, WASI as an empty one, and the bounds on what it may take.

use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::engine::{MOST_INSTANCES, MOST_MEMORIES, MOST_TABLE_ELEMENTS, MOST_TABLES};
use super::room::Room;

/// Bytes of stdout and stderr that are kept of one call.
const MOST_OUTPUT: usize = 8 << 10;

/// The state of one call.
pub(super) struct CallState {
    pub(super) room: Room,
    pub(super) bounds: Bounds,
    /// Ticks that found the guest running.
    pub(super) ticks: u64,
    /// Whether it was ended because they were too many.
    pub(super) spent: bool,
    wasi: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
}

impl CallState {
    /// The state of a call that may take so many bytes of linear memory.
    pub(super) fn new(room: Room, memory: usize) -> Self {
        let output = MemoryOutputPipe::new(MOST_OUTPUT);
        // Real clocks and randomness; no files, environment, arguments, input or network.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output.clone()).stderr(output.clone());
        wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        Self {
            room,
            bounds: Bounds { most: memory, used: 0, refused: false },
            ticks: 0,
            spent: false,
            wasi: wasi.build(),
            table: ResourceTable::new(),
            output,
        }
    }

    /// What the guest wrote to stdout and stderr: where languages report exceptions.
    pub(super) fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.contents()).trim().to_owned()
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Bounds on memories, tables and instances.
#[derive(Debug)]
pub(super) struct Bounds {
    most: usize,
    /// Bytes of all linear memories; they never shrink.
    pub(super) used: usize,
    /// Whether the guest asked for more than it may have.
    pub(super) refused: bool,
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.used.saturating_add(desired.saturating_sub(current));
        if total > self.most {
            self.refused = true;
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= MOST_TABLE_ELEMENTS;
        self.refused |= !fits;
        Ok(fits)
    }

    fn instances(&self) -> usize {
        MOST_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        MOST_TABLES as usize
    }

    fn memories(&self) -> usize {
        MOST_MEMORIES as usize
    }
}
