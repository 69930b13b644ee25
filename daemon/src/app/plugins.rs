//! The plugins of a running issuer, where they act, and how all of it is read again.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::roster::{LiveRoster, Places};
use crate::plugin::recording::Recordings;
use crate::plugin::registry::{Changes, Plugins, Serving};
use crate::plugin::settings::Settings;
use crate::plugin::{NoPlugins, PluginCalls, PluginStatus, World};

/// What the configuration says of plugins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Which there are, and what they may do.
    pub settings: Settings,
    /// Where they act.
    pub places: Places,
}

/// Reads what the configuration says of plugins now; every mistake at once.
pub type ReadWanted = Arc<dyn Fn() -> Result<Wanted, Vec<String>> + Send + Sync>;

/// The plugins, and where their settings come from.
pub struct PluginHost {
    roster: LiveRoster,
    running: Option<Running>,
}

struct Running {
    plugins: Arc<Plugins>,
    read: ReadWanted,
    /// With which the plugins were loaded.
    settings: ArcSwap<Settings>,
    /// One reload at a time, so that the later one sees what the earlier one left.
    turn: tokio::sync::Mutex<()>,
}

/// Nothing was loaded again; what served goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReloadError {
    /// The configuration names no such plugin.
    Unknown,
    /// The reasons, one sentence each.
    Refused(Vec<String>),
}

impl PluginHost {
    /// Plugins that run as `wanted` says; `read` reads it anew for a reload. The errors are sentences about places where a plugin
    /// cannot act.
    pub fn new(plugins: Arc<Plugins>, wanted: Wanted, read: ReadWanted) -> Result<Self, Vec<String>> {
        let serving = plugins.serving();
        misplaced(&wanted.places, &serving)?;
        let settings = ArcSwap::from_pointee(wanted.settings);
        let running = Running { plugins, read, settings, turn: tokio::sync::Mutex::default() };
        Ok(Self { roster: LiveRoster::new(wanted.places, serving), running: Some(running) })
    }

    /// No plugins, although the configuration says where some act: for commands that serve nobody.
    #[must_use]
    pub fn none(places: Places) -> Self {
        Self { roster: LiveRoster::new(places, Arc::new(NoPlugins)), running: None }
    }

    /// Who acts where; follows each reload.
    #[must_use]
    pub fn roster(&self) -> LiveRoster {
        self.roster.clone()
    }

    /// All plugins, by name.
    #[must_use]
    pub fn list(&self) -> Vec<PluginStatus> {
        self.running.as_ref().map(|running| running.plugins.list()).unwrap_or_default()
    }

    /// One by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PluginStatus> {
        self.list().into_iter().find(|plugin| plugin.name == name)
    }

    /// The recordings of a plugin's calls; `None` when none of this name is loaded.
    #[must_use]
    pub fn recordings(&self, name: &str) -> Option<&Recordings> {
        let plugins = &self.running.as_ref()?.plugins;
        plugins.serving().world(name).map(|_| plugins.recordings())
    }

    /// The settings with which the plugins were loaded.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.running.as_ref().map(|running| running.settings.load_full()).unwrap_or_default()
    }

    /// Reads the configuration and loads what has changed of all plugins, or of `only` one. Plugins and the places where they act
    /// take over together, or on a failure nothing does. The outcome is logged.
    pub async fn reload(&self, only: Option<&str>) -> Result<Changes, ReloadError> {
        let Some(running) = &self.running else { return Err(ReloadError::Unknown) };
        let outcome = running.reload(only, &self.roster).await;
        match &outcome {
            Ok(Changes { loaded, unloaded }) => {
                let (loaded, unloaded) = (loaded.join(", "), unloaded.join(", "));
                tracing::info!(loaded, unloaded, "plugins were loaded again as far as they had changed");
            }
            Err(ReloadError::Refused(reasons)) => {
                for reason in reasons {
                    tracing::error!(reason, "plugins were not loaded again; what served before goes on");
                }
            }
            Err(ReloadError::Unknown) => {}
        }
        outcome
    }
}

impl Running {
    async fn reload(&self, only: Option<&str>, roster: &LiveRoster) -> Result<Changes, ReloadError> {
        let _turn = self.turn.lock().await;
        let read = Arc::clone(&self.read);
        let read = tokio::task::spawn_blocking(move || read()).await;
        let broken = |_| ReloadError::Refused(vec!["the configuration could not be read".into()]);
        let Wanted { settings, places } = read.map_err(broken)?.map_err(ReloadError::Refused)?;
        if only.is_some_and(|name| !settings.plugins.contains_key(name)) {
            return Err(ReloadError::Unknown);
        }
        let prepared = self.plugins.prepare(&settings, only).await.map_err(ReloadError::Refused)?;
        let serving = Arc::clone(prepared.serving());
        misplaced(&places, &serving).map_err(ReloadError::Refused)?;
        roster.exchange(places, serving);
        let changes = self.plugins.adopt(prepared);
        self.settings.store(Arc::new(match only {
            None => settings,
            Some(name) => self.with_one(name, settings),
        }));
        Ok(changes)
    }

    /// The settings as before, but for one plugin.
    fn with_one(&self, name: &str, mut read: Settings) -> Settings {
        let mut settings = Settings::clone(&self.settings.load());
        if let Some(plugin) = read.plugins.remove(name) {
            settings.plugins.insert(name.to_owned(), plugin);
        }
        settings
    }
}

