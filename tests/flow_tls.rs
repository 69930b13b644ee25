//! TLS, over the real binary with curl and openssl as clients.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use issuerd_tests::Daemon;
use issuerd_tests::daemon::{MDL, Options, run};
use issuerd_tests::wait::{until, within};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

const METADATA: &str = "/.well-known/openid-credential-issuer";

/// What curl says: its exit code, the HTTP version and the status, the body.
pub(crate) struct Curled {
    pub(crate) code: i32,
    version: String,
    pub(crate) status: String,
    pub(crate) body: String,
}

pub(crate) fn curl(ca: &Path, url: &str, more: &[&str]) -> Curled {
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "20", "--write-out", "\n%{http_version} %{http_code}", "--cacert"])
        .arg(ca)
        .args(more)
        .arg(url)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, line) = text.rsplit_once('\n').unwrap();
    let (version, status) = line.split_once(' ').unwrap();
    let code = output.status.code().unwrap();
    Curled { code, version: version.into(), status: status.into(), body: body.into() }
}

/// A CA with a folder of files.
pub(crate) struct Ca {
    folder: TempDir,
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

pub(crate) fn pem(tag: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {tag}-----\n{}\n-----END {tag}-----\n", lines.join("\n"))
}

impl Ca {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With one name for all, openssl takes a certificate for its own CA.
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "a CA");
        let pem = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
        let made = Self { folder: TempDir::new().unwrap(), issuer: Issuer::new(params, key), pem };
        std::fs::write(made.path("ca.pem"), &made.pem).unwrap();
        made
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate for this machine and its key as `folder/server.pem` and `folder/server.key`.
    pub(crate) fn certify(&self, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join("server.pem"), pem("CERTIFICATE", made.der())).unwrap();
        std::fs::write(folder.join("server.key"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
        chmod(&folder.join("server.key"), 0o600);
    }
}

fn chmod(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

pub(crate) fn section(name: &str, folder: &Path) -> String {
    let folder = folder.display();
    format!("[{name}.tls]\ncertificate = \"{folder}/server.pem\"\nkey = \"{folder}/server.key\"\n")
}

/// Sends the head of a request over TLS and leaves the connection open.
fn open_tls(daemon: &Daemon) -> Child {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-ign_eof", "-connect", &daemon.public().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let request = format!("GET {METADATA} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.stdin.as_mut().unwrap().write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    client.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    client
}

// TLS-195-01, TLS-195-03
#[test]
fn dev_serves_https_with_a_ca_that_it_keeps() {
    let options = Options { arguments: vec!["--tls".into()], ..Options::default() };
    let daemon = Daemon::with(options);
    let issuer = daemon.ready.issuer.clone();
    assert!(issuer.starts_with("https://127.0.0.1:"), "{issuer}");
    assert!(daemon.ready.line["management"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(daemon.ready.line.as_object().unwrap().len(), 6, "the line stays as it is");
    let folder = daemon.data().join("tls");
    let ca = folder.join("ca.pem");
    until("the CA is named", || daemon.stderr().contains("ca.pem").then_some(()));
    assert_eq!([mode(&folder.join("ca.key")), mode(&folder.join("server.key")), mode(&folder)], [0o600, 0o600, 0o700]);
    let url = format!("{issuer}{METADATA}");
    for (more, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let got = curl(&ca, &url, &[more]);
        assert_eq!((got.code, got.version.as_str(), got.status.as_str()), (0, version, "200"), "{}", got.body);
        let document: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(document["credential_issuer"], issuer);
        assert_eq!(document["nonce_endpoint"], format!("{issuer}/v1/openid/nonce"));
    }
    for refused in [["--tls-max", "1.1"], ["--tls-max", "1.0"]] {
        assert_ne!(curl(&ca, &url, &refused).code, 0);
    }
    // A client that does not know the CA breaks off.
    assert_eq!(curl(&Ca::new().path("ca.pem"), &url, &[]).code, 60);
    // TLS-195-05: plain HTTP to the same port.
    let plain = curl(&ca, &url.replace("https:", "http:"), &["--data", "grant_type=x"]);
    assert_eq!((plain.status.as_str(), plain.body.as_str()), ("400", "This port speaks TLS: use https\n"));
    let before = std::fs::read(&ca).unwrap();
    let daemon = daemon.restart();
    assert_eq!(std::fs::read(&ca).unwrap(), before);
    assert_eq!(curl(&ca, &url, &[]).status, "200");
    // A wallet's first steps.
    let offer = daemon.management().offer_of(daemon.configuration(MDL), &serde_json::json!({}));
    let form =
        format!("grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code={}", offer.code);
    let token = curl(&ca, &format!("{issuer}/v1/oauth/token"), &["--http2", "--data", &form]);
    assert_eq!(token.status, "200", "{}", token.body);
}

#[test]
fn certificates_are_replaced_at_sighup_and_when_their_files_change() {
    let (files, one, two, three) = (TempDir::new().unwrap(), Ca::new(), Ca::new(), Ca::new());
    one.certify(files.path());
    let mut daemon = Daemon::installed_as("https", &section("server", files.path()));
    let url = format!("{}{METADATA}", daemon.ready.issuer);
    let known = |ca: &Ca| curl(&ca.path("ca.pem"), &url, &[]).code == 0;
    assert!(known(&one) && !known(&two));
    let mut open = open_tls(&daemon);

    two.certify(files.path());
    daemon.signal(Signal::HUP);
    until("the second certificate", || known(&two).then_some(()));
    assert!(!known(&one));

    // A key that is not the certificate's: what was stays.
    std::fs::write(files.path().join("server.key"), "nothing").unwrap();
    daemon.signal(Signal::HUP);
    until("the log says why", || daemon.stderr().contains("was not replaced").then_some(()));
    until("the log says what is wrong", || daemon.stderr().contains("holds no private key").then_some(()));
    assert!(known(&two));

    three.certify(files.path());
    within(std::time::Duration::from_secs(30), "the third certificate", || known(&three).then_some(()));
    assert!(open.try_wait().unwrap().is_none(), "an open connection goes on");

    // The drain ends with connections that are open.
    assert_eq!(daemon.end(), Some(0));
    until("the end of the connection", || open.try_wait().unwrap());
}

#[test]
fn a_management_listener_speaks_tls_with_the_commands() {
    let (files, ca) = (TempDir::new().unwrap(), Ca::new());
    ca.certify(files.path());
    let set = |name: &str, file: &str| (name.to_owned(), files.path().join(file).display().to_string());
    let environment =
        vec![set("ISSUERD_MANAGEMENT_TLS_CERTIFICATE", "server.pem"), set("ISSUERD_MANAGEMENT_TLS_KEY", "server.key")];
    let daemon = Daemon::with(Options { environment, ..Options::default() });
    let line = &daemon.ready.line;
    let text = |name: &str| line[name].as_str().unwrap();
    assert!(text("management").starts_with("https://127.0.0.1:"));
    let ca = ca.path("ca.pem");
    assert_eq!(curl(&ca, &format!("{}/readyz", text("management")), &[]).status, "200");
    let mut environment = vec![
        ("ISSUERD_MANAGEMENT_URL", text("management")),
        ("ISSUERD_CLIENT_ID", text("client_id")),
        ("ISSUERD_CLIENT_SECRET", text("client_secret")),
    ];
    let refused = run(&["offer", "list"], &environment);
    assert!(!refused.status.success());
    environment.push(("ISSUERD_MANAGEMENT_CA", ca.to_str().unwrap()));
    let listed = run(&["offer", "create", "--credential", MDL], &environment);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
}

// OPS-02
#[test]
fn check_names_what_is_wrong_with_certificates() {
    let (files, ca) = (TempDir::new().unwrap(), Ca::new());
    ca.certify(files.path());
    let config = files.path().join("issuer.toml");
    let checked = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let output = run(&["check", "--config", config.to_str().unwrap()], &[]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    let https = "[server]\nissuer = \"https://issuer.example\"\n";
    let both = format!("{https}{}{}", section("server", files.path()), section("management", files.path()));
    let (good, said) = checked(&both);
    assert!(good && said.contains("server.tls: the certificate is valid until"), "{said}");
    assert!(said.contains("it is not for issuer.example"), "{said}");
    chmod(&files.path().join("server.key"), 0o644);
    let (good, said) = checked(&both);
    assert!(!good && said.contains("`server.tls.key`") && said.contains("`management.tls.key`"), "{said}");
    assert!(said.contains("chmod 600"), "{said}");
    let (good, said) = checked(&section("server", files.path()));
    assert!(!good && said.contains("`server.issuer` must be https"), "{said}");
    let (good, said) = checked("[profile]\nhaip = true\n[dpop]\nrequired = false\n");
    assert!(!good && said.contains("`dpop.required` contradicts `profile.haip`"), "{said}");
}
