use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::Version;
use rcgen::CertificateParams;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, HandshakeKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::testing::{Ca, Folder, now, pem, write};
use super::*;
use crate::listener::limits::Limits;
use crate::listener::tests::{Served, rest, served_over};

const MULTI: &str = "issuerd_tls_handshakes_failed_total{listener=\"public\"}";

async fn served(folder: &Folder, limits: Limits) -> (Served, Arc<Tls>) {
    let tls = folder.tls();
    (served_over(limits, Some(Arc::clone(&tls))).await, tls)
}

impl Served {
    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    async fn handshakes_failed(&self, count: u32) {
        let counted = async {
            while !self.counts(&format!("{MULTI} {count}")) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), counted).await.expect("counted");
    }
}

async fn text(client: &reqwest::Client, url: String) -> Result<String, reqwest::Error> {
    client.get(url).send().await?.text().await
}

/// Whether `openssl s_client` agrees with the listener on how to speak, and all it printed.
async fn openssl(served: &Served, arguments: &str) -> (bool, String) {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &served.address.to_string()]).args(arguments.split(' '));
    let ran = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output().unwrap()).await.unwrap();
    let printed = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    (ran.status.success(), printed)
}

// TLS-195-01, TLS-195-02
#[tokio::test(flavor = "multi_thread")]
async fn only_tls_1_2_with_ephemeral_keys_and_gcm_and_tls_1_3_are_spoken() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits::default()).await;
    for good in [
        "-tls1_3",
        "-tls1_2",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
    ] {
        let (agreed, printed) = openssl(&served, good).await;
        assert!(agreed, "{good}: {printed}");
    }
    for bad in [
        "-tls1_1 -cipher ALL:@SECLEVEL=0",
        "-tls1 -cipher ALL:@SECLEVEL=0",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES256-CCM",
        "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305",
        "-tls1_2 -cipher AES128-GCM-SHA256",
        "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
        "-tls1_2 -cipher ALL:!ECDHE:@SECLEVEL=0",
        "-tls1_2 -cipher eNULL:@SECLEVEL=0",
        // The other application protocols.
        "-alpn h3",
    ] {
        let (agreed, printed) = openssl(&served, bad).await;
        assert!(!agreed && printed.contains("alert"), "{bad}: {printed}");
    }
    let (_, printed) = openssl(&served, "-tls1_2").await;
    assert!(
        printed.contains("Secure Renegotiation IS supported") && printed.contains("Compression: NONE"),
        "{printed}"
    );
}

// TLS-195-06
#[tokio::test]
async fn early_data_is_not_offered_to_who_comes_back() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits::default()).await;
    let mut config = folder.client(None);
    config.enable_early_data = true;
    let config = Arc::new(config);
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::clone(&config));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        assert!(ClientConnection::new(Arc::clone(&config), name.clone()).unwrap().early_data().is_none());
        let stream = TcpStream::connect(served.address).await.unwrap();
        let mut stream = connector.connect(name.clone(), stream).await.unwrap();
        // The ticket comes with the answer.
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("answered").unwrap();
        assert!(answer.ends_with(b"hello"));
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
    }
}

