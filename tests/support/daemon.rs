use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::wait::{PATIENCE, now, until};
use crate::{Management, Wallet};

/// The docType of a mobile driving licence.
pub const MDL: &str = "org.iso.18013.5.1.mDL";
/// The `vct` of a PID.
pub const SD_JWT_PID: &str = "urn:eudi:pid:1";
/// The docType of a PID.
pub const PID: &str = "eu.europa.ec.eudi.pid.1";

/// How to start a daemon.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// More arguments of `issuerd dev`.
    pub arguments: Vec<String>,
    /// Environment variables (`ISSUERD_…`).
    pub environment: Vec<(String, String)>,
    /// Prefer the release build: for tests that load it.
    pub release: bool,
    /// Addresses of the public and of the management listener; port 0 when not given.
    pub listen: Option<(SocketAddr, SocketAddr)>,
}

impl Options {
    /// Sets a variable of the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Adds an argument with its value.
    #[must_use]
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }
}

/// What `issuerd dev --json` says when it is ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The line as it came.
    pub line: Value,
    /// The issuer's identifier.
    pub issuer: String,
    /// Address of the public listener.
    pub public: SocketAddr,
    /// Address of the management listener.
    pub management: SocketAddr,
    /// Management access token, role `admin`.
    pub access_token: String,
    /// docType → configuration id.
    pub configurations: BTreeMap<String, String>,
    /// From the start of the process to the line.
    pub after: Duration,
}

/// Bytes that a process wrote so far.
type Captured = Arc<Mutex<Vec<u8>>>;

/// A running `issuerd dev`. Killed, by its process id, when dropped.
pub struct Daemon {
    child: Child,
    directory: Arc<TempDir>,
    options: Options,
    stdout: Captured,
    stderr: Captured,
    /// What it said when it was ready.
    pub ready: Ready,
}

impl Daemon {
    /// Starts one on a fresh data directory.
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// Starts one on a fresh data directory, as told.
    pub fn with(options: Options) -> Self {
        Self::on(Arc::new(TempDir::new().unwrap()), options)
    }

    /// Starts one on this data directory.
    pub fn start_on(directory: TempDir) -> Self {
        Self::on(Arc::new(directory), Options::default())
    }

    fn on(directory: Arc<TempDir>, options: Options) -> Self {
        let started = now();
        let mut command = command(options.release);
        command.args(["dev", "--json", "--data-dir"]).arg(directory.path()).args(addresses(&options));
        command.args(&options.arguments).envs(options.environment.iter().cloned());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, first) = capture(child.stdout.take().unwrap());
        let (stderr, _) = capture(child.stderr.take().unwrap());
        let line = first.recv_timeout(PATIENCE).ok().filter(|line| !line.is_empty());
        let Some(line) = line else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("issuerd dev was not ready within {PATIENCE:?}; it said:\n{}", text(&stderr));
        };
        let ready = read_ready(&line, started.elapsed());
        Self { child, directory, options, stdout, stderr, ready }
    }

    /// Takes over a process that was started in another way.
    pub(crate) fn attach(mut child: Child, directory: Arc<TempDir>, options: Options, ready: Ready) -> Self {
        let (stdout, _) = capture(child.stdout.take().unwrap());
        let (stderr, _) = capture(child.stderr.take().unwrap());
        Self { child, directory, options, stdout, stderr, ready }
    }

    /// Starts again on the same data; on the same ports, so that the issuer's identifier stays.
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.end();
        let mut options = self.options.clone();
        options.listen = Some((self.ready.public, self.ready.management));
        Self::on(Arc::clone(&self.directory), options)
    }

    /// Kills with SIGKILL and starts again on the same data and ports.
    #[must_use]
    pub fn kill_and_restart(mut self) -> Self {
        self.kill();
        self.restart()
    }

    /// SIGKILL, by process id; waits for the end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; waits for the end and returns the exit code.
    pub fn end(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        until("the end of the daemon after SIGTERM", || self.child.try_wait().unwrap()).code()
    }

    /// Sends a signal, unless the daemon has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.child.try_wait().unwrap().is_none() {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }
    }

    /// Waits for the end without asking for it.
    pub fn wait(&mut self) -> Option<i32> {
        until("the end of the daemon", || self.child.try_wait().unwrap()).code()
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    /// Address of the public listener.
    pub fn public(&self) -> SocketAddr {
        self.ready.public
    }

    /// A management client with the daemon's first access token.
    pub fn management(&self) -> Management {
        Management::new(self.ready.management, &self.ready.access_token)
    }

    /// A wallet.
    pub fn wallet(&self) -> Wallet {
        Wallet::new(self.ready.public, &self.ready.issuer)
    }

    /// The id of the configuration that `dev` made for a docType.
    #[track_caller]
    pub fn configuration(&self, doc_type: &str) -> &str {
        self.ready.configurations.get(doc_type).unwrap_or_else(|| panic!("dev made no configuration of {doc_type}"))
    }

    /// What it wrote to standard output so far.
    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- issuerd's standard error:\n{}", self.stderr());
        }
    }
}

