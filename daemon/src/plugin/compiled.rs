//! From a file to machine code: what is hashed is what is checked and what is compiled. Compiled code is kept in the data directory,
//! authenticated, since it is run as it is.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use rustix::fs::OFlags;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::HostParts;
use super::settings::PluginSettings;
use crate::base::random;
use crate::base::secret::{hmac, same, sha256};

/// Longest component, in bytes.
const LONGEST: u64 = 64 << 20;

/// A component that was read and checked.
pub(super) struct Source {
    bytes: Vec<u8>,
    /// SHA-256 of it.
    pub(super) digest: [u8; 32],
}

impl Source {
    /// Reads the file of a plugin once, and holds it against what the operator pinned.
    pub(super) fn read(settings: &PluginSettings) -> Result<Self, String> {
        let file = settings.file.display();
        let bytes = read(&settings.file, LONGEST).map_err(|error| format!("{file}: {error}"))?;
        let digest = sha256(&bytes);
        if settings.sha256.is_some_and(|pinned| pinned != digest) {
            return Err(format!("{file}: its SHA-256 is {}, which is not the one in `sha256`", hex(&digest)));
        }
        if let Some(key) = &settings.public_key {
            verify(&settings.file, &bytes, key)?;
        }
        Ok(Self { bytes, digest })
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let path = &itself(path)?;
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| match rustix::io::Errno::from_io_error(&error) {
        Some(rustix::io::Errno::LOOP) => io::Error::other("it became a symbolic link just now"),
        _ => error,
    })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if found.len() > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::Error::other("it grows")) } else { Ok(bytes) }
}

/// The file that a path names. A symbolic link may lead to another file below its own folder, as those of volumes that Kubernetes mounts
/// do: who can write there can as well exchange the file. A link that leads elsewhere would let others decide what is loaded.
fn itself(path: &Path) -> io::Result<PathBuf> {
    if !fs::symlink_metadata(path)?.is_symlink() {
        return Ok(path.to_owned());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, file) = (fs::canonicalize(folder)?, fs::canonicalize(path)?);
    if file.starts_with(&folder) {
        return Ok(file);
    }
    let where_to = file.display();
    Err(io::Error::other(format!(
        "it is a symbolic link that leads out of its folder, to {where_to}; name that file itself"
    )))
}

/// Checks the detached signature beside a file.
fn verify(path: &Path, bytes: &[u8], key: &[u8; 32]) -> Result<(), String> {
    let mut place = path.as_os_str().to_owned();
    place.push(".sig");
    let place = PathBuf::from(place);
    let stored = read(&place, 1024).map_err(|error| format!("{}: {error}", place.display()))?;
    let signature = if stored.len() == 64 { Some(stored) } else { STANDARD.decode(stored.trim_ascii()).ok() };
    let good = signature.is_some_and(|it| UnparsedPublicKey::new(&ED25519, key).verify(bytes, &it).is_ok());
    if good { Ok(()) } else { Err(format!("{}: not a signature of the file by `public_key`", place.display())) }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |number: u8| DIGITS.get(usize::from(number & 15)).copied();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).flatten().collect()
}

/// Where compiled code is kept.
pub(super) struct Shelf<'a> {
    folder: Option<&'a Path>,
    parts: &'a HostParts,
}

impl<'a> Shelf<'a> {
    /// The shelf in a folder; without one that belongs to this process alone, everything is compiled anew.
    pub(super) fn new(folder: &'a Path, parts: &'a HostParts) -> Self {
        if folder.as_os_str().is_empty() {
            return Self { folder: None, parts };
        }
        let usable = own(folder).map_err(|error| {
            tracing::warn!(folder = %folder.display(), %error, "compiled plugins are not kept");
        });
        Self { folder: usable.is_ok().then_some(folder), parts }
    }

