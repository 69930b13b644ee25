//! Opening the database: one process at a time, a schema we know, versions that were never given out.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};

use super::entry::{ENTRIES, EXPIRIES, META, fault};
use super::mark::Mark;
use super::reader::Snapshot;
use crate::base::files::sync_folder;
use crate::store::engine::{EngineError, Version};

/// The form of the stored data, counted up when an older issuerd could no longer read it.
const SCHEMA: u64 = 1;

/// redb's cache of pages, read and written ones together, in bytes. The pages that a busy issuer touches again are few (the
/// newest offers and the upper levels of the tree); the rest is in the page cache of the system.
const CACHE: usize = 24 * 1024 * 1024;

/// What a probe writes: small values that take a page each, and some as large as the largest of an offer, which need a place in one
/// piece; 2.5 MiB together.
const PROBE: TableDefinition<'static, u32, &'static [u8]> = TableDefinition::new("probe");
const PROBE_PAGES: usize = 128;
const PROBE_PAGE: usize = 3_500;
const PROBE_LARGES: usize = 8;
const PROBE_LARGE: usize = 140_000;

/// How many versions are set aside at a time. They are given out from memory and a restart skips what is left, so that no
/// commit has to write the counter.
const VERSIONS_RESERVED: u64 = 1 << 20;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("another issuerd is using {0}")]
    InUse(String),
    /// It was written by an issuerd with another form of data.
    #[error("{place} has schema version {found}, this issuerd reads version {SCHEMA}")]
    Schema {
        /// The file.
        place: String,
        /// Its schema version.
        found: u64,
    },
    /// It is a database of something else.
    #[error("{0} is not a store of issuerd")]
    Foreign(String),
    /// It could not be read or written.
    #[error("{place} cannot be opened: {detail}")]
    Failed {
        /// The file.
        place: String,
        /// What went wrong.
        detail: String,
    },
}

/// Where the database is kept; opened again after a failure.
pub(super) trait Disk: Send + 'static {
    /// Its name, for messages.
    fn place(&self) -> String;

    /// Opens the database, made if there is none. `builder` carries the settings of all disks.
    fn open(&self, builder: &mut redb::Builder) -> Result<Database, DatabaseError>;

    /// After a failure: forgets what was read or written without reaching the disk, so that opening sees the disk itself.
    fn distrust_cache(&self);
}

/// A file that only its owner may read.
pub(super) struct DataFile(pub(super) PathBuf);

impl Disk for DataFile {
    fn place(&self) -> String {
        self.0.display().to_string()
    }

    fn open(&self, builder: &mut redb::Builder) -> Result<Database, DatabaseError> {
        let new = !self.0.exists();
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.0)?;
        let database = builder.create_with_backend(FileBackend::new(file)?)?;
        if new {
            sync_folder(&self.0)?;
        }
        Ok(database)
    }

    fn distrust_cache(&self) {
        // After a failed sync Linux takes the pages that it could not write for clean: they can be read, and will never be
        // written. Clean pages can be dropped. Where that fails, opening fails as well and is tried again.
        if let Ok(file) = std::fs::File::open(&self.0) {
            let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        }
    }
}

/// The versions that may be given out.
pub(super) struct Versions {
    next: Version,
    /// The durable bound: a restart goes on here.
    reserved: Version,
}

impl Versions {
    /// One that no entry ever had.
    pub(super) fn take(&mut self) -> Version {
        let version = self.next;
        self.next += 1;
        version
    }

    /// Moves the durable bound, as part of `transaction`, when a version beyond it was taken.
    pub(super) fn keep(&mut self, transaction: &WriteTransaction) -> Result<(), EngineError> {
        if self.next > self.reserved {
            self.reserved = self.next + VERSIONS_RESERVED;
            transaction.open_table(META).map_err(fault)?.insert("versions", self.reserved).map_err(fault)?;
        }
        Ok(())
    }
}

/// An open database.
pub(super) struct Opened {
    /// The database; dropped, it records what makes the next start immediate.
    pub(super) database: Database,
    /// Versions for its writes.
    pub(super) versions: Versions,
    /// How far time had come.
    pub(super) mark: Mark,
}

