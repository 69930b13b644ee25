//! `[secret.NAME]`: where a secret is kept, and where it may be sent.

use std::path::PathBuf;

use super::grant::origin;
use crate::config::table::Reader;
use crate::plugin::settings::{SecretPlace, SecretSettings};

pub(super) fn read(_name: &str, mut reader: Reader<'_>) -> SecretSettings {
    let from = reader.required("from", "`file:PATH`, `env:VARIABLE` or `credential:NAME`");
    let place = if from.is_empty() { Err(String::new()) } else { place(&from) };
    if let Err(wrong) = place.as_ref().map(drop).map_err(String::as_str)
        && !wrong.is_empty()
    {
        reader.mistake("from", wrong);
    }
    let origins = reader.parsed_list("origins", origin).unwrap_or_default();
    reader.finish();
    SecretSettings { from: place.unwrap_or_else(|_| SecretPlace::File(PathBuf::new())), origins }
}

/// The daemon's own secrets are none that a plugin could be given.
fn place(from: &str) -> Result<SecretPlace, String> {
    match from.split_once(':') {
        Some(("file", path)) if !path.is_empty() => Ok(SecretPlace::File(path.into())),
        Some(("env", name)) if name.starts_with("ISSUERD_") => Err("must not name a variable of the daemon's".into()),
        Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => {
            Ok(SecretPlace::Environment(name.to_owned()))
        }
        Some(("credential", "master-key")) => Err("must not name the daemon's master key".into()),
        Some(("credential", name)) if !name.is_empty() && !name.contains(['/', '\0']) && !name.starts_with('.') => {
            Ok(SecretPlace::Credential(name.to_owned()))
        }
        _ => Err("must be `file:PATH`, `env:VARIABLE` or `credential:NAME`".into()),
    }
}