/// Whether each plugin acts where its world allows. One that was skipped has none, and fails when it is called.
pub(crate) fn misplaced(places: &Places, serving: &Serving) -> Result<(), Vec<String>> {
    let wrong = |name: &str, place: String, wanted: World| match serving.world(name) {
        Some(world) if world == wanted => None,
        Some(world) => Some(format!("{place}: {name} is of the world {} and not {}", world.name(), wanted.name())),
        None if serving.knows(name) => None,
        None => Some(format!("{place}: {name} is not loaded yet; a reload of all plugins (SIGHUP) loads it")),
    };
    let hooks: BTreeSet<_> = places.rules.iter().map(|rule| rule.plugin.as_str()).collect();
    let sources: BTreeSet<_> = places.bindings.values().map(String::as_str).collect();
    let hooks = hooks.into_iter().filter_map(|name| wrong(name, "auth_hook.plugin".into(), World::AuthHook));
    let sources =
        sources.into_iter().filter_map(|name| wrong(name, format!("plugin.{name}.credentials"), World::ClaimSource));
    let wrong: Vec<_> = hooks.chain(sources).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::base::clock::SystemClock;
    use crate::base::random::SystemRandom;
    use crate::base::secret::Secret;
    use crate::domain::hook::{AuthHookRule, OnError};
    use crate::observe::metrics::Metrics;
    use crate::plugin::HostParts;
    use crate::plugin::Phase;
    use crate::plugin::settings::PluginSettings;

    fn with(name: &str, file: &str) -> Wanted {
        let plugin = PluginSettings { name: name.into(), file: file.into(), ..PluginSettings::default() };
        let settings =
            Settings { max_concurrent: 2, plugins: [(name.to_owned(), plugin)].into(), ..Settings::default() };
        Wanted { settings, places: Places::default() }
    }

    async fn host(read: impl Fn() -> Result<Wanted, Vec<String>> + Send + Sync + 'static) -> PluginHost {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: folder.path().into(), max_concurrent: 2, ..Settings::default() };
        let parts = HostParts {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::default()),
            observer: Metrics::new().unwrap(),
            code_key: Secret::new(vec![7; 32]),
        };
        let plugins = Plugins::start(&settings, parts).await.unwrap();
        PluginHost::new(plugins, Wanted { settings, places: Places::default() }, Arc::new(read)).unwrap()
    }

    #[tokio::test]
    async fn settings_that_cannot_be_read_change_nothing_and_all_reasons_are_told() {
        let reads = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&reads);
        let host = host(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(vec!["one".into(), "two".into()])
        });
        let host = host.await;
        let before = host.settings();
        assert_eq!(host.reload(None).await, Err(ReloadError::Refused(vec!["one".into(), "two".into()])));
        assert_eq!(host.settings(), before);
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_plugin_that_cannot_be_loaded_changes_nothing() {
        let host = host(|| Ok(with("hr", "/nowhere/hr.wasm"))).await;
        let before = host.settings();
        let Err(ReloadError::Refused(reasons)) = host.reload(None).await else { panic!("it cannot be loaded") };
        assert!(reasons.iter().any(|reason| reason.contains("hr")), "{reasons:?}");
        assert_eq!((host.settings(), host.list().len()), (before, 0));
    }

    #[tokio::test]
    async fn a_name_that_the_settings_do_not_have_is_unknown() {
        let host = host(|| Ok(with("hr", "/nowhere/hr.wasm"))).await;
        assert_eq!(host.reload(Some("pin")).await, Err(ReloadError::Unknown));
        assert_eq!(PluginHost::none(Places::default()).reload(None).await, Err(ReloadError::Unknown));
        assert!(PluginHost::none(Places::default()).list().is_empty());
    }

    #[tokio::test]
    async fn settings_without_plugins_can_be_loaded_again() {
        let host = host(|| {
            let settings = Settings { max_concurrent: 3, ..Settings::default() };
            Ok(Wanted { settings, places: Places::default() })
        })
        .await;
        assert_eq!(host.reload(None).await, Ok(Changes::default()));
        assert_eq!(host.settings().max_concurrent, 3);
    }

    fn places(hook: Option<&str>, bound: Option<&str>) -> Places {
        let rule = |plugin: &str| AuthHookRule {
            plugin: plugin.into(),
            phases: vec![Phase::TokenRequest],
            credentials: vec![],
            on_error: OnError::Deny,
        };
        let bindings = bound.map(|plugin| ("org.example.pass".to_owned(), plugin.to_owned()));
        Places { bindings: bindings.into_iter().collect(), rules: hook.map(rule).into_iter().collect() }
    }

    #[tokio::test]
    async fn places_whose_plugin_is_not_loaded_change_nothing() {
        let host = host(|| Ok(Wanted { settings: Settings::default(), places: places(Some("pin"), Some("hr")) })).await;
        let Err(ReloadError::Refused(reasons)) = host.reload(None).await else { panic!("nobody is there to act") };
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[0].starts_with("auth_hook.plugin: pin is not loaded"), "{reasons:?}");
        assert!(reasons[1].starts_with("plugin.hr.credentials: hr is not loaded"), "{reasons:?}");
        assert_eq!(host.roster().now().places, Places::default());
    }

    #[tokio::test]
    async fn places_and_plugins_are_exchanged_together() {
        let skipped = || {
            let mut wanted = with("pin", "/nowhere/pin.wasm");
            wanted.settings.plugins.get_mut("pin").unwrap().optional = true;
            Wanted { places: places(Some("pin"), None), ..wanted }
        };
        let host = host(move || Ok(skipped())).await;
        let before = host.roster().now();
        assert_eq!(host.reload(None).await, Ok(Changes::default()));
        assert_eq!(host.roster().now().places, places(Some("pin"), None));
        assert_eq!(host.list().len(), 1);
        assert_eq!(before.places, Places::default(), "who took it goes on with it");
    }
}
