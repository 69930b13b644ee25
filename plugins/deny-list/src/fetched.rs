//! The part of the list that is fetched.

use issuerd_plugin::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{Config, List};

/// A fetched list with its age.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Milliseconds since 1970.
    at: u64,
    list: List,
}

/// The list, fetched again when it is too old. When that fails an old one serves, and without an old one nobody is let through.
pub(crate) fn list(config: &Config, url: &str) -> Result<List> {
    let now = clock::now();
    let kept: Option<Kept> = cache::get_json(url);
    let age = |kept: &Kept| now.saturating_sub(kept.at) / 1000;
    if let Some(kept) = &kept
        && age(kept) < u64::from(config.refresh_seconds)
    {
        return Ok(kept.list.clone());
    }
    match fetch(config, url) {
        Ok(list) => {
            keep(config, url, &Kept { at: now, list: list.clone() });
            Ok(list)
        }
        Err(error) => match kept.filter(|kept| age(kept) < u64::from(config.stale_seconds)) {
            Some(old) => {
                issuerd_plugin::warning!("the list of {} s ago is used: {error}", age(&old));
                Ok(old.list)
            }
            None => Err(error),
        },
    }
}

fn fetch(config: &Config, url: &str) -> Result<List> {
    let mut request = http::get(url).header("accept", "application/json");
    if let Some(secret) = &config.secret {
        request = request.bearer_secret(secret);
    }
    let answer = request.send()?;
    if answer.status() != 200 {
        return Err(Error::unavailable(format!("the list's server answered {}", answer.status())));
    }
    answer.json().map_err(|_| Error::unavailable("what was fetched is no deny list"))
}

fn keep(config: &Config, url: &str, kept: &Kept) {
    let seconds = config.refresh_seconds.max(config.stale_seconds);
    if let Err(error) = cache::set_json(url, kept, seconds) {
        issuerd_plugin::warning!("the list is not kept and is fetched for every request: {error}");
    }
}
