//! `issuerd plugin inspect`: what a plugin is, and what it asks for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Failed, runtime};
use super::test;
use crate::plugin::contract::{Need, PluginInfo};
use crate::plugin::inspect::{Decoded, decode};
use crate::plugin::replay::Replay;

/// `issuerd plugin inspect`
#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// The plugin.
    file: PathBuf,
}

pub(super) fn run(inspect: &Inspect) -> Result<(), Failed> {
    let bytes = test::read(&inspect.file)?;
    let decoded = decode(&bytes).map_err(|error| format!("{}: {error}", inspect.file.display()))?;
    let info = describe(&bytes)?;
    show(&decoded, info.as_ref());
    say!("\n{}", block(&inspect.file, &decoded, info.as_ref().ok()).trim_end());
    Ok(())
}

/// Runs `describe`, when the plugin can be run at all.
fn describe(bytes: &[u8]) -> Result<Result<PluginInfo, String>, Failed> {
    match Replay::new(bytes) {
        Ok(replay) => Ok(runtime()?.block_on(replay.describe())),
        Err(error) => Ok(Err(error)),
    }
}

fn show(decoded: &Decoded, info: Result<&PluginInfo, &String>) {
    match info {
        Ok(info) => say!("{} {}\n{}\n", info.name, info.version, info.description),
        Err(error) => say!("cannot be run: {error}\n"),
    }
    say!("world     {}", decoded.world.map_or("none of the contract", |world| world.name()));
    say!("contract  {}", decoded.contract.as_deref().unwrap_or("unknown"));
    say!("size      {} bytes", decoded.size);
    say!("sha256    {}", decoded.sha256);
    list("imports", &decoded.imports);
    list("exports", &decoded.exports);
    for need in info.map(|info| info.needs.as_slice()).unwrap_or_default() {
        let word = if need.required { "needs" } else { "can use" };
        say!("{word:8}  {} {}: {}", need.kind, need.name, need.why);
    }
}

fn list(what: &str, names: &[String]) {
    for name in names {
        say!("{what:8}  {name}");
    }
}

/// The lines for issuer.toml, with what the operator has to fill in.
fn block(file: &Path, decoded: &Decoded, info: Option<&PluginInfo>) -> String {
    let shown = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name(info.map_or(&shown, |info| &info.name));
    let mut text = format!("[plugin.{name}]\nfile = {shown:?}\nsha256 = \"{}\"\n", decoded.sha256);
    let (schema, needs) = info.map(|info| (info.config_schema.as_str(), info.needs.as_slice())).unwrap_or_default();
    if needs.iter().any(|need| need.kind == "cache") {
        text.push_str("cache = { bytes = 1048576, entries = 1024 }\n");
    }
    let redirects: Vec<_> = needs.iter().filter(|need| need.kind == "redirect-origin").map(origin).collect();
    if !redirects.is_empty() {
        // A list of texts is written in TOML as in Rust.
        let _ = writeln!(text, "redirect_origins = {redirects:?}");
    }
    text.push_str(&config(&name, schema));
    for need in needs {
        match need.kind.as_str() {
            "secret" => {
                let _ = write!(
                    text,
                    "\n[[plugin.{name}.secret]]          # {}\nname = {:?}\nuse = [\"header\"]\n",
                    need.why, need.name
                );
                let _ = write!(text, "\n[secret.{}]\nfrom = \"file:/run/secrets/{}\"\n", need.name, need.name);
            }
            "origin" => {
                let _ = write!(
                    text,
                    "\n[[plugin.{name}.http]]            # {}\norigin = {:?}\nmethods = [\"GET\"]\n",
                    need.why,
                    origin(need)
                );
            }
            _ => {}
        }
    }
    text
}

/// The origin that is needed; one that stands in the config table is to be filled in.
fn origin(need: &Need) -> String {
    match need.name.strip_prefix("config:") {
        Some(key) => format!("https://ORIGIN-OF-{key}"),
        None => need.name.clone(),
    }
}

/// The keys of the config table, with placeholders of their types.
fn config(name: &str, schema: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap_or_default();
    let required: Vec<_> = schema
        .get("required")
        .and_then(|names| names.as_array())
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .collect();
    let Some(properties) = schema.get("properties").and_then(|properties| properties.as_object()) else {
        return String::new();
    };
    let mut text = format!("\n[plugin.{name}.config]\n");
    for (key, described) in properties {
        let value = described.get("default").map(ToString::to_string).filter(|value| !value.starts_with(['{', 'n']));
        let value =
            value.unwrap_or_else(|| placeholder(described.get("type").and_then(|kind| kind.as_str())).to_owned());
        let comment = if required.contains(&key.as_str()) { "" } else { "# " };
        let _ = writeln!(text, "{comment}{key} = {value}");
    }
    text
}

fn placeholder(kind: Option<&str>) -> &'static str {
    match kind {
        Some("integer" | "number") => "0",
        Some("boolean") => "false",
        Some("array") => "[]",
        Some("object") => "{}",
        _ => "\"\"",
    }
}

/// A name for a section, from what the plugin or its file calls itself.
fn name(text: &str) -> String {
    let text = text.trim_end_matches(".wasm").to_ascii_lowercase();
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    text.chars().take(64).map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(kind: &str, name: &str) -> Need {
        Need { kind: kind.to_owned(), name: name.to_owned(), why: "to work".to_owned(), required: true }
    }

    fn decoded() -> Decoded {
        let sha256 = "ab".repeat(32);
        Decoded { size: 1, sha256, world: None, contract: None, imports: vec![], exports: vec![] }
    }

    #[test]
    fn the_block_is_toml_with_all_that_is_needed() {
        let schema = r#"{"required":["url"],"properties":{"url":{"type":"string"},"level":{"type":"integer"}}}"#;
        let info = PluginInfo {
            name: "hr".to_owned(),
            version: "1".to_owned(),
            description: String::new(),
            config_schema: schema.to_owned(),
            needs: vec![
                need("secret", "token"),
                need("origin", "config:url"),
                need("origin", "https://a.example"),
                need("cache", ""),
                need("redirect-origin", "https://b.example"),
            ],
        };
        let text = block(Path::new("/x/hr-1.wasm"), &decoded(), Some(&info));
        let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let plugin = &table["plugin"]["hr"];
        assert_eq!(plugin["file"].as_str(), Some("hr-1.wasm"));
        assert_eq!(plugin["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(plugin["secret"][0]["name"].as_str(), Some("token"));
        assert_eq!(plugin["http"][1]["origin"].as_str(), Some("https://a.example"));
        assert_eq!(plugin["http"][0]["origin"].as_str(), Some("https://ORIGIN-OF-url"));
        assert_eq!(plugin["redirect_origins"][0].as_str(), Some("https://b.example"));
        assert_eq!(plugin["cache"]["entries"].as_integer(), Some(1024));
        assert_eq!(plugin["config"]["url"].as_str(), Some(""));
        assert!(text.contains("# level = 0"), "{text}");
        assert!(table["secret"]["token"]["from"].as_str().unwrap().starts_with("file:"));
    }

    #[test]
    fn a_plugin_that_cannot_be_run_still_has_a_block() {
        let text = block(Path::new("My Plugin.wasm"), &decoded(), None);
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["plugin"]["my-plugin"]["file"].as_str(), Some("My Plugin.wasm"));
    }
}