impl Opened {
    /// Opens and checks the database on `disk`.
    pub(super) fn open(disk: &dyn Disk) -> Result<Self, OpenError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let place = disk.place();
        builder.set_repair_callback(move |repair| {
            tracing::info!(place, progress = repair.progress(), "the store was not closed in order, and is checked");
        });
        let database = disk.open(&mut builder).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(disk.place()),
            other => failed(disk, &fault(other)),
        })?;
        let (versions, mark) = prepare(&database, disk)?;
        Ok(Self { database, versions, mark })
    }

    /// Writes and removes as much as a busy moment writes. After a failure this tells whether there is room to go on: a small write may
    /// find a place in the file where a larger one fails on a full disk.
    pub(super) fn probe(&self) -> Result<(), EngineError> {
        let transaction = self.database.begin_write().map_err(fault)?;
        let mut table = transaction.open_table(PROBE).map_err(fault)?;
        let pages = std::iter::repeat_n(PROBE_PAGE, PROBE_PAGES).chain(std::iter::repeat_n(PROBE_LARGE, PROBE_LARGES));
        for (number, length) in (0..).zip(pages) {
            table.insert(number, vec![0; length].as_slice()).map_err(fault)?;
        }
        drop(table);
        transaction.commit().map_err(fault)?;
        let transaction = self.database.begin_write().map_err(fault)?;
        transaction.delete_table(PROBE).map_err(fault)?;
        transaction.commit().map_err(fault)
    }

    /// What has been committed until now.
    pub(super) fn snapshot(&self) -> Result<Snapshot, EngineError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        Ok(Snapshot::new(transaction.open_table(ENTRIES).map_err(fault)?))
    }
}

pub(super) fn failed(disk: &dyn Disk, error: &EngineError) -> OpenError {
    OpenError::Failed { place: disk.place(), detail: error.to_string() }
}

fn prepare(database: &Database, disk: &dyn Disk) -> Result<(Versions, Mark), OpenError> {
    let failed = |error| failed(disk, &error);
    let mut transaction = database.begin_write().map_err(fault).map_err(failed)?;
    transaction.set_quick_repair(true);
    let empty = transaction.list_tables().map_err(fault).map_err(failed)?.next().is_none();
    match schema(&transaction, empty).map_err(failed)? {
        Some(SCHEMA) => {}
        Some(found) => return Err(OpenError::Schema { place: disk.place(), found }),
        None => return Err(OpenError::Foreign(disk.place())),
    }
    let versions = reserve(&transaction).map_err(failed)?;
    let mark = Mark::read(&transaction).map_err(failed)?;
    // A probe that was cut off.
    transaction.delete_table(PROBE).map_err(fault).map_err(failed)?;
    transaction.commit().map_err(fault).map_err(failed)?;
    Ok((versions, mark))
}

/// The schema version; an empty database gets ours, one of something else has none.
fn schema(transaction: &WriteTransaction, empty: bool) -> Result<Option<u64>, EngineError> {
    if !empty && !transaction.list_tables().map_err(fault)?.any(|table| redb::TableHandle::name(&table) == "meta") {
        return Ok(None);
    }
    let mut meta = transaction.open_table(META).map_err(fault)?;
    if empty {
        meta.insert("schema", SCHEMA).map_err(fault)?;
    }
    let found = meta.get("schema").map_err(fault)?;
    Ok(found.map(|version| version.value()))
}

fn reserve(transaction: &WriteTransaction) -> Result<Versions, EngineError> {
    transaction.open_table(ENTRIES).map_err(fault)?;
    transaction.open_table(EXPIRIES).map_err(fault)?;
    let mut meta = transaction.open_table(META).map_err(fault)?;
    let next = meta.get("versions").map_err(fault)?.map_or(1, |reserved| reserved.value());
    let reserved = next + VERSIONS_RESERVED;
    meta.insert("versions", reserved).map_err(fault)?;
    Ok(Versions { next, reserved })
}
