//! Clients that are slow, large, broken or hostile.

use std::time::Duration;

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wait::{now, until};
use issuerd_tests::{Connection, Daemon, HolderKey, Request};
use serde_json::json;

/// Resident memory in KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A claim from start to end still works.
#[track_caller]
fn still_serves(daemon: &Daemon) {
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(MDL), &mdl(&management.country()));
    assert_eq!(daemon.wallet().claim(&offer, &[HolderKey::es256()]).len(), 1);
}

// HTP-9110-05
#[test]
fn htp_9110_05_large_contents_are_refused_at_once() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let before = memory(daemon.pid());
    for path in [wallet.token_path(), wallet.credential_path(), wallet.nonce_path()] {
        // Announced and never sent: the answer comes from the announcement.
        let mut connection = Connection::open(wallet.address);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n"
        );
        connection.write(head.as_bytes()).unwrap();
        assert_eq!(connection.read(false).unwrap().status, 413, "{path}");
        chunked(&daemon, &path);
    }
    let management = Request::new("POST", "/v1/openid/offers/pre-authorized").bearer(&daemon.ready.access_token);
    let large = management.content("application/json", vec![b' '; 3_000_000]);
    let answer = Connection::open(daemon.ready.management).try_send(&large);
    assert!(answer.is_err() || answer.unwrap().status == 413);
    assert!(memory(daemon.pid()) < before + 30_000, "{} KiB after {before} KiB", memory(daemon.pid()));
    still_serves(&daemon);
}

/// Sends chunks until the daemon answers or hangs up, 20 MB at most.
fn chunked(daemon: &Daemon, path: &str) {
    let mut connection = Connection::open(daemon.public());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    connection.write(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 65_536], b"\r\n"].concat();
    let sent = (0..320).take_while(|_| connection.write(&chunk).is_ok()).count();
    if let Ok(answer) = connection.read(false) {
        assert_eq!(answer.status, 413, "{path}");
    } else {
        assert!(sent < 320, "{path}: 20 MB were taken without an answer");
    }
}

// HTP-9110-06
#[test]
fn htp_9110_06_heads_of_16_kilobytes_pass_and_of_64_do_not() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let with = |size: usize| {
        let request = Request::post(&wallet.nonce_path())
            .header("X-A", &"a".repeat(size / 2))
            .header("X-B", &"b".repeat(size / 2));
        Connection::open(wallet.address).try_send(&request)
    };
    assert_eq!(with(16_000).unwrap().status, 200);
    assert!(with(64_000).is_err() || matches!(with(64_000).unwrap().status, 400 | 431));
    // SEC-SIZE-01: too many fields, too long a target.
    let many = (0..500).fold(Request::post(&wallet.nonce_path()), |request, n| request.header(&format!("X-{n}"), "1"));
    let answer = Connection::open(wallet.address).try_send(&many);
    assert!(answer.is_err() || matches!(answer.unwrap().status, 400 | 431));
    let long = Connection::open(wallet.address).try_send(&Request::get(&format!("/{}", "a".repeat(100_000))));
    assert!(long.is_err() || matches!(long.unwrap().status, 400 | 404 | 414 | 431));
    still_serves(&daemon);
}

// HTP-9110-07
#[test]
fn htp_9110_07_slow_clients_are_cut_off_and_hold_up_nobody() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let mut connection = Connection::open(wallet.address);
            connection.write(b"POST /v1/openid/nonce HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            connection
        })
        .collect();
    let start = now();
    let _ = wallet.nonce();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    // Bounded: the head within 10 seconds.
    for mut connection in slow {
        assert!(connection.closed_within(Duration::from_secs(20)));
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

// HTP-9110-07
#[test]
fn htp_9110_07_a_content_that_never_ends_is_cut_off() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let mut connection = Connection::open(wallet.address);
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        wallet.credential_path()
    );
    connection.write(head.as_bytes()).unwrap();
    // An answer or the end of the connection, in bounded time.
    assert!(connection.closed_within(Duration::from_secs(45)));
}

#[test]
fn malformed_http_is_refused_and_hurts_nobody() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let nonce = wallet.nonce_path();
    for bytes in [
        "\r\n\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".into(),
        "GET / HTTP/9.9\r\n\r\n".into(),
        "GET  /  HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n".into(),
        // Two lengths, and a length beside chunks: request smuggling.
        format!("POST {nonce} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nGET /"),
        format!("POST {nonce} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        format!("POST {nonce} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
        format!("POST {nonce} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".into(),
    ] {
        let mut connection = Connection::open(wallet.address);
        connection.write(bytes.as_bytes()).unwrap();
        if let Ok(answer) = connection.read(false) {
            assert!((400..500).contains(&answer.status), "{bytes:?}: {}", answer.status);
        }
    }
    still_serves(&daemon);
}

// SEC-PANIC-01
#[test]
fn sec_panic_01_nothing_that_is_sent_makes_a_500() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let values = [
        json!(null),
        json!(0),
        json!(""),
        json!([]),
        json!({}),
        json!(true),
        json!(-1.5e300),
        json!("x".repeat(10_000)),
    ];
    let mut sent = 0;
    // HTP-JSON-04: each known member with each wrong type.
    for member in ["credential_configuration_id", "credential_identifier", "proofs", "credential_response_encryption"] {
        for value in &values {
            let offer = management.offer_of(daemon.configuration(MDL), &mdl("UT"));
            let token = wallet.redeem(&offer);
            let answer = wallet.credential(&token, &json!({ member: value }));
            assert_eq!(answer.status, 400, "{member} {value}: {}", answer.text());
            sent += 1;
        }
    }
    for member in ["credentials", "userId", "transactionCodeConfiguration", "claims", "claimsToPersist", "expiresIn"] {
        for value in &values {
            let mut body = json!({ "credentials": [daemon.configuration(MDL)] });
            body[member] = value.clone();
            let answer = management.post("/v1/openid/offers/pre-authorized", &body);
            assert!(matches!(answer.status, 200 | 400), "{member} {value}: {}", answer.text());
            sent += 1;
        }
    }
    // HTP-ERR-02
    let said = daemon.stderr();
    assert!(sent > 70 && !said.contains("panicked"), "{said}");
}

#[test]
fn connections_are_kept_open_and_pipelined_requests_are_answered_in_order() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let mut connection = Connection::open(wallet.address);
    for _ in 0..50 {
        connection.send(&Request::post(&wallet.nonce_path())).expect(200);
    }
    let both = [Request::post(&wallet.nonce_path()), Request::get("/nope")]
        .map(|request| request.bytes(wallet.address))
        .concat();
    connection.write(&both).unwrap();
    assert_eq!([connection.read(false).unwrap().status, connection.read(false).unwrap().status], [200, 404]);
}

#[test]
fn sigterm_ends_open_requests_first_and_exits_0() {
    let mut daemon = Daemon::start();
    let wallet = daemon.wallet();
    let mut connection = Connection::open(wallet.address);
    let bytes = Request::post(&wallet.nonce_path()).bytes(wallet.address);
    let (start, rest) = bytes.split_at(bytes.len() - 2);
    connection.write(start).unwrap();
    // A request of another connection shows that the daemon has read on.
    let _ = wallet.nonce();
    daemon.signal(rustix::process::Signal::TERM);
    until("new connections are refused", || Connection::try_open(wallet.address).is_err().then_some(()));
    connection.write(rest).unwrap();
    if let Ok(answer) = connection.read(false) {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(daemon.wait(), Some(0));
}
