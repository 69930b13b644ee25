//! Plugins from the outside: what a start, `check` and the management API say of them, and what a reload does.

use std::fs;
use std::path::Path;

use issuerd_tests::Daemon;
use issuerd_tests::daemon::{Options, run};
use issuerd_tests::management::details;
use issuerd_tests::wait::until;
use rustix::process::Signal;
use serde_json::json;

const PLUGINS: &str = "/v1/plugins";
const OPTIONAL: &str = "[plugin.hr]\nfile = '/nowhere/hr.wasm'\noptional = true\n";

fn written(folder: &Path, text: &str) -> String {
    let file = folder.join("issuer.toml");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_plugin_that_cannot_be_loaded_stops_the_start_and_the_check_with_every_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        written(folder.path(), "[plugin.hr]\nfile = '/nowhere/hr.wasm'\n[plugin.pin]\nfile = '/nowhere/pin.wasm'\n");
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    let free = "127.0.0.1:0";
    let dev = ["dev", "--config", &file, "--data-dir", &data, "--listen", free, "--management-listen", free];
    for arguments in [dev.as_slice(), &["check", "--config", &file]] {
        let output = run(arguments, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("/nowhere/hr.wasm") && said.contains("/nowhere/pin.wasm"), "{said}");
    }
}

#[test]
fn an_optional_plugin_is_left_out_and_the_check_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), OPTIONAL);
    let output = run(&["check", "--config", &file], &[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("plugin hr: would be skipped"), "{said}");
    let daemon = Daemon::with(Options::default().argument("--config", &file));
    let found = daemon.management().list(PLUGINS);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["name"], &found[0]["state"]), (&json!("hr"), &json!("skipped")));
    assert!(found[0]["lastError"].is_string(), "{found:?}");
    assert_eq!(daemon.management().get("/v1/plugins/hr").expect(200).json(), found[0]);
    let body = daemon.management().post("/v1/plugins/hr/reload", &json!({})).expect(409).json();
    assert!(body["details"][0]["msg"].is_string(), "{body}");
}

#[test]
fn without_plugins_there_is_nothing_to_see_or_to_load() {
    let daemon = Daemon::start();
    let management = daemon.management();
    assert!(management.list(PLUGINS).is_empty());
    for answer in [management.get("/v1/plugins/hr"), management.post("/v1/plugins/hr/reload", &json!({}))] {
        let body = answer.expect(404).json();
        assert_eq!((&body["details"][0]["param"], &body["details"][0]["value"]), (&json!("name"), &json!("hr")));
    }
    let answer = management.post("/v1/plugins/hr/reload", &json!({ "force": true }));
    assert_eq!(details(&answer)[0].0, "force");
    let metrics = management.metrics();
    for (event, count) in [("PLUGIN_RETRIEVE_LIST_SUCCESS", 1), ("PLUGIN_RETRIEVE_FAIL", 1), ("PLUGIN_RELOAD_FAIL", 2)]
    {
        let line = format!("issuerd_analytics_events_total{{event=\"{event}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}");
    }
}

#[test]
fn a_reload_that_fails_says_every_reason_and_changes_nothing() {
    let daemon = Daemon::installed(OPTIONAL);
    let file = daemon.data().join("issuer.toml");
    let good = fs::read_to_string(&file).unwrap();
    let before = daemon.management().list(PLUGINS);
    fs::write(&file, format!("{good}\nfiel = 1\n[plugin.hr.limits]\ncpu_ms = 9000\n")).unwrap();
    let body = daemon.management().post("/v1/plugins/hr/reload", &json!({})).expect(409).json();
    assert_eq!(body["code"], "Conflict");
    let reasons: Vec<_> = body["details"].as_array().unwrap().iter().filter_map(|one| one["msg"].as_str()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("plugin.hr.limits.cpu_ms")), "{reasons:?}");
    assert_eq!(daemon.management().list(PLUGINS), before);
}

#[test]
fn a_hangup_reads_the_plugins_again_and_ends_nothing() {
    let mut daemon = Daemon::installed("");
    let file = daemon.data().join("issuer.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{good}\n[plugin.hr]\nfiel = 1\n")).unwrap();
    daemon.signal(Signal::HUP);
    until("the log names the mistake", || daemon.stderr().contains("plugin.hr.fiel").then_some(()));
    assert!(daemon.management().list(PLUGINS).is_empty());
    fs::write(&file, good).unwrap();
    daemon.signal(Signal::HUP);
    until("the plugins are loaded again", || daemon.stderr().contains("plugins were loaded again").then_some(()));
    daemon.management().get("/readyz").expect(200);
    assert_eq!(daemon.end(), Some(0));
}
