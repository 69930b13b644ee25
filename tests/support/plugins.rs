use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};

use crate::Daemon;

/// The built plugins: `ISSUERD_PLUGINS_DIR`, or where `cargo xtask plugins` puts them.
#[expect(clippy::disallowed_methods, reason = "the folder of the built plugins is told to the tests as the binary is")]
pub fn folder() -> PathBuf {
    let made = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    std::env::var("ISSUERD_PLUGINS_DIR").map_or_else(|_| made(), PathBuf::from)
}

/// The file of a built plugin.
#[track_caller]
pub fn component(name: &str) -> PathBuf {
    let file = folder().join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is not built: run `cargo xtask plugins` (`cargo xtask test` does)", file.display());
    file.canonicalize().unwrap()
}

/// SHA-256 of a file, hex.
pub fn sha256(file: &Path) -> String {
    let sum = digest(&SHA256, &std::fs::read(file).unwrap());
    sum.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// `[plugin.NAME]` of a built plugin with more lines.
#[track_caller]
pub fn plugin(name: &str, built: &str, more: &str) -> String {
    format!("[plugin.{name}]\nfile = \"{}\"\n{more}\n", component(built).display())
}

/// The plugin `people`: a table with the columns of its first line, looked up by the claim `employee`.
#[track_caller]
pub fn people(credential: &str, table: &str) -> String {
    let more = format!(
        "credentials = [\"{credential}\"]\n[plugin.people.config]\nkey_claim = \"employee\"\nkey_column = \"employee\"\n\
        table = \"\"\"\n{table}\n\"\"\""
    );
    plugin("people", "register-csv", &more)
}

/// The plugin `crm`: claims from the register, with a secret from a file. `built` is one of `register-http` and its translations.
#[track_caller]
pub fn crm(credential: &str, built: &str, register: &Register, secret: &Path) -> String {
    let origin = format!("http://{}", register.address);
    let more = format!(
        "credentials = [\"{credential}\"]\ncache = {{ bytes = 65536, entries = 16 }}\n[plugin.crm.config]\n\
        url = \"{origin}/v1/{{offer.employee}}\"\nclaims = {{ name = \"/name\" }}\nsecret = \"crm-token\"\n\
        [[plugin.crm.secret]]\nname = \"crm-token\"\nuse = [\"header\"]\n\
        [[plugin.crm.http]]\norigin = \"{origin}\"\nmethods = [\"GET\"]\npath = \"/v1\"\nprivate = true\n\
        [secret.crm-token]\nfrom = \"file:{}\"\norigins = [\"{origin}\"]",
        secret.display()
    );
    plugin("crm", built, &more)
}

/// Writes another version of a plugin, which does the same and has another digest: it is compiled anew. The file is replaced at once.
#[track_caller]
pub fn write_version(of: &Path, to: &Path, number: usize) {
    let name = format!("version {number}");
    let size = u8::try_from(name.len() + 1).unwrap();
    // A custom section of a component: 0, its size, and its name behind the name's length.
    let section = [&[0, size, size - 1], name.as_bytes()].concat();
    let half_way = to.with_extension("new");
    std::fs::write(&half_way, [std::fs::read(of).unwrap(), section].concat()).unwrap();
    std::fs::rename(half_way, to).unwrap();
}

impl Daemon {
    /// Changes `issuer.toml` of an installation; the daemon doesn't look at it before it is told to.
    pub fn rewrite_config(&self, change: impl FnOnce(String) -> String) {
        let file = self.data().join("issuer.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, change(text)).unwrap();
    }
}

/// A register with an HTTP interface: answers each path as it was told, any other with 404.
pub struct Register {
    /// Where it listens.
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Register {
    /// Answers each path with a status and a JSON text.
    pub fn start(answers: &'static [(&'static str, u16, &'static str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<_> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
                sink.lock().unwrap().push(head.join("\n"));
                let found = answers.iter().find(|(known, ..)| *known == path);
                let (status, body) = found.map_or((404, "{}"), |(_, status, body)| (*status, *body));
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, requests }
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
