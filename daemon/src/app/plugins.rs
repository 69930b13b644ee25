//! The plugins of a running issuer, and how they are loaded again.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::plugin::recording::Recordings;
use crate::plugin::registry::Plugins;
use crate::plugin::settings::Settings;
use crate::plugin::{NoPlugins, PluginCalls, PluginStatus};

/// Reads what the configuration says of plugins now; every mistake at once.
pub type ReadSettings = Arc<dyn Fn() -> Result<Settings, Vec<String>> + Send + Sync>;

/// The plugins, and where their settings come from.
pub struct PluginHost {
    running: Option<Running>,
}

struct Running {
    plugins: Arc<Plugins>,
    read: ReadSettings,
    /// With which the plugins were loaded.
    settings: ArcSwap<Settings>,
    /// One reload at a time, so that the later one sees what the earlier one left.
    turn: tokio::sync::Mutex<()>,
}

/// Plugins were not loaded again; the versions that served go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReloadError {
    /// The configuration names no such plugin.
    Unknown,
    /// The reasons, one sentence each.
    Refused(Vec<String>),
}

impl PluginHost {
    /// Plugins that run with `settings`; `read` reads them anew for a reload.
    #[must_use]
    pub fn new(plugins: Arc<Plugins>, settings: Settings, read: ReadSettings) -> Self {
        let settings = ArcSwap::from_pointee(settings);
        Self { running: Some(Running { plugins, read, settings, turn: tokio::sync::Mutex::default() }) }
    }

    /// No plugins: for commands that serve nobody.
    #[must_use]
    pub fn none() -> Self {
        Self { running: None }
    }

    /// What the domain calls.
    #[must_use]
    pub fn calls(&self) -> Arc<dyn PluginCalls> {
        match &self.running {
            Some(running) => Arc::clone(&running.plugins) as _,
            None => Arc::new(NoPlugins),
        }
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
        plugins.world(name).map(|_| plugins.recordings())
    }

    /// The settings with which the plugins were loaded.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.running.as_ref().map(|running| running.settings.load_full()).unwrap_or_default()
    }

    /// Reads the settings and loads all plugins, or `only` one, again. All of them take over together, or on a failure none. The
    /// outcome is logged; on success it is the names of those that were loaded.
    pub async fn reload(&self, only: Option<&str>) -> Result<Vec<String>, ReloadError> {
        let Some(running) = &self.running else { return Err(ReloadError::Unknown) };
        let outcome = running.reload(only).await;
        match &outcome {
            Ok(names) => tracing::info!(plugins = names.join(", "), "plugins were loaded again"),
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
    async fn reload(&self, only: Option<&str>) -> Result<Vec<String>, ReloadError> {
        let _turn = self.turn.lock().await;
        let read = Arc::clone(&self.read);
        let read = tokio::task::spawn_blocking(move || read()).await;
        let broken = |_| ReloadError::Refused(vec!["the configuration could not be read".into()]);
        let settings = read.map_err(broken)?.map_err(ReloadError::Refused)?;
        if only.is_some_and(|name| !settings.plugins.contains_key(name)) {
            return Err(ReloadError::Unknown);
        }
        let names = self.plugins.reload(&settings, only).await.map_err(ReloadError::Refused)?;
        self.settings.store(Arc::new(match only {
            None => settings,
            Some(name) => self.with_one(name, settings),
        }));
        Ok(names)
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::base::clock::SystemClock;
    use crate::base::random::SystemRandom;
    use crate::base::secret::Secret;
    use crate::observe::metrics::Metrics;
    use crate::plugin::HostParts;
    use crate::plugin::settings::PluginSettings;

    fn with(name: &str, file: &str) -> Settings {
        let plugin = PluginSettings { name: name.into(), file: file.into(), ..PluginSettings::default() };
        Settings { max_concurrent: 2, plugins: [(name.to_owned(), plugin)].into(), ..Settings::default() }
    }

    async fn host(read: impl Fn() -> Result<Settings, Vec<String>> + Send + Sync + 'static) -> PluginHost {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: folder.path().into(), max_concurrent: 2, ..Settings::default() };
        let parts = HostParts {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::default()),
            observer: Metrics::new().unwrap(),
            code_key: Secret::new(vec![7; 32]),
        };
        PluginHost::new(Plugins::start(&settings, parts).await.unwrap(), settings, Arc::new(read))
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
        assert_eq!(PluginHost::none().reload(None).await, Err(ReloadError::Unknown));
        assert!(PluginHost::none().list().is_empty());
    }

    #[tokio::test]
    async fn settings_without_plugins_can_be_loaded_again() {
        let host = host(|| Ok(Settings { max_concurrent: 3, ..Settings::default() })).await;
        assert_eq!(host.reload(None).await, Ok(vec![]));
        assert_eq!(host.settings().max_concurrent, 3);
    }
}
