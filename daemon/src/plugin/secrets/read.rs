//! Where a secret is kept.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::plugin::settings::SecretPlace;

/// Longest secret, in bytes: a mistaken path to a large file is noticed.
const LONGEST: usize = 64 << 10;

/// The value at a place.
pub(super) fn read(place: &SecretPlace) -> Result<Secret, String> {
    let value = match place {
        SecretPlace::File(path) => file(path)?,
        SecretPlace::Environment(name) => {
            variable(name).ok_or_else(|| format!("the environment variable {name} is not set"))?
        }
        SecretPlace::Credential(name) => file(&credential(name)?)?,
    };
    if value.is_empty() { Err("the value is empty".to_owned()) } else { Ok(Secret::new(value.to_vec())) }
}

fn credential(name: &str) -> Result<PathBuf, String> {
    let folder = variable("CREDENTIALS_DIRECTORY")
        .and_then(|folder| String::from_utf8(folder.to_vec()).ok())
        .ok_or("systemd gives this process no credentials: LoadCredential= is missing in the unit")?;
    // A name with a slash would leave the folder.
    if name.contains('/') || name == ".." {
        return Err("the name of a credential has no slash".to_owned());
    }
    Ok(Path::new(&folder).join(name))
}

#[expect(clippy::disallowed_methods, reason = "a secret may be kept in the environment, read when plugins are loaded")]
fn variable(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.into_bytes()))
}

fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    // All at once: a buffer that grows leaves copies behind that are not wiped.
    let mut value = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path).map_err(told)?.take(LONGEST as u64 + 1).read_to_end(&mut value).map_err(told)?;
    if value.len() > LONGEST {
        return Err(format!("{} is longer than {LONGEST} bytes", path.display()));
    }
    if value.last() == Some(&b'\n') {
        value.pop();
        if value.last() == Some(&b'\r') {
            value.pop();
        }
    }
    Ok(value)
}
