//! The same issuances with a claim source that is a plugin: `register-csv` with one person in its table.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::daemon::Daemon;
use super::data::claims;
use super::stats::Run;
use super::{DAEMON_CORE, Options, load};
use crate::Result;
use crate::command::root;

/// The claim by which the person is found; the offer carries it and the portrait's size decides the rest.
const KEY: &str = "document_number";

/// Measures issuances whose claims all come from the plugin.
pub(super) async fn run(options: &Options, folder: &Path) -> Result<Run> {
    let file = folder.join("issuer.toml");
    fs::write(&file, config(options.portrait)?)?;
    let data_dir = folder.join("with-plugin");
    let daemon = Daemon::start_with(&data_dir, DAEMON_CORE, Some(&file))?;
    let person = claims(options.portrait);
    let mut target = daemon.prepare(options.portrait).await?;
    target.offer = json!({
        "credentials": [target.configuration],
        "claims": { KEY: person.get(KEY) },
        "expiresIn": { "minutes": 1440 },
    })
    .to_string();
    let run = load::run(&daemon, &target, options, 0).await?;
    daemon.stop()?;
    Ok(run)
}

fn config(portrait: usize) -> Result<String> {
    let file = root().join("target/plugins/register-csv.wasm");
    if !file.is_file() {
        return Err(format!("{} is not there\nhint: cargo xtask plugins", file.display()).into());
    }
    let plugin: Value = json!({ "plugin": { "register": {
        "file": file,
        "credentials": ["org.iso.18013.5.1.mDL"],
        "config": { "key_column": KEY, "rows": [claims(portrait)] },
    } } });
    Ok(toml::to_string(&plugin)?)
}
