//! The scripts of `interop/`: what others wrote, driven by node.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use issuerd_tests::Daemon;
use issuerd_tests::attester::Attester;
use issuerd_tests::client::WalletProvider;
use serde_json::{Value, json};

/// How long a script may take for a line: some start a browser on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Path of authentication providers.
const PROVIDERS: &str = "/v1/users/authentication-providers";
/// The client secret of the issuer at each provider.
const SECRET: &str = "a secret: with % and +";

#[track_caller]
fn command(script: &str, arguments: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    assert!(
        folder.join("node_modules").exists(),
        "the foreign wallet is not installed: run `npm ci` in {} (`cargo xtask test` does)",
        folder.display()
    );
    let mut command = Command::new("node");
    command.current_dir(&folder).arg(script).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a script of `interop/` and reads the line that it prints.
#[track_caller]
pub(crate) fn node(script: &str, arguments: &[&str], input: &str) -> Result<Value, String> {
    let mut child = command(script, arguments).spawn().expect("node, version 20 or later, must be installed");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// A script that says more than one line. Killed, by its process id, when dropped.
pub(crate) struct Script {
    child: Child,
    input: ChildStdin,
    lines: mpsc::Receiver<String>,
    problems: mpsc::Receiver<String>,
}

fn read(source: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

impl Script {
    #[track_caller]
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Self {
        let mut child = command(script, arguments).spawn().expect("node, version 20 or later, must be installed");
        let (lines, problems) = (read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap()));
        Self { input: child.stdin.take().unwrap(), child, lines, problems }
    }

    /// The next line of JSON; what libraries say besides is passed over.
    #[track_caller]
    pub(crate) fn line(&self) -> Value {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no line within {PATIENCE:?}:\n{}", self.problems.try_iter().collect::<Vec<_>>().join("\n"))
            };
            if let Ok(said) = serde_json::from_str(&line) {
                return said;
            }
        }
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who vouches for a foreign wallet and its keys, as its scripts are told.
pub(crate) fn vouchers(provider: &WalletProvider, attester: &Attester) -> Vec<String> {
    let (key, pkcs8) = (STANDARD.encode(attester.key().pkcs8()), STANDARD.encode(provider.pkcs8()));
    [
        ("--attestation-key", pkcs8),
        ("--attestation-certificate", STANDARD.encode(provider.certificate())),
        ("--key-attestation-key", key),
        ("--key-attestation-certificate", STANDARD.encode(attester.certificate())),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .collect()
}

/// The foreign wallet that sends its person to log in.
pub(crate) struct CodeFlow {
    script: Script,
    /// What a browser is to open.
    pub(crate) authorize: String,
}

impl CodeFlow {
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let script = Script::start("code-flow.mjs", arguments);
        let authorize = script.line()["authorize"].as_str().unwrap().to_owned();
        Self { script, authorize }
    }

    /// Tells it where its browser was sent to, when it does not listen itself.
    pub(crate) fn back(&mut self, url: &str) {
        self.script.say(url);
    }

    /// What it has in the end.
    #[track_caller]
    pub(crate) fn end(self) -> Value {
        self.script.line()
    }
}

/// A real identity provider, known to an issuer.
pub(crate) struct IdentityProvider {
    _script: Script,
    /// Its id at the issuer.
    pub(crate) id: String,
    /// Its issuer identifier.
    pub(crate) url: String,
}

impl IdentityProvider {
    /// Makes one known to `daemon`, and starts it. `more` is added to what the management API is told.
    #[track_caller]
    pub(crate) fn of(daemon: &Daemon, more: &Value) -> Self {
        let management = daemon.management();
        let body = |url: &str| {
            let mut body = json!({ "url": url, "clientId": "issuerd", "clientSecret": SECRET });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        // It is started with the callback that it answers at, which has the id that it is given here.
        let made = management.post(PROVIDERS, &body("http://127.0.0.1:1")).expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let script = Script::start("provider.mjs", &["--redirect", &text("redirectUrl"), "--secret", SECRET]);
        let url = script.line()["issuer"].as_str().unwrap().to_owned();
        management.put(&format!("{PROVIDERS}/{}", text("id")), &body(&url)).expect(200);
        Self { _script: script, id: text("id"), url }
    }
}

/// What a person did and saw in Chromium.
pub(crate) struct Seen(pub(crate) Value);

/// Steps of a person in Chromium, and how the browser is set up; screenshots go to a folder of this name below that of the build.
#[track_caller]
pub(crate) fn chromium(name: &str, setup: &Value, steps: &[Value]) -> Seen {
    let folder = screenshots(name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut asked = json!({ "folder": folder, "steps": steps });
    asked.as_object_mut().unwrap().extend(setup.as_object().unwrap().clone());
    Seen(node("browser.mjs", &[], &asked.to_string()).unwrap_or_else(|error| panic!("{error}")))
}

fn screenshots(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(name)
}

impl Seen {
    /// Where the browser ended.
    pub(crate) fn url(&self) -> &str {
        self.0["url"].as_str().unwrap()
    }

    /// What a look, or another step that notes something, has noted.
    #[track_caller]
    pub(crate) fn noted(&self, place: usize) -> &Value {
        self.0["noted"].get(place).unwrap_or_else(|| panic!("nothing noted at {place}: {}", self.0))
    }

    /// The page that a look has seen, as a screen reader tells it.
    #[track_caller]
    pub(crate) fn tree(&self, place: usize) -> &str {
        self.noted(place)["tree"].as_str().unwrap()
    }

    /// What the console said on pages of `origin`.
    pub(crate) fn said_by(&self, origin: &str) -> Vec<&str> {
        self.of("said", origin)
    }

    /// Origins that pages of `origin` sent requests to, links and redirects included.
    pub(crate) fn asked_by(&self, origin: &str) -> Vec<&str> {
        self.of("asked", origin)
    }

    fn of(&self, member: &str, origin: &str) -> Vec<&str> {
        let pairs = self.0[member].as_array().unwrap().iter();
        pairs.filter(|pair| pair[0] == origin).map(|pair| pair[1].as_str().unwrap()).collect()
    }

    /// Where redirects led.
    pub(crate) fn moves(&self) -> Vec<(u64, &str)> {
        let moves = self.0["moves"].as_array().unwrap().iter();
        moves.map(|one| (one["status"].as_u64().unwrap(), one["location"].as_str().unwrap())).collect()
    }
}
