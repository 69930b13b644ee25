//! Starts the plugins, loads them again, and says to the domain where they act.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::BootError;
use crate::app::{PluginHost, ReadWanted, Shared, Wanted, misplaced};
use crate::base::clock::SystemClock;
use crate::base::id::random_uuid;
use crate::base::random::{SystemRandom, bytes};
use crate::base::secret::Secret;
use crate::config::{self, Config};
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::roster::Places;
use crate::lifecycle::{Hangup, Tasks};
use crate::observe::metrics::Metrics;
use crate::plugin::registry::Plugins;
use crate::plugin::settings::{PluginSettings, Settings};
use crate::plugin::{HostParts, PluginStatus};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Loads every plugin of the configuration. `file` is where its sections are read again for a reload.
pub(super) async fn start(config: &Config, file: Option<PathBuf>, parts: HostParts) -> Result<PluginHost, BootError> {
    let wanted = wanted(config);
    let plugins = Plugins::start(&wanted.settings, parts).await.map_err(|wrong| refused(&wrong))?;
    let (started, before) = (config.clone(), wanted.clone());
    let read: ReadWanted = Arc::new(move || match &file {
        None => Ok(before.clone()),
        Some(file) => read_again(file, &started),
    });
    PluginHost::new(plugins, wanted, read).map_err(|wrong| refused(&wrong))
}

fn refused(reasons: &[String]) -> BootError {
    BootError::Plugins(reasons.join("\n"))
}

/// What a configuration says of plugins.
fn wanted(config: &Config) -> Wanted {
    Wanted { settings: config.plugin_settings(), places: places(&config.named) }
}

/// The same as the file has it now. The data directory stays the one of the start.
fn read_again(file: &Path, started: &Config) -> Result<Wanted, Vec<String>> {
    let now = config::load_with(Some(file), |now| now.store.clone_from(&started.store)).map_err(|error| error.0)?;
    Ok(wanted(&now))
}

/// Where plugins act.
pub(super) fn places(named: &config::Named) -> Places {
    Places { bindings: bindings(named), rules: rules(named) }
}

/// Which plugin each credential type is bound to.
fn bindings(named: &config::Named) -> BTreeMap<String, String> {
    let of = |(name, plugin): (&String, &PluginSettings)| {
        plugin.credentials.iter().map(|credential| (credential.clone(), name.clone())).collect::<Vec<_>>()
    };
    named.plugins.iter().flat_map(of).collect()
}

/// The auth hooks in their order.
fn rules(named: &config::Named) -> Vec<AuthHookRule> {
    let rule = |hook: &config::AuthHook| AuthHookRule {
        plugin: hook.plugin.clone(),
        phases: hook.phases.clone(),
        credentials: hook.credentials.clone(),
        on_error: if hook.abstain_on_error { OnError::Abstain } else { OnError::Deny },
    };
    named.auth_hooks.iter().map(rule).collect()
}

/// Loads plugins again whose files have changed. A file is taken once it has been the same for one look, so one that is still being
/// copied is left alone.
pub(super) fn watch(app: &Shared, tasks: &Tasks) {
    let seen = Arc::new(std::sync::Mutex::new(Watched::new(&app.plugins.settings())));
    let app = Arc::clone(app);
    tasks.every(LOOK, move || {
        let (app, seen) = (Arc::clone(&app), Arc::clone(&seen));
        async move {
            let settings = app.plugins.settings();
            let stamps = tokio::task::spawn_blocking(move || stamps(&settings)).await?;
            let changed = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).look(stamps);
            for name in changed {
                // It is logged there, and the version that serves goes on.
                let _logged = app.reload_plugins(Some(&name)).await;
            }
            Ok::<_, tokio::task::JoinError>(())
        }
    });
}

/// Loads all plugins again at each SIGHUP.
pub fn reload_at_hangup(app: &Shared, tasks: &Tasks, hangup: Hangup) {
    let app = Arc::clone(app);
    tasks.at_hangup(hangup, move || {
        let app = Arc::clone(&app);
        async move {
            tracing::info!("SIGHUP: loading the plugins again");
            // It is logged there, and the versions that serve go on.
            let _logged = app.reload_plugins(None).await;
        }
    });
}

