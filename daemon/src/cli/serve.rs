//! `issuerd serve`: the daemon.

use std::net::SocketAddr;

use clap::Args;
use tokio::net::TcpListener;

use super::{ConfigFile, Failed, runtime};
use crate::app::Shared;
use crate::base::clock::{Clock as _, SystemClock};
use crate::boot::{self, ListenerTls};
use crate::config::Config;
use crate::lifecycle::{Hangup, Signals, Tasks, outlive_file_limit};
use crate::listener::{self, Settings};
use crate::observe::log::{self, LogGuard};
use crate::routes;

/// `issuerd serve`
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    file: ConfigFile,
    /// Take the system's clock for right though the data has seen a later time: once, after the clock was far ahead for a while.
    #[arg(long)]
    accept_clock: bool,
}

pub(super) fn run(serve: &Serve) -> Result<(), Failed> {
    let (file, accept_clock) = (&serve.file, serve.accept_clock);
    let config = file.load()?;
    let log = log::init(&config.log.level, &config.log.format)?;
    let tls = boot::load_tls(&config, SystemClock.now()).map_err(|wrong| wrong.join("\n"))?;
    runtime()?.block_on(async {
        outlive_file_limit()?;
        let sockets = Sockets::bind(&config).await?;
        if accept_clock {
            boot::accept_clock(&config)?;
        }
        // Before the plugins, which may take seconds: a reload that comes too early must not end the start.
        let (hangup, tls_hangup) = (Hangup::install()?, Hangup::install()?);
        let app = boot::open_with_plugins(&config, file.path()).await?;
        app.trust.maintain().await?;
        let (issuer, public, management) = (&app.site.issuer, sockets.public_address()?, sockets.management_address()?);
        listen(&app, sockets, &config, &tls, &log, |tasks| {
            boot::reload_at_hangup(&app, tasks, hangup);
            tls.reload_at_hangup(&app, tasks, tls_hangup);
            tracing::info!(%issuer, %public, %management, "ready");
            Ok(())
        })
        .await
    })
}

/// Both listeners, bound before anything else: a port that is taken is the most common mistake.
pub(super) struct Sockets {
    public: TcpListener,
    management: TcpListener,
}

impl Sockets {
    pub(super) async fn bind(config: &Config) -> Result<Self, Failed> {
        let public = bind("server.listen", &config.server.listen).await?;
        let management = bind("management.listen", &config.management.listen).await?;
        Ok(Self { public, management })
    }

    pub(super) fn public_address(&self) -> Result<SocketAddr, Failed> {
        Ok(self.public.local_addr()?)
    }

    pub(super) fn management_address(&self) -> Result<SocketAddr, Failed> {
        Ok(self.management.local_addr()?)
    }
}

async fn bind(key: &str, address: &str) -> Result<TcpListener, Failed> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address} (`{key}`): {error}").into())
}

/// Serves until a signal ends it; then drains. `ready` is called once requests are served.
pub(super) async fn listen(
    app: &Shared,
    sockets: Sockets,
    config: &Config,
    tls: &ListenerTls,
    log: &LogGuard,
    ready: impl FnOnce(&Tasks) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let tasks = Tasks::new();
    let flusher = log.flusher();
    Signals::install()?.watch(&tasks, move || flusher.flush());
    let public = Settings::new("public", config.server.max_connections, &app.metrics)
        .behind(config.server.proxies())
        .over(tls.public.clone());
    let management = Settings::new("management", config.management.max_connections, &app.metrics);
    let management = management.over(tls.management.clone());
    tasks.spawn(listener::serve(sockets.public, routes::wallet(app, &tasks), public, tasks.clone()));
    tasks.spawn(listener::serve(sockets.management, routes::operator(app, &tasks), management, tasks.clone()));
    boot::background(app, config, &tasks);
    tls.watch(app, &tasks);
    ready(&tasks)?;
    tasks.until_stopped().await;
    Ok(())
}