    /// The machine code of a component, and whether it had to be compiled. Takes seconds for a large one.
    pub(super) fn component(&self, engine: &Engine, source: &Source) -> Result<(Component, bool), String> {
        let name = name(engine, source);
        if let Some(component) = self.folder.and_then(|folder| self.kept(engine, folder, &name)) {
            return Ok((component, false));
        }
        let component = Component::from_binary(engine, &source.bytes)
            .map_err(|error| format!("it is no component that this daemon can run: {error:#}"))?;
        if let Some(folder) = self.folder
            && let Err(error) = self.keep(&component, folder, &name)
        {
            tracing::warn!(folder = %folder.display(), %error, "a compiled plugin could not be kept");
        }
        Ok((component, true))
    }

    /// What was kept, when it is authentic.
    fn kept(&self, engine: &Engine, folder: &Path, name: &str) -> Option<Component> {
        let path = folder.join(format!("{name}.cwasm"));
        let code = fs::read(&path).ok()?;
        let mac = fs::read(folder.join(format!("{name}.mac"))).ok()?;
        if !same(&mac, &self.mac(name, &code)) {
            tracing::warn!(file = %path.display(), "a compiled plugin is not authentic, and is made anew");
            return None;
        }
        drop(code);
        deserialize(engine, &path)
            .map_err(|error| tracing::warn!(file = %path.display(), %error, "a compiled plugin is made anew"))
            .ok()
    }

    fn keep(&self, component: &Component, folder: &Path, name: &str) -> Result<(), String> {
        let code = component.serialize().map_err(|error| format!("{error:#}"))?;
        let mac = self.mac(name, &code);
        // The code first: a new code with an old MAC is made anew, and nothing else can come of an end between the two.
        self.put(folder, &format!("{name}.cwasm"), &code)?;
        self.put(folder, &format!("{name}.mac"), &mac)
    }

    /// Writes a new file and renames it: the old one may be mapped into this process.
    fn put(&self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
        let number = random::bytes::<8>(&*self.parts.random).map_err(|error| error.to_string())?;
        let temporary = folder.join(format!(".{name}.{}", hex(&number)));
        let written = create(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&temporary, folder.join(name)));
        written.map_err(|error| {
            let _nothing_there = fs::remove_file(&temporary);
            error.to_string()
        })
    }

    fn mac(&self, name: &str, code: &[u8]) -> [u8; 32] {
        hmac(self.parts.code_key.expose(), &[b"compiled plugin\0", name.as_bytes(), b"\0", code])
    }

    /// Removes what none of `digests` needs, and what a kill left half-written: nothing is being written now. Code that is still mapped
    /// stays in memory.
    pub(super) fn tidy(&self, digests: &BTreeSet<String>) {
        let Some(entries) = self.folder.and_then(|folder| fs::read_dir(folder).ok()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours = Path::new(&name).extension().is_some_and(|it| it == "cwasm" || it == "mac");
            let unused = ours && !name.split('-').next().is_some_and(|digest| digests.contains(digest));
            if unused || is_half_written(&name) {
                let _stays_until_the_next_start = fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether a file has the name of one that is being written; see `Shelf::put`.
fn is_half_written(name: &str) -> bool {
    name.starts_with('.') && (name.contains(".cwasm.") || name.contains(".mac."))
}

/// Names code by all that it depends on: the component, and this build of the engine on this processor.
fn name(engine: &Engine, source: &Source) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{}-{:016x}", hex(&source.digest), hasher.finish())
}

/// Makes sure that nobody else can write to a folder, and makes it when it is missing.
fn own(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o077 != 0 {
        return Err(io::Error::other("the folder must belong to the daemon, with mode 0700"));
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[expect(unsafe_code, reason = "compiled code can only be loaded as it is")]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the caller checked the MAC of this file, so this daemon made it from a component; the folder can be written by the
    // daemon's user alone, and files in it are replaced by renaming, never changed, so what was checked is what is mapped.
    unsafe { Component::deserialize_file(engine, path) }
}
