use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemon::{Daemon, Options, Ready, command, run};
use crate::wait::{now, until};
use crate::{Connection, Request};

/// An address with a port that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// An installation that `issuerd init` made, not started yet.
struct Installation {
    directory: TempDir,
    public: SocketAddr,
    management: SocketAddr,
    /// What init printed.
    made: Value,
}

impl Installation {
    #[track_caller]
    fn init(scheme: &str, more: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let (public, management) = (free_address(), free_address());
        let data = directory.path().join("data");
        let config = format!(
            "[server]\nissuer = \"{scheme}://{public}\"\nlisten = \"{public}\"\n[management]\nlisten = \"{management}\"\n\
            [store]\ndata_dir = \"{}\"\n{more}",
            data.display()
        );
        let file = directory.path().join("issuer.toml");
        std::fs::write(&file, config).unwrap();
        let output = run(&["init", "--config", file.to_str().unwrap(), "--country", "UT", "--json"], &[]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        let made = serde_json::from_str(&out).unwrap();
        Self { directory, public, management, made }
    }

    fn config(&self) -> String {
        self.directory.path().join("issuer.toml").to_str().unwrap().to_owned()
    }
}

impl Daemon {
    /// Sets up an installation with `issuerd init` and starts it with `issuerd serve`, as in production. `more` is added to
    /// `issuer.toml`.
    #[track_caller]
    pub fn installed(more: &str) -> Self {
        Self::installed_as("http", more)
    }

    /// The same with an issuer URL of another scheme.
    #[track_caller]
    pub fn installed_as(scheme: &str, more: &str) -> Self {
        let installation = Installation::init(scheme, more);
        let file = installation.config();
        let Installation { directory, public, management, made } = installation;
        let started = now();
        let mut serve = command(false);
        serve.args(["serve", "--config", &file]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ready = Ready {
            line: made,
            issuer: format!("{scheme}://{public}"),
            public,
            management,
            access_token: String::new(),
            configurations: std::collections::BTreeMap::new(),
            after: std::time::Duration::ZERO,
        };
        let mut daemon = Self::attach(serve.spawn().unwrap(), Arc::new(directory), Options::default(), ready);
        until("issuerd serve is ready", || {
            let answer = Connection::try_open(management).and_then(|mut open| open.try_send(&Request::get("/readyz")));
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        });
        daemon.ready.after = started.elapsed();
        let body = json!({ "client_id": daemon.ready.line["client_id"], "client_secret": daemon.ready.line["client_secret"],
            "grant_type": "client_credentials" });
        let token = Request::new("POST", "/oauth/token").json(&body).send(management).expect(200).json();
        daemon.ready.access_token = token["access_token"].as_str().map(str::to_owned).unwrap();
        daemon
    }

    /// Sets up an installation, adds `more` to `issuer.toml` and starts it, which must fail; returns what it said.
    #[track_caller]
    pub fn refused(more: &str) -> String {
        let installation = Installation::init("http", "");
        let file = installation.config();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text + more).unwrap();
        let output = run(&["serve", "--config", &file], &[]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success(), "{out}{err}");
        err.into_owned()
    }
}