/// When a file was changed, and its length; of the component and of its signature. `None`: it is not there.
type Stamp = [Option<(SystemTime, u64)>; 2];

fn stamps(settings: &Settings) -> BTreeMap<String, Stamp> {
    let stamp = |path: &Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    let both = |file: &Path| {
        let mut signature = file.as_os_str().to_owned();
        signature.push(".sig");
        [stamp(file), stamp(Path::new(&signature))]
    };
    settings.plugins.iter().map(|(name, plugin)| (name.clone(), both(&plugin.file))).collect()
}

/// What was seen of the files.
struct Watched {
    /// As they were when the plugin was last loaded, or tried.
    loaded: BTreeMap<String, Stamp>,
    /// At the last look.
    last: BTreeMap<String, Stamp>,
}

impl Watched {
    fn new(settings: &Settings) -> Self {
        let now = stamps(settings);
        Self { loaded: now.clone(), last: now }
    }

    /// The plugins that must be loaded again.
    fn look(&mut self, now: BTreeMap<String, Stamp>) -> Vec<String> {
        let mut changed = Vec::new();
        for (name, stamp) in &now {
            let settled = self.last.get(name) == Some(stamp) && stamp[0].is_some();
            match self.loaded.get(name) {
                // A reload of the settings brought it.
                None => drop(self.loaded.insert(name.clone(), *stamp)),
                Some(loaded) if settled && loaded != stamp => {
                    self.loaded.insert(name.clone(), *stamp);
                    changed.push(name.clone());
                }
                Some(_) => {}
            }
        }
        self.loaded.retain(|name, _| now.contains_key(name));
        self.last = now;
        changed
    }
}

/// Loads every plugin as a start would, and forgets it: what the loader says of them, one sentence each. The good news are in `Ok`,
/// with those of optional plugins that a start would skip.
pub async fn check(config: &Config) -> Result<Vec<String>, Vec<String>> {
    let mut settings = config.plugin_settings();
    if settings.plugins.is_empty() {
        return Ok(Vec::new());
    }
    let random = SystemRandom::default();
    let scratch = Scratch::make(&random).map_err(|error| vec![error])?;
    settings.cache_dir.clone_from(&scratch.0);
    let code_key = bytes::<32>(&random).map_err(|error| vec![error.to_string()])?;
    let observer = Metrics::new().map_err(|error| vec![error.to_string()])?;
    let parts = HostParts {
        clock: Arc::new(SystemClock),
        random: Arc::new(random),
        observer,
        code_key: Secret::new(code_key.to_vec()),
    };
    let serving = Plugins::start(&settings, parts).await?.serving();
    misplaced(&places(&config.named), &serving)?;
    Ok(serving.list().iter().map(found).collect())
}

fn found(plugin: &PluginStatus) -> String {
    let name = &plugin.name;
    if plugin.state == "skipped" {
        let error = plugin.last_error.as_deref().unwrap_or_default();
        return format!("plugin {name}: would be skipped, since it is optional: {error}");
    }
    format!("plugin {name}: {} {}", plugin.world.unwrap_or_default(), plugin.version.as_deref().unwrap_or_default())
}

/// A folder for code that is compiled only to be checked, so that a check leaves an installation as it is.
struct Scratch(PathBuf);