#[tokio::test]
async fn http_2_and_http_1_1_are_agreed_on() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits::default()).await;
    let client = folder.http(None);
    let answer = client.get(served.url("/")).send().await.unwrap();
    assert_eq!((answer.version(), answer.text().await.unwrap().as_str()), (Version::HTTP_2, "hello"));
    let mut config = folder.client(None);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let old = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().http1_only().build().unwrap();
    let answer = old.get(served.url("/")).send().await.unwrap();
    assert_eq!((answer.version(), answer.text().await.unwrap().as_str()), (Version::HTTP_11, "hello"));
    // The body arrives, whatever its length.
    let large = client.get(served.url("/large")).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(large.len(), 32 * 1024 * 1024);
    let sent = client.post(served.url("/length")).body("x".repeat(300_000)).send().await.unwrap();
    assert_eq!(sent.text().await.unwrap(), "300000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_replaced_under_load_without_a_request_lost() {
    let folder = Folder::new();
    let (served, tls) = served(&folder, Limits::default()).await;
    let kept = folder.http(None);
    assert_eq!(text(&kept, served.url("/")).await.unwrap(), "hello");
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let load: Vec<_> = (0..8)
        .map(|_| {
            let (config, url, stop, asked) =
                (folder.client(None), served.url("/"), Arc::clone(&stop), Arc::clone(&asked));
            served.tasks.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    // Each a connection of its own.
                    let client = reqwest::Client::builder().tls_backend_preconfigured(config.clone()).no_proxy();
                    assert_eq!(text(&client.build().unwrap(), url.clone()).await.unwrap(), "hello");
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut last = folder.ca.certify(|_| ());
    for _ in 0..10 {
        let before = asked.load(Ordering::SeqCst);
        last = folder.ca.certify(|_| ());
        folder.put(&last);
        tls.reload(now()).unwrap();
        let more = async {
            while asked.load(Ordering::SeqCst) < before + 8 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), more).await.expect("requests go on");
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap();
    }
    assert_eq!(text(&kept, served.url("/")).await.unwrap(), "hello");
    assert_eq!(shown(&served, &folder).await, last.der);
    assert!(served.counts(&format!("{MULTI} 0")));
}

/// The certificate that the listener shows.
async fn shown(served: &Served, folder: &Folder) -> rustls::pki_types::CertificateDer<'static> {
    let stream = TcpStream::connect(served.address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(folder.client(None)));
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn a_bad_new_pair_changes_nothing() {
    let folder = Folder::new();
    let (served, tls) = served(&folder, Limits::default()).await;
    let before = shown(&served, &folder).await;
    let good = std::fs::read_to_string(folder.path("server.key")).unwrap();
    // The certificate is there, its key not yet.
    folder.put(&folder.ca.certify(|_| ()));
    write(&folder.path("server.key"), &good, 0o600);
    let error = tls.reload(now()).unwrap_err().to_string();
    assert!(error.contains("`server.tls.key`") && error.contains("is not the key of"), "{error}");
    std::fs::remove_file(folder.path("server.pem")).unwrap();
    tls.reload(now()).unwrap_err();
    assert_eq!(shown(&served, &folder).await, before);
}

// RFC 8705
#[tokio::test]
async fn a_client_certificate_is_seen_when_a_ca_vouches_for_it() {
    let (folder, clients) = (Folder::new(), Ca::new());
    write(&folder.path("clients.pem"), &pem("CERTIFICATE", &clients.der), 0o644);
    let files = TlsFiles { client_ca: Some(folder.path("clients.pem")), ..folder.files() };
    let served = served_over(Limits::default(), Some(Arc::new(Tls::load(files, now()).unwrap()))).await;
    let known = clients.certify(|_| ());
    let digest = |der: &[u8]| format!("{:?}", &der[der.len() - 8..]);
    let client = folder.http(Some(&known));
    for _ in 0..2 {
        assert_eq!(text(&client, served.url("/certificate")).await.unwrap(), digest(&known.der));
    }
    // Resumed sessions know it, too.
    let again = folder.client(Some(&known));
    for _ in 0..3 {
        let client = reqwest::Client::builder().tls_backend_preconfigured(again.clone()).no_proxy().build().unwrap();
        assert_eq!(text(&client, served.url("/certificate")).await.unwrap(), digest(&known.der));
    }
    assert_eq!(text(&folder.http(None), served.url("/certificate")).await.unwrap(), "none");
    let foreign = Ca::new().certify(|_| ());
    assert!(text(&folder.http(Some(&foreign)), served.url("/certificate")).await.is_err());
    served.handshakes_failed(1).await;
}

// TLS-195-05
#[tokio::test]
async fn who_speaks_no_tls_is_told_or_cut_and_never_served() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits::default()).await;
    let mut plain = served.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n").await;
    let sending = plain.write_all(&vec![b'x'; 70_000]).await;
    assert!(sending.is_ok());
    let told = rest(&mut plain).await;
    assert!(told.starts_with("HTTP/1.1 400 ") && told.ends_with("This port speaks TLS: use https\n"), "{told}");
    let length: usize = told.split("Content-Length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
    assert_eq!(told.split("\r\n\r\n").nth(1).unwrap().len(), length);
    for garbage in
        [&b"\0\0\0\0"[..], b"\x16\x03\x01\xff\xff garbage", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"ssh"]
    {
        let mut stream = served.connect().await;
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut bytes = Vec::new();
        let _closed_or_reset = timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await.expect("closed");
        assert!(!bytes.starts_with(b"HTTP"), "{garbage:?}");
    }
    served.handshakes_failed(5).await;
    // A probe of the port is no failure.
    served.connect().await.shutdown().await.unwrap();
    assert_eq!(text(&folder.http(None), served.url("/")).await.unwrap(), "hello");
    assert!(served.counts(&format!("{MULTI} 5")));
}

