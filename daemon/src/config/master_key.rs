//! The master key: 32 bytes, base64, from the environment, from a systemd credential or from a file of mode 0600.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::StoreSection;
use crate::base::files::sync_folder;
use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::Secret;

/// Environment variable that holds the key itself.
pub const VARIABLE: &str = "ISSUERD_MASTER_KEY";
/// Name of the systemd credential (`LoadCredential=master-key:…`).
const CREDENTIAL: &str = "master-key";
const LENGTH: usize = 32;

/// The master key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// It is nowhere to be found though a store exists that was sealed with it.
    #[error("{0} is missing, and without it the store cannot be read: restore it from your backup, or set {VARIABLE}")]
    Missing(String),
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// Other users may read it.
    #[error("{0} can be read by others: chmod 600 it, and consider the key known to them")]
    Exposed(String),
    /// It is not 32 bytes of base64.
    #[error("{0} does not hold 32 bytes in base64")]
    Malformed(String),
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Where the key is: the first place that has one, or the file that would be made.
enum Place {
    Variable(Zeroizing<String>),
    Credential(PathBuf),
    File(PathBuf),
}

impl Place {
    fn of(store: &StoreSection) -> Self {
        if let Some(text) = variable(VARIABLE) {
            return Self::Variable(Zeroizing::new(text));
        }
        let credential = variable("CREDENTIALS_DIRECTORY").map(|directory| Path::new(&directory).join(CREDENTIAL));
        match credential.filter(|path| path.exists()) {
            Some(path) => Self::Credential(path),
            None => Self::File(store.master_key_path()),
        }
    }
}

/// Where the key is, for the person who is to back it up.
#[must_use]
pub fn place(store: &StoreSection) -> String {
    match Place::of(store) {
        Place::Variable(_) => format!("environment variable {VARIABLE}"),
        Place::Credential(path) | Place::File(path) => path.display().to_string(),
    }
}

/// The master key. Makes a key file when there is neither a key nor a store yet.
pub fn obtain(store: &StoreSection, random: &dyn Random) -> Result<Secret, MasterKeyError> {
    let path = match Place::of(store) {
        Place::Variable(text) => return decode(VARIABLE, &text),
        Place::Credential(path) => return read(&path),
        Place::File(path) if path.exists() => return read_private(&path),
        Place::File(path) => path,
    };
    if store.data_path().exists() {
        return Err(MasterKeyError::Missing(path.display().to_string()));
    }
    make(&path, random)
}

#[expect(clippy::disallowed_methods, reason = "configuration is the one module that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn read_private(path: &Path) -> Result<Secret, MasterKeyError> {
    let mode = fs::metadata(path).map_err(|error| file(path, error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed(path.display().to_string()));
    }
    read(path)
}

fn read(path: &Path) -> Result<Secret, MasterKeyError> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| file(path, error))?);
    decode(&path.display().to_string(), &text)
}

fn decode(place: &str, text: &str) -> Result<Secret, MasterKeyError> {
    match STANDARD.decode(text.trim()) {
        Ok(key) if key.len() == LENGTH => Ok(Secret::new(key)),
        _ => Err(MasterKeyError::Malformed(place.to_owned())),
    }
}

fn make(path: &Path, random: &dyn Random) -> Result<Secret, MasterKeyError> {
    let key = bytes::<LENGTH>(random)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key)));
    let mut created = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| file(path, error))?;
    created.write_all(text.as_bytes()).and_then(|()| created.sync_all()).map_err(|error| file(path, error))?;
    // The directory entry must be durable too: a store that is sealed with a lost key is lost.
    sync_folder(path).map_err(|error| file(path, error))?;
    Ok(Secret::new(key.to_vec()))
}

fn file(path: &Path, error: std::io::Error) -> MasterKeyError {
    MasterKeyError::File(path.display().to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;

    fn section(directory: &Path) -> StoreSection {
        StoreSection { data_dir: directory.display().to_string(), master_key_file: String::new() }
    }

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let random = SystemRandom::default();
        let made = obtain(&section(directory.path()), &random).unwrap();
        assert_eq!(made, obtain(&section(directory.path()), &random).unwrap());
    }

    #[test]
    fn a_lost_key_beside_a_store_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("issuerd.redb"), b"").unwrap();
        let lost = obtain(&section(directory.path()), &SystemRandom::default());
        assert!(matches!(lost, Err(MasterKeyError::Missing(_))), "{lost:?}");
    }

    #[test]
    fn an_exposed_or_malformed_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let random = SystemRandom::default();
        obtain(&section(directory.path()), &random).unwrap();
        let path = directory.path().join("master.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(obtain(&section(directory.path()), &random), Err(MasterKeyError::Exposed(_))));
        fs::write(&path, "c2hvcnQ=").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(obtain(&section(directory.path()), &random), Err(MasterKeyError::Malformed(_))));
    }
}