impl Scratch {
    fn make(random: &SystemRandom) -> Result<Self, String> {
        let id = random_uuid(random).map_err(|error| error.to_string())?;
        let path = std::env::temp_dir().join(format!("issuerd-check-{id}"));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map(|()| Self(path)).map_err(|error| format!("cannot make a folder for the check: {error}"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is a folder of temporary files.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn settings(folder: &Path, names: &[&str]) -> Settings {
        let plugin = |name: &&str| {
            let file = folder.join(format!("{name}.wasm"));
            ((*name).to_owned(), PluginSettings { name: (*name).into(), file, ..PluginSettings::default() })
        };
        Settings { plugins: names.iter().map(plugin).collect(), ..Settings::default() }
    }

    #[test]
    fn a_changed_file_is_taken_once_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let (file, signature) = (folder.path().join("hr.wasm"), folder.path().join("hr.wasm.sig"));
        fs::write(&file, "one").unwrap();
        let settings = settings(folder.path(), &["hr"]);
        let mut watched = Watched::new(&settings);
        let mut look = || watched.look(stamps(&settings));
        assert!(look().is_empty());
        fs::write(&file, "three").unwrap();
        assert!(look().is_empty(), "it may still be written");
        fs::write(&file, "three and more").unwrap();
        assert!(look().is_empty(), "it was still being written");
        assert_eq!(look(), ["hr"]);
        assert!(look().is_empty(), "once is enough");
        fs::write(&signature, "signed").unwrap();
        assert!(look().is_empty());
        assert_eq!(look(), ["hr"]);
        fs::remove_file(&file).unwrap();
        assert!(look().is_empty() && look().is_empty(), "what is gone cannot be loaded");
        fs::write(&file, "back again").unwrap();
        assert!(look().is_empty());
        assert_eq!(look(), ["hr"]);
    }

    #[test]
    fn plugins_that_come_and_go_with_the_settings_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.wasm"), "a").unwrap();
        fs::write(folder.path().join("b.wasm"), "b").unwrap();
        let mut watched = Watched::new(&settings(folder.path(), &["a"]));
        let both = settings(folder.path(), &["a", "b"]);
        assert!(watched.look(stamps(&both)).is_empty() && watched.look(stamps(&both)).is_empty());
        fs::write(folder.path().join("b.wasm"), "b, longer").unwrap();
        assert!(watched.look(stamps(&both)).is_empty());
        assert_eq!(watched.look(stamps(&both)), ["b"]);
        assert!(watched.look(BTreeMap::new()).is_empty() && watched.loaded.is_empty());
    }

    #[test]
    fn the_file_is_read_again_but_the_data_directory_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.toml");
        fs::write(&file, "[plugin.hr]\nfile = 'hr.wasm'\n[plugin.hr.limits]\ncpu_ms = 300\n").unwrap();
        let mut started = Config::default();
        started.store.data_dir = "elsewhere".into();
        let settings = read_again(&file, &started).unwrap().settings;
        assert_eq!(settings.cache_dir, Path::new("elsewhere/plugin-cache"));
        assert_eq!(settings.plugins["hr"].limits.cpu, Duration::from_millis(300));
        fs::write(&file, "[plugin.hr]\nfiel = 'hr.wasm'\n").unwrap();
        assert_eq!(read_again(&file, &started).unwrap_err().len(), 2);
        fs::remove_file(&file).unwrap();
        assert!(read_again(&file, &started).is_err());
    }

    #[test]
    fn types_are_bound_and_hooks_are_asked_as_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.toml");
        let text = "[plugin.hr]\nfile = 'a'\ncredentials = ['x', 'y']\n[plugin.pin]\nfile = 'b'\n\
            [[auth_hook]]\nplugin = 'pin'\nphases = ['token-request']\non_error = 'abstain'\n\
            [[auth_hook]]\nplugin = 'hr'\nphases = ['credential-request']\ncredentials = ['x']\n";
        fs::write(&file, text).unwrap();
        let named = config::load(Some(&file)).unwrap().named;
        let expected =
            [("x", "hr"), ("y", "hr")].map(|(credential, plugin)| (credential.to_owned(), plugin.to_owned()));
        assert_eq!(bindings(&named), BTreeMap::from(expected));
        let rules = rules(&named);
        assert_eq!(rules.iter().map(|rule| rule.plugin.as_str()).collect::<Vec<_>>(), ["pin", "hr"]);
        assert_eq!(rules.iter().map(|rule| rule.on_error).collect::<Vec<_>>(), [OnError::Abstain, OnError::Deny]);
        assert_eq!(rules[1].credentials, ["x"]);
    }

    #[tokio::test]
    async fn a_check_names_what_a_start_would_stumble_over_and_leaves_nothing() {
        assert_eq!(check(&Config::default()).await, Ok(vec![]));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.toml");
        fs::write(&file, "[plugin.hr]\nfile = '/nowhere/hr.wasm'\n[plugin.pin]\nfile = '/nowhere/pin.wasm'\n").unwrap();
        let mut config = config::load(Some(&file)).unwrap();
        config.store.data_dir = folder.path().join("data").display().to_string();
        let wrong = check(&config).await.unwrap_err().join("\n");
        assert!(wrong.contains("hr") && wrong.contains("pin"), "{wrong}");
        assert!(!folder.path().join("data").exists());
    }
}