// HTP-9110-07
#[tokio::test(flavor = "multi_thread")]
async fn slow_handshakes_are_cut_and_hinder_nobody() {
    let folder = Folder::new();
    let limits = Limits { handshake_time: Duration::from_millis(400), handshakes: 4, ..Limits::default() };
    let (served, _) = served(&folder, limits).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(served.connect().await);
    }
    // Who says nothing takes no place.
    let began = Instant::now();
    assert_eq!(text(&folder.http(None), served.url("/")).await.unwrap(), "hello");
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    // Who begins does, for a bounded time.
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(served.say("\u{16}\u{3}\u{1}\0").await);
    }
    assert_eq!(text(&folder.http(None), served.url("/")).await.unwrap(), "hello");
    for stream in silent.iter_mut().chain(&mut slow) {
        let mut bytes = Vec::new();
        let _closed_or_reset =
            timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await.expect("cut in time");
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_are_served() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits { handshakes: 8, ..Limits::default() }).await;
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let (client, url) = (folder.http(None), served.url("/"));
            served.tasks.spawn(async move { text(&client, url).await.unwrap() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "hello");
    }
    assert!(served.counts("issuerd_connections_accepted_total{listener=\"public\"} 100"));
    assert!(served.counts(&format!("{MULTI} 0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_lets_open_requests_end_over_http_2_and_does_not_wait_for_handshakes() {
    let folder = Folder::new();
    let (served, _) = served(&folder, Limits::default()).await;
    let client = folder.http(None);
    let before = client.get(served.url("/")).send().await.unwrap();
    assert_eq!(before.version(), Version::HTTP_2);
    let waiting = served.tasks.spawn({
        let (client, url) = (client.clone(), served.url("/waits"));
        async move { text(&client, url).await.unwrap() }
    });
    let (mut silent, mut half) = (served.connect().await, served.say("\u{16}\u{3}\u{1}\0").await);
    let accepted = async {
        while !served.counts("issuerd_connections{listener=\"public\"} 3") {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), accepted).await.expect("accepted");
    assert!(!served.tasks.is_stopping());
    served.waiting.acquire().await.unwrap().forget();
    served.tasks.stop();
    assert_eq!(rest(&mut silent).await, "");
    let mut bytes = Vec::new();
    let _closed_or_reset = timeout(Duration::from_secs(5), half.read_to_end(&mut bytes)).await.expect("closed soon");
    served.go_on.notify_one();
    assert_eq!(timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap(), "done");
    assert!(served.tasks.drained(Duration::from_secs(5)).await);
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    type Spoil = fn(&Folder);
    let cases: [(&str, Spoil, &str); 12] = [
        ("certificate", |folder| std::fs::remove_file(folder.path("server.pem")).unwrap(), "cannot be read"),
        ("certificate", |folder| write(&folder.path("server.pem"), "", 0o644), "holds no certificate in PEM"),
        (
            "certificate",
            |folder| write(&folder.path("server.pem"), "-----BEGIN CERTIFICATE-----\nx", 0o644),
            "is not PEM",
        ),
        (
            "certificate",
            |folder| write(&folder.path("server.pem"), &pem("CERTIFICATE", b"x"), 0o644),
            "is no certificate",
        ),
        ("certificate", |folder| folder.put(&folder.ca.certify(expired)), "expired on 2021-01-01"),
        ("certificate", |folder| folder.put(&folder.ca.certify(future)), "is not valid before 2101-01-01"),
        ("certificate", out_of_order, "is out of order: certificate 1 is not signed"),
        ("certificate", |folder| write(&folder.path("server.pem"), &" ".repeat(2 << 20), 0o644), "is too long"),
        ("key", |folder| write(&folder.path("server.key"), "", 0o600), "holds no private key in PEM"),
        (
            "key",
            |folder| write(&folder.path("server.key"), &pem("ENCRYPTED PRIVATE KEY", b"x"), 0o600),
            "not encrypted",
        ),
        ("key", |folder| write(&folder.path("server.key"), &pem("PRIVATE KEY", b"x"), 0o600), "cannot be used"),
        ("key", |folder| set_mode(folder, 0o644), "can be read by others"),
    ];
    for (key, spoil, wrong) in cases {
        let folder = Folder::new();
        spoil(&folder);
        let error = Tls::load(folder.files(), now()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`server.tls.{key}` (")) && error.contains(wrong), "{wrong}: {error}");
    }
    let folder = Folder::new();
    set_mode(&folder, 0o640);
    let tls = Tls::load(folder.files(), now()).unwrap();
    assert!(
        tls.is_for("localhost") && tls.is_for("127.0.0.1") && !tls.is_for("[::1]") && !tls.is_for("issuer.example")
    );
    let files = TlsFiles { client_ca: Some(folder.path("server.key")), ..folder.files() };
    let error = Tls::load(files, now()).unwrap_err().to_string();
    assert!(error.starts_with("`server.tls.client_ca` (") && error.contains("holds no certificate"), "{error}");
}

fn expired(params: &mut CertificateParams) {
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
}

fn future(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2101, 1, 1);
}

fn out_of_order(folder: &Folder) {
    let (one, other) = (folder.ca.certify(|_| ()), Ca::new());
    write(&folder.path("server.pem"), &(pem("CERTIFICATE", &one.der) + &pem("CERTIFICATE", &other.der)), 0o644);
    write(&folder.path("server.key"), &pem("PRIVATE KEY", &one.key.serialize_der()), 0o600);
}

fn set_mode(folder: &Folder, mode: u32) {
    let text = std::fs::read_to_string(folder.path("server.key")).unwrap();
    write(&folder.path("server.key"), &text, mode);
}

#[test]
fn a_chain_with_its_root_is_good() {
    let folder = Folder::new();
    let made = folder.ca.certify(|_| ());
    folder.put(&made);
    write(&folder.path("server.pem"), &(pem("CERTIFICATE", &made.der) + &pem("CERTIFICATE", &folder.ca.der)), 0o644);
    Tls::load(folder.files(), now()).unwrap();
}