/// Runs a command of `issuerd` to its end; ends it when it does not end by itself.
#[track_caller]
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = command(false);
    command.args(arguments).envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let streams = [capture(child.stdout.take().unwrap()), capture(child.stderr.take().unwrap())];
    let started = now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("issuerd {} did not end by itself:\n{}", arguments.join(" "), text(&streams[1].0));
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    let [stdout, stderr] = streams.map(|(captured, lines)| {
        // The reader hangs up at the end of the stream.
        while lines.recv_timeout(PATIENCE).is_ok() {}
        captured.lock().unwrap().clone()
    });
    Output { status, stdout, stderr }
}

/// Runs a command whose standard output nobody reads.
pub fn run_unread(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command(false).args(arguments).stdin(Stdio::null()).stdout(writer).output().unwrap()
}

pub(crate) fn command(release: bool) -> Command {
    let mut command = Command::new(binary(release));
    // Variables for the tests are no keys of issuer.toml; the daemon would refuse them.
    #[expect(clippy::disallowed_methods, reason = "a clean environment for the child")]
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ISSUERD_")) {
        command.env_remove(name);
    }
    command
}

#[expect(clippy::disallowed_methods, reason = "ISSUERD_BIN tells the tests which binary to drive")]
fn binary(release: bool) -> PathBuf {
    if let Ok(path) = std::env::var("ISSUERD_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let target = profile.parent().unwrap();
    let order = if release {
        [target.join("release"), profile.to_owned()]
    } else {
        [profile.to_owned(), target.join("release")]
    };
    let found = order.iter().map(|folder| folder.join("issuerd")).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no issuerd in {}: build it first with `cargo build -p issuerd`", target.display()))
}

fn addresses(options: &Options) -> [String; 4] {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let (public, management) = options.listen.unwrap_or((any, any));
    ["--listen".into(), public.to_string(), "--management-listen".into(), management.to_string()]
}

fn capture(source: impl Read + Send + 'static) -> (Captured, mpsc::Receiver<String>) {
    let captured = Captured::default();
    let (sender, receiver) = mpsc::channel();
    let sink = Arc::clone(&captured);
    std::thread::spawn(move || {
        let mut source = BufReader::new(source);
        loop {
            let mut line = Vec::new();
            if source.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
                return;
            }
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            sink.lock().unwrap().extend(line);
        }
    });
    (captured, receiver)
}

fn text(captured: &Captured) -> String {
    String::from_utf8_lossy(&captured.lock().unwrap()).into_owned()
}

fn read_ready(line: &str, after: Duration) -> Ready {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}")).to_owned();
    let configurations = line["configurations"].as_object().unwrap().iter();
    let issuer = text("issuer");
    Ready {
        public: authority(&issuer),
        management: authority(&text("management")),
        access_token: text("access_token"),
        configurations: configurations.map(|(kind, id)| (kind.clone(), id.as_str().unwrap().to_owned())).collect(),
        issuer,
        line,
        after,
    }
}

fn authority(url: &str) -> SocketAddr {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.unwrap_or_else(|| panic!("{url} is not an http URL"));
    let authority = rest.split('/').next().unwrap_or_default();
    authority.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}
