//! The commands, from a shell.

use std::process::Output;

use issuerd_tests::daemon::{MDL, Options, PID, SD_JWT_PID, run, run_unread};
use issuerd_tests::{Daemon, HolderKey, Request};

fn text(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn dev_says_one_line_of_json_on_standard_output() {
    let mut daemon = Daemon::start();
    assert_eq!(daemon.ready.configurations.keys().collect::<Vec<_>>(), [PID, MDL, SD_JWT_PID]);
    for member in ["issuer", "management", "client_id", "client_secret", "access_token"] {
        assert!(daemon.ready.line[member].as_str().is_some_and(|value| !value.is_empty()), "{member}");
    }
    let offer = daemon
        .management()
        .offer_of(daemon.configuration(MDL), &issuerd_tests::claims::mdl(&daemon.management().country()));
    daemon.wallet().claim(&offer, &[HolderKey::es256()]);
    assert_eq!(daemon.end(), Some(0));
    assert_eq!(daemon.stdout().lines().count(), 1, "{}", daemon.stdout());
}

#[test]
fn sigint_ends_as_sigterm_does() {
    let mut daemon = Daemon::start();
    daemon.signal(rustix::process::Signal::INT);
    assert_eq!(daemon.wait(), Some(0));
}

// OPS-02
#[test]
fn ops_02_check_tells_every_mistake_at_once_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuer.toml");
    std::fs::write(
        &file,
        "[server]\nissuer = \"http://issuer.example\"\nlisten = \"here\"\n[isuance]\nbatch_size = 5\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let output = run(&["check", "--config", path], &[]);
    let (out, err) = text(&output);
    assert_eq!(output.status.code(), Some(1));
    let said = out + &err;
    assert!(said.contains("isuance") && said.contains("issuance"), "{said}");
    std::fs::write(
        &file,
        "[server]\nissuer = \"http://issuer.example\"\nlisten = \"here\"\n[issuance]\nbatch_size = 5000\n",
    )
    .unwrap();
    let output = run(&["check", "--config", path], &[]);
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = text(&output);
    let said = out + &err;
    for mistake in ["server.issuer", "server.listen", "issuance.batch_size"] {
        assert!(said.contains(mistake), "{mistake} in {said}");
    }
    std::fs::write(&file, "[server]\nissuer = \"https://issuer.example/acme\"\n").unwrap();
    assert_eq!(run(&["check", "--config", path], &[]).status.code(), Some(0));
    // The environment is part of the configuration.
    assert_eq!(run(&["check", "--config", path], &[("ISSUERD_ISSUANCE_BATCH_SIZE", "5000")]).status.code(), Some(1));
    assert_eq!(run(&["check", "--config", path], &[("ISSUERD_NONSENSE", "1")]).status.code(), Some(1));
    assert_eq!(run(&["check", "--config", "no-such-file.toml"], &[]).status.code(), Some(1));
}

// OPS-02
#[test]
fn ops_02_serve_does_not_start_with_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuer.toml");
    std::fs::write(&file, "[server]\nissuer = \"http://issuer.example\"\n").unwrap();
    let output = run(&["serve", "--config", file.to_str().unwrap()], &[]);
    assert!(!output.status.success());
    assert!(text(&output).1.contains("server.issuer"), "{:?}", text(&output));
}

#[test]
fn the_commented_defaults_of_the_repository_are_right() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../issuer.toml");
    let output = run(&["check", "--config", file], &[]);
    assert_eq!(output.status.code(), Some(0), "{:?}", text(&output));
}

#[test]
fn every_command_has_help() {
    let (out, _) = text(&run(&["--help"], &[]));
    for command in ["serve", "dev", "check", "init", "client", "offer"] {
        assert!(out.contains(command), "{command} in {out}");
        let output = run(&[command, "--help"], &[]);
        assert!(output.status.success() && text(&output).0.contains("Usage"), "{command}: {:?}", text(&output));
    }
    let version = run(&["--version"], &[]);
    assert!(version.status.success() && text(&version).0.starts_with("issuerd "), "{:?}", text(&version));
    let unknown = run(&["srve"], &[]);
    assert!(!unknown.status.success() && text(&unknown).1.contains("serve"), "{:?}", text(&unknown));
}

#[test]
fn the_address_and_the_credentials_are_taken_before_and_after_the_command() {
    let daemon = Daemon::start();
    let url = format!("http://{}", daemon.ready.management);
    let secret = daemon.ready.line["client_secret"].as_str().unwrap();
    let api = ["--management", &url, "--client-id", "dev", "--client-secret", secret];
    for order in [[&["offer"], &api[..], &["list"]].concat(), [&["offer", "list"], &api[..]].concat()] {
        let output = run(&order, &[]);
        assert!(output.status.success(), "{:?}", text(&output));
    }
    let output = run(&[&["client", "list"], &api[..]].concat(), &[]);
    assert!(text(&output).0.contains("issuerd dev"), "{:?}", text(&output));
}

#[test]
fn init_says_where_the_master_key_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let key = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2s=";
    let init = ["init", "--country", "UT", "--json"];
    let output = run(&init, &[("ISSUERD_STORE_DATA_DIR", data), ("ISSUERD_MASTER_KEY", key)]);
    let (out, err) = text(&output);
    assert!(out.contains("\"environment variable ISSUERD_MASTER_KEY\""), "{out}{err}");
    assert!(!out.contains(key) && !folder.path().join("data/master.key").exists());
}

#[test]
fn a_second_daemon_on_the_same_data_says_so() {
    let daemon = Daemon::start();
    let data = daemon.data().to_str().unwrap().to_owned();
    let output = run(
        &["dev", "--json", "--data-dir", &data, "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"],
        &[],
    );
    assert!(!output.status.success());
    let (out, err) = text(&output);
    assert!(out.is_empty(), "{out}");
    let said = err.to_lowercase();
    assert!(
        said.contains("already") || said.contains("another") || said.contains("in use") || said.contains("lock"),
        "{err}"
    );
    // The first goes on.
    Request::get("/readyz").send(daemon.ready.management).expect(200);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let daemon = Daemon::start();
    let folder = tempfile::tempdir().unwrap();
    let (data, listen) = (folder.path().to_str().unwrap(), daemon.public().to_string());
    let output =
        run(&["dev", "--json", "--data-dir", data, "--listen", &listen, "--management-listen", "127.0.0.1:0"], &[]);
    assert!(!output.status.success());
    assert!(text(&output).1.contains(&listen), "{:?}", text(&output));
}

#[test]
fn the_log_can_be_json_lines() {
    let options =
        Options::default().environment("ISSUERD_LOG_FORMAT", "json").environment("ISSUERD_LOG_LEVEL", "debug");
    let mut daemon = Daemon::with(options);
    // SEC-LOG-02: what a client sends cannot make a line of its own.
    daemon.wallet().send(&Request::get("/nope%0aFAKE").header("User-Agent", "a\u{1b}[31m"));
    let _ = daemon.wallet().nonce();
    daemon.end();
    let log = daemon.stderr();
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok_and(|value| value.is_object()), "{line}");
    }
    assert!(!log.contains('\u{1b}'));
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_without_a_panic() {
    let output = run_unread(&["check", "--config", "/dev/null"]);
    assert_eq!((output.status.code(), text(&output).1), (Some(1), String::new()));
}

#[cfg(unix)]
#[test]
fn files_of_the_data_directory_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let daemon = Daemon::start();
    let mut count = 0;
    for file in std::fs::read_dir(daemon.data()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{}: {mode:o}", file.path().display());
        count += 1;
    }
    assert!(count > 0);
}
