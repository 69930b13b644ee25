//! A disk that fails on demand and forgets like a real one when the power goes: what was written and not synced may be there
//! or not, sector by sector. As on Linux, what a failed sync did not write is read from the cache and never written again.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::open::Disk;

/// Disks write sectors whole.
const SECTOR: usize = 512;

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub(super) struct FaultyDisk(Arc<Shared>);

#[derive(Default)]
struct Shared {
    platter: Mutex<Platter>,
    released: Condvar,
}

#[derive(Default)]
struct Platter {
    /// What survives a power cut.
    durable: Vec<u8>,
    /// What reads see.
    cached: Vec<u8>,
    /// Written, not yet synced: offset and bytes.
    unsynced: Vec<(usize, Vec<u8>)>,
    /// Counts power cuts; a handle from before one is dead.
    power: u32,
    /// Reads, writes and syncs that fail from now on.
    broken: Broken,
    /// Writes and syncs until everything breaks.
    good_operations: Option<u32>,
    /// Bytes that find room; `None` for a disk that is never full.
    room: Option<usize>,
    /// How often it was opened.
    opened: u32,
    /// Syncs wait.
    held: bool,
    /// State of the dice.
    dice: u64,
}

/// What fails.
#[derive(Clone, Copy, Default)]
pub(super) struct Broken {
    pub(super) reads: bool,
    pub(super) writes: bool,
    pub(super) syncs: bool,
}

impl Platter {
    fn roll(&mut self) -> bool {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.dice >> 63 == 1
    }

    /// Each unsynced sector reaches the disk, or `by_chance` does or does not.
    fn write_back(&mut self, by_chance: bool) {
        let length = self.durable.len().max(self.cached.len());
        self.durable.resize(length, 0);
        for (offset, bytes) in std::mem::take(&mut self.unsynced) {
            for (place, sector) in bytes.chunks(SECTOR).enumerate() {
                if !by_chance || self.roll() {
                    let start = offset + place * SECTOR;
                    self.durable[start..start + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }

    /// The cache shows the disk, with or without what was not synced.
    fn forget(&mut self) {
        self.write_back(true);
        self.cached.clone_from(&self.durable);
    }

    fn operate(&mut self, broken: bool) -> io::Result<()> {
        let worn_out = match &mut self.good_operations {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        if broken || worn_out { Err(io::Error::other("the disk is broken")) } else { Ok(()) }
    }
}

impl FaultyDisk {
    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.platter.lock().unwrap()
    }

    /// Breaks or repairs the disk.
    pub(super) fn set(&self, broken: Broken) {
        let mut platter = self.platter();
        platter.broken = broken;
        platter.good_operations = None;
    }

    /// Lets so many more writes and syncs work.
    pub(super) fn break_after(&self, operations: u32) {
        self.platter().good_operations = Some(operations);
    }

    /// Leaves so many bytes beyond those that it holds; `None` for any number.
    pub(super) fn leave_room(&self, bytes: Option<usize>) {
        let mut platter = self.platter();
        platter.room = bytes.map(|bytes| platter.cached.len() + bytes);
    }

    /// How often it was opened.
    pub(super) fn opened(&self) -> u32 {
        self.platter().opened
    }

    /// Cuts the power and restores it; the dice follow `seed`.
    pub(super) fn cut_power(&self, seed: u64) {
        let mut platter = self.platter();
        platter.dice = seed;
        platter.forget();
        platter.power += 1;
        platter.broken = Broken::default();
        platter.good_operations = None;
    }

    /// Makes syncs wait, or lets them go on.
    pub(super) fn hold_syncs(&self, hold: bool) {
        self.platter().held = hold;
        self.0.released.notify_all();
    }
}

impl Disk for FaultyDisk {
    fn place(&self) -> String {
        "the faulty disk".into()
    }

    fn open(&self, builder: &mut Builder) -> Result<Database, DatabaseError> {
        // No cache: each read asks the disk.
        builder.set_cache_size(0);
        let mut platter = self.platter();
        platter.opened += 1;
        let power = platter.power;
        drop(platter);
        builder.create_with_backend(Handle { disk: self.clone(), power })
    }

    fn distrust_cache(&self) {
        self.platter().forget();
    }
}

struct Handle {
    disk: FaultyDisk,
    power: u32,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle")
    }
}

impl Handle {
    fn platter(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let platter = self.disk.platter();
        if platter.power == self.power { Ok(platter) } else { Err(io::Error::other("the power was cut")) }
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter()?.cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.platter()?;
        let start = usize::try_from(offset).unwrap();
        let bytes = platter.cached.get(start..start + out.len()).filter(|_| !platter.broken.reads);
        out.copy_from_slice(bytes.ok_or_else(|| io::Error::other("cannot read"))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.platter()?;
        let (broken, len) = (platter.broken.writes, usize::try_from(len).unwrap());
        let full = platter.room.is_some_and(|room| len > room.max(platter.cached.len()));
        platter.operate(broken || full)?;
        platter.cached.resize(len, 0);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.platter()?;
        let broken = platter.broken.writes;
        platter.operate(broken)?;
        let start = usize::try_from(offset).unwrap();
        platter.cached[start..start + data.len()].copy_from_slice(data);
        platter.unsynced.push((start, data.to_vec()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let platter = self.platter()?;
        let mut platter = self.disk.0.released.wait_while(platter, |platter| platter.held).unwrap();
        let broken = platter.broken.syncs;
        let result = platter.operate(broken);
        platter.write_back(result.is_err());
        result
    }
}
