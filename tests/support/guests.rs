use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::daemon::Daemon;
use crate::login::PERSON;
use crate::prometheus::{labels, samples};
use serde_json::{Value, json};

const CONTRACT: &str = include_str!("../../sdk/wit/issuer-plugin-1.0.0/plugin.wit");
const COMMON: &str = include_str!("guests/common.wat");

/// Writes the hostile guest of a world, which attacks by the `mode` in its config.
#[track_caller]
fn write(file: &Path, world: &str) {
    let exports = match world {
        "auth-hook" => include_str!("guests/auth-hook.wat"),
        _ => include_str!("guests/claim-source.wat"),
    };
    let mut module = wat::parse_str(format!("(module\n{COMMON}\n{exports})")).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", CONTRACT).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap();
    std::fs::write(file, encoder.encode().unwrap()).unwrap();
}

/// A text in `issuer.toml`.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `[[plugin.hostile.http]]`
pub fn http(origin: &str, private: bool) -> String {
    format!("[[plugin.hostile.http]]\norigin = \"{origin}\"\nmethods = [\"GET\"]\nprivate = {private}\n")
}

/// An installation with a hostile plugin, `hostile`.
pub struct Hostile {
    /// The installation.
    pub daemon: Daemon,
    folder: tempfile::TempDir,
}

impl Hostile {
    /// Its claim source gives the claims of a credential type.
    #[track_caller]
    pub fn claim_source(credential: &str) -> Self {
        Self::start("claim-source", &format!("credentials = [\"{credential}\"]\n"))
    }

    /// Its auth hook is asked in a phase.
    #[track_caller]
    pub fn auth_hook(phase: &str) -> Self {
        Self::start("auth-hook", &format!("[[auth_hook]]\nplugin = \"hostile\"\nphases = [\"{phase}\"]\n"))
    }

    /// Its auth hook talks to a person, [`crate::login::PERSON`] of the test users, and may send them to `https://idp.example`.
    #[track_caller]
    pub fn page_hook() -> Self {
        let person = format!("[[login.test_user]]\nname = \"{PERSON}\"\nclaims = {{ name = \"{PERSON}\" }}\n");
        let hook = "[[auth_hook]]\nplugin = \"hostile\"\nphases = [\"authorize\"]\n";
        Self::start("auth-hook", &format!("redirect_origins = [\"https://idp.example\"]\n{person}{hook}"))
    }

    #[track_caller]
    fn start(world: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hostile.wasm");
        write(&file, world);
        let good = "[plugin.hostile.config]\nmode = \"claims\"\nclaims = \"{}\"\n";
        let daemon =
            Daemon::installed(&format!("[plugin.hostile]\nfile = \"{}\"\n{more}# attack\n{good}", file.display()));
        Self { daemon, folder }
    }

    /// The same plugin with other grants and another config, from now on.
    #[track_caller]
    pub fn set(&self, grants: &str, config: &[(&str, &str)]) {
        let lines: Vec<_> = config.iter().map(|(key, value)| format!("{key} = {}", quoted(value))).collect();
        let config = lines.join("\n") + "\n";
        self.daemon.rewrite_config(|text| {
            let kept = text.split("# attack").next().unwrap_or_default().to_owned();
            format!("{kept}# attack\n{grants}[plugin.hostile.config]\n{config}")
        });
        self.daemon.management().post("/v1/plugins/hostile/reload", &json!({})).expect(200);
    }

    /// It gives these claims from now on.
    #[track_caller]
    pub fn say(&self, claims: &str) {
        self.set("", &[("mode", "claims"), ("claims", claims)]);
    }

    /// `[secret.token]` with a value in a file, which may leave to `origin`.
    pub fn secret(&self, value: &str, origin: &str) -> String {
        let file = self.folder.path().join("secret");
        std::fs::write(&file, value).unwrap();
        format!("[secret.token]\nfrom = \"file:{}\"\norigins = [\"{origin}\"]\n", file.display())
    }

    /// How many calls ended so.
    pub fn calls(&self, outcome: &str) -> u64 {
        self.count("issuerd_plugin_calls_total", outcome)
    }

    /// How many outgoing requests ended so.
    pub fn requests(&self, outcome: &str) -> u64 {
        self.count("issuerd_plugin_http_requests_total", outcome)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters are small whole numbers")]
    fn count(&self, name: &str, outcome: &str) -> u64 {
        let wanted = [("plugin", "hostile"), ("outcome", outcome)];
        let matches = |series: &str| {
            let found = labels(series);
            series.split('{').next() == Some(name) && wanted.iter().all(|label| found.contains(label))
        };
        let metrics = samples(&self.daemon.management().metrics());
        metrics.iter().filter(|(series, _)| matches(series)).map(|(_, value)| *value as u64).sum()
    }
}

/// A server that gives the same kind of answer to every request.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Makes each answer of the request's lines: further header lines, each with its end, and the body. A `location` makes it a redirect.
    pub fn start(answer: impl Fn(&[String]) -> (String, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                let (headers, body) = answer(&head);
                let status = if headers.starts_with("location") { "302 Found" } else { "200 OK" };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
        Self { address, connections }
    }

    /// Answers with a body.
    pub fn says(body: &'static str) -> Self {
        Self::start(move |_| (String::new(), body.to_owned()))
    }

    /// Points somewhere else.
    pub fn points_to(place: String) -> Self {
        Self::start(move |_| (format!("location: {place}\r\n"), String::new()))
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}
