//! The certificates of the listeners: loaded at the start, and again when their files change or SIGHUP comes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::app::Shared;
use crate::config::{Config, TlsSection};
use crate::lifecycle::{Hangup, Tasks};
use crate::listener::{Stamps, Tls, TlsFiles};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The TLS of both listeners; `None` for one that speaks plain HTTP.
#[derive(Debug, Clone, Default)]
pub struct ListenerTls {
    /// Of the public one.
    pub public: Option<Arc<Tls>>,
    /// Of the management one.
    pub management: Option<Arc<Tls>>,
}

/// Reads the files that the configuration names; every mistake at once.
pub fn load_tls(config: &Config, now: Timestamp) -> Result<ListenerTls, Vec<String>> {
    let mut mistakes = Vec::new();
    let mut load = |section: &TlsSection, name: &'static str| {
        if !section.is_on() {
            return None;
        }
        let client_ca = (!section.client_ca.is_empty()).then(|| PathBuf::from(&section.client_ca));
        let (certificate, key) = (PathBuf::from(&section.certificate), PathBuf::from(&section.key));
        let loaded = Tls::load(TlsFiles { section: name, certificate, key, client_ca }, now);
        loaded.map(Arc::new).map_err(|error| mistakes.push(error.to_string())).ok()
    };
    let public = load(&config.server.tls, "server.tls");
    let management = load(&config.management.tls, "management.tls");
    if mistakes.is_empty() { Ok(ListenerTls { public, management }) } else { Err(mistakes) }
}

impl ListenerTls {
    fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<Tls>)> {
        let both = [("public", &self.public), ("management", &self.management)];
        both.into_iter().filter_map(|(listener, tls)| Some((listener, tls.as_ref()?)))
    }

    /// What `issuerd check` says of the certificates, a line each.
    #[must_use]
    pub fn describe(&self, issuer: &str) -> Vec<String> {
        let host = issuer.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
        let line = |(listener, tls): (&str, &Arc<Tls>)| {
            let section = tls.section();
            let other = match listener {
                "public" if !tls.is_for(&host) => {
                    format!("; it is not for {host}, so wallets that reach this listener themselves will refuse it")
                }
                _ => String::new(),
            };
            format!("{section}: the certificate is valid until {:.0}{other}", tls.expires_at())
        };
        self.all().map(line).collect()
    }

    /// Reads files again that have changed, until the stop. A pair is taken once it has been the same for one look, so one of which only half
    /// is written is left alone.
    pub fn watch(&self, app: &Shared, tasks: &Tasks) {
        for (listener, tls) in self.all() {
            app.metrics.certificate_expires(listener, tls.expires_at().as_second());
            let now = tls.stamps();
            let seen = Arc::new(Mutex::new(Seen { loaded: now.clone(), last: now }));
            let (app, tls) = (Arc::clone(app), Arc::clone(tls));
            tasks.every(LOOK, move || {
                let (app, tls, seen) = (Arc::clone(&app), Arc::clone(&tls), Arc::clone(&seen));
                async move {
                    tokio::task::spawn_blocking(move || {
                        let changed = seen.lock().unwrap_or_else(PoisonError::into_inner).look(tls.stamps());
                        if changed {
                            reload(&app, listener, &tls);
                        }
                    })
                    .await
                }
            });
        }
    }

    /// Reads all files again at each SIGHUP.
    pub fn reload_at_hangup(&self, app: &Shared, tasks: &Tasks, hangup: Hangup) {
        let (app, all) = (Arc::clone(app), self.clone());
        tasks.at_hangup(hangup, move || {
            let (app, all) = (Arc::clone(&app), all.clone());
            async move {
                let read = tokio::task::spawn_blocking(move || {
                    all.all().for_each(|(listener, tls)| reload(&app, listener, tls));
                });
                if let Err(error) = read.await {
                    tracing::error!(%error, "the certificates were not read again");
                }
            }
        });
    }
}

fn reload(app: &Shared, listener: &'static str, tls: &Tls) {
    match tls.reload(app.clock.now()) {
        Ok(()) => {
            let expires_at = tls.expires_at();
            app.metrics.certificate_expires(listener, expires_at.as_second());
            tracing::info!(listener, %expires_at, "certificate loaded; new connections get it");
        }
        Err(error) => tracing::error!(listener, %error, "the certificate was not replaced; the one before goes on"),
    }
}

/// What was seen of the files.
struct Seen {
    /// As they were when they were last read, or tried.
    loaded: Stamps,
    /// At the last look.
    last: Stamps,
}

impl Seen {
    /// Whether they must be read again.
    fn look(&mut self, now: Stamps) -> bool {
        let settled = self.last == now && now.iter().all(Option::is_some);
        self.last.clone_from(&now);
        if !settled || self.loaded == now {
            return false;
        }
        self.loaded = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_once_they_have_settled() {
        let stamps = |second: i64| vec![Some((second, 0, 1, 1)), Some((second, 0, 1, 2))];
        let mut seen = Seen { loaded: stamps(1), last: stamps(1) };
        assert!(!seen.look(stamps(1)));
        assert!(!seen.look(vec![Some((2, 0, 1, 1)), None]), "half is there");
        assert!(!seen.look(vec![Some((2, 0, 1, 1)), None]), "half is still there");
        assert!(!seen.look(stamps(2)), "just written");
        assert!(seen.look(stamps(2)));
        assert!(!seen.look(stamps(2)), "once");
    }
}
