//! The daemon that is measured.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::data::{claims, configuration, configuration_with_values};
use super::http::{Connection, Sent};
use super::process;
use crate::Result;
use crate::command::root;

/// A running `issuerd dev --json`, killed when dropped.
pub(super) struct Daemon {
    child: Child,
    ready: Value,
    ready_after: Duration,
}

/// What wallets need to know.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) issuer: String,
    pub(super) public: String,
    pub(super) management: String,
    pub(super) token: String,
    pub(super) configuration: String,
    /// Copies of a credential that a wallet asks for at once.
    pub(super) copies: usize,
    /// Body of the request for an offer.
    pub(super) offer: String,
}

impl Daemon {
    /// Starts the release binary on `core` and waits until it is ready.
    pub(super) fn start(data_dir: &Path, core: &str) -> Result<Self> {
        Self::start_with(data_dir, core, None)
    }

    /// The same with the plugins of `config`.
    pub(super) fn start_with(data_dir: &Path, core: &str, config: Option<&Path>) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(root().join("target/release/issuerd")).args(["dev", "--json", "--data-dir"]);
        command.arg(data_dir).args(["--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"]);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.env("ISSUERD_LOG_LEVEL", "warn");
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the daemon has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready_after = begun.elapsed();
        let ready = serde_json::from_str(&line).map_err(|_| "the daemon ended before it was ready")?;
        Ok(Self { child, ready, ready_after })
    }

    /// From start to ready, with everything that was needed in between.
    pub(super) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    pub(super) fn resident(&self) -> Result<u64> {
        process::resident(self.child.id())
    }

    pub(super) fn cpu_time(&self) -> Result<Duration> {
        process::cpu_time(self.child.id())
    }

    /// Gives the mDL configuration the mappings that the benchmark's claims fit, and says where everything is.
    pub(super) async fn prepare(&self, portrait: usize) -> Result<Target> {
        self.prepare_for(portrait, &configuration()).await
    }

    /// The same with a value for each element, for people of whom little is known.
    pub(super) async fn prepare_with_values(&self, portrait: usize) -> Result<Target> {
        self.prepare_for(portrait, &configuration_with_values(portrait)).await
    }

    async fn prepare_for(&self, portrait: usize, configuration: &Value) -> Result<Target> {
        let configuration_id = self.member("/configurations/org.iso.18013.5.1.mDL")?;
        let issuer = self.member("/issuer")?;
        let target = Target {
            public: authority(&issuer)?,
            management: authority(&self.member("/management")?)?,
            token: self.member("/access_token")?,
            offer: serde_json::json!({
                "credentials": [configuration_id], "claims": claims(portrait), "expiresIn": { "minutes": 1440 }
            })
            .to_string(),
            configuration: configuration_id,
            copies: 1,
            issuer,
        };
        let path = format!("/v2/credentials/mobile/configurations/{}", target.configuration);
        let mut connection = Connection::open(&target.management).await?;
        let body = configuration.to_string();
        connection.send(&Sent::put(&path, &body).bearer(&target.token)).await?.expect(200)?;
        Ok(target)
    }

    fn member(&self, pointer: &str) -> Result<String> {
        let value = self.ready.pointer(pointer).and_then(Value::as_str);
        Ok(value.ok_or_else(|| format!("the daemon's ready line has no {pointer}"))?.to_owned())
    }

    /// Asks the daemon to end and checks that it ended well.
    pub(super) fn stop(mut self) -> Result {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the daemon ended with {status}").into()) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Host and port of an `http` URL.
fn authority(url: &str) -> Result<String> {
    let uri: hyper::Uri = url.parse()?;
    Ok(uri.authority().ok_or_else(|| format!("no host in {url}"))?.to_string())
}
