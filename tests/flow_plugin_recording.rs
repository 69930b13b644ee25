//! Calls of a running daemon become cases without personal values, which the command replays.

use std::path::Path;

use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::run;
use issuerd_tests::management::details;
use issuerd_tests::plugins::{Register, component, crm};
use issuerd_tests::wait::until;
use issuerd_tests::{Daemon, HolderKey, Request};
use serde_json::{Value, json};

use crate::flow_plugin_claims::{CLUB, club, offer};

const RECORDING: &str = "/v1/plugins/crm/recording";
const SECRET: &str = "kHq7-register-token-41";
/// What is personal or secret in the calls below.
const PLANTED: [&str; 4] = ["E-90417", "E-70001", "Kieselsteinsammlerin", SECRET];

/// A register that knows one person, and the plugin that asks it.
struct Site {
    daemon: Daemon,
    configuration: String,
    _register: Register,
    folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("token");
        std::fs::write(&secret, SECRET).unwrap();
        let register = Register::start(&[("/v1/E-90417", 200, r#"{"name":"Kieselsteinsammlerin"}"#)]);
        let daemon = Daemon::installed(&crm(CLUB, "register-http", &register, &secret));
        let configuration = daemon.management().create_configuration(&membership(CLUB));
        Self { daemon, configuration, _register: register, folder }
    }

    /// One call of somebody whom the register knows, or not.
    #[track_caller]
    fn call(&self, employee: &str, status: u16) {
        let wallet = self.daemon.wallet();
        let token = wallet.redeem(&offer(&self.daemon, &self.configuration, &json!({ "employee": employee })));
        wallet.ask(&token, &self.configuration, &[HolderKey::es256()]).expect(status);
    }

    fn view(&self) -> Value {
        self.daemon.management().get(RECORDING).expect(200).json()
    }
}

/// The command replays every case of a folder.
#[track_caller]
fn replays(folder: &Path, cases: usize) {
    let file = component("register-http");
    let output = run(&["plugin", "test", file.to_str().unwrap(), "--case", folder.to_str().unwrap()], &[]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains(&format!("{cases} cases passed")), "{out}");
}

#[track_caller]
fn is_impersonal(text: &str) {
    for planted in PLANTED {
        assert!(!text.contains(planted), "{planted} in {text}");
    }
}

#[test]
fn calls_are_recorded_without_personal_values_and_replayed() {
    let site = Site::start();
    let management = site.daemon.management();
    management.get(RECORDING).expect(404);
    site.call("E-90417", 200);
    let begun = management.post(RECORDING, &json!({ "calls": 2 })).expect(201).json();
    assert_eq!((&begun["calls"], &begun["recorded"]), (&json!(2), &json!(0)), "{begun}");
    site.call("E-90417", 200);
    assert_eq!(site.view()["recorded"], 1);
    site.call("E-70001", 400);
    // One more than was asked for.
    site.call("E-90417", 200);
    let view = site.view();
    assert_eq!(view["recorded"], 2, "{view}");
    is_impersonal(&view.to_string());
    let folder = site.folder.path().join("cases");
    std::fs::create_dir(&folder).unwrap();
    let outcomes = view["cases"].as_array().unwrap().iter().enumerate().map(|(number, case)| {
        assert_eq!(case["export"], "fetch");
        assert_eq!(case["http"].as_array().unwrap().len(), 1, "{case}");
        std::fs::write(folder.join(format!("{number}.json")), case.to_string()).unwrap();
        case["expected"]["outcome"].clone()
    });
    let outcomes: Vec<_> = outcomes.collect();
    assert_eq!(outcomes, ["ready", "not_found"]);
    replays(&folder, 2);
    // A case that expects something else does not pass.
    let changed = view["cases"][0].to_string().replace("\"ready\"", "\"denied\"");
    std::fs::write(folder.join("0.json"), changed).unwrap();
    let file = component("register-http");
    let output = run(&["plugin", "test", file.to_str().unwrap(), "--case", folder.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_command_records_what_happens_meanwhile() {
    let mut site = Site::start();
    let management = site.daemon.management();
    let url = format!("http://{}", management.address);
    let line = &site.daemon.ready.line;
    let client = [line["client_id"].as_str().unwrap(), line["client_secret"].as_str().unwrap()].map(str::to_owned);
    let folder = site.folder.path().join("cases");
    let out = folder.to_str().unwrap();
    let output = std::thread::scope(|scope| {
        let command = scope.spawn(|| {
            let arguments =
                ["plugin", "record", "crm", "--out", out, "--calls", "2", "--wait", "15", "--management", &url];
            run(&arguments, &[("ISSUERD_CLIENT_ID", &client[0]), ("ISSUERD_CLIENT_SECRET", &client[1])])
        });
        until("the recording has begun", || (management.get(RECORDING).status == 200).then_some(()));
        site.call("E-90417", 200);
        site.call("E-70001", 400);
        command.join().unwrap()
    });
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for name in ["crm-01.json", "crm-02.json"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(said.contains(name), "{said}");
        is_impersonal(&text);
    }
    replays(&folder, 2);
    site.daemon.end();
    is_impersonal(&site.daemon.stderr());
}

#[test]
fn a_recording_is_asked_for_by_somebody_who_may_with_a_number() {
    let (daemon, _) = club("");
    let management = daemon.management();
    let recording = "/v1/plugins/people/recording";
    for body in [json!({}), json!({ "calls": 0 }), json!({ "calls": 21 }), json!({ "calls": "1" })] {
        assert_eq!(details(&management.post(recording, &body))[0].0, "calls", "{body}");
    }
    management.post("/v1/plugins/nobody/recording", &json!({ "calls": 1 })).expect(404);
    management.get("/v1/plugins/nobody/recording").expect(404);
    for request in [Request::get(recording), Request::new("POST", recording).json(&json!({ "calls": 1 }))] {
        request.send(management.address).expect(401);
    }
    let text = ["plugin", "record", "people", "--out", "/nowhere", "--calls", "21"];
    assert_eq!(run(&text, &[]).status.code(), Some(2));
}
