//! Kills while credentials are issued through plugins, while plugins are exchanged and while compiled code is written.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, thread};

use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::Options;
use issuerd_tests::plugins::{component, people, plugin, sha256, write_version};
use issuerd_tests::wait::until;
use issuerd_tests::{Connection, Daemon, HolderKey, Request};
use serde_json::json;
use tempfile::TempDir;

use crate::{Ledger, Load, check_trails, kill_when, random};

pub(crate) const CLUB: &str = "org.example.club";
const TABLE: &str = "employee,name,level\n1042,Mika Sommer,gold";
const ROUNDS: usize = 8;
const WALLETS: usize = 4;

/// A daemon whose claims come from the plugin `people`, past two auth hooks, and the plugin's file, which can be exchanged.
pub(crate) struct Guarded {
    pub(crate) daemon: Daemon,
    pub(crate) configuration: String,
    pub(crate) file: PathBuf,
    _folder: TempDir,
}

impl Guarded {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let built = component("register-csv");
        let (file, config) = (folder.path().join("people.wasm"), folder.path().join("issuer.toml"));
        write_version(&built, &file, 0);
        let people = people(CLUB, TABLE).replace(built.to_str().unwrap(), file.to_str().unwrap());
        let hook =
            |plugin: &str, phase: &str| format!("[[auth_hook]]\nplugin = \"{plugin}\"\nphases = [\"{phase}\"]\n");
        let places = plugin("places", "geo-and-hours", "[plugin.places.config]\nnetworks = [\"127.0.0.0/8\"]");
        let denied = plugin("denied", "deny-list", "[plugin.denied.config]\ndeny = { keys = [\"none\"] }");
        let hooks = hook("places", "token-request") + &hook("denied", "credential-request");
        std::fs::write(&config, [people, places, denied, hooks].join("\n")).unwrap();
        let options = Options { release: true, ..Options::default() }.argument("--config", config.to_str().unwrap());
        let daemon = Daemon::with(options);
        let configuration = daemon.management().create_configuration(&membership(CLUB));
        Self { daemon, configuration, file, _folder: folder }
    }

    /// The digest that serves.
    fn serving(&self) -> String {
        let plugins = self.daemon.management().list("/v1/plugins");
        let people = plugins.into_iter().find(|one| one["name"] == "people").unwrap();
        people["sha256"].as_str().unwrap().to_owned()
    }
}

/// Names of the files of compiled code.
fn kept(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("plugin-cache")).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Whether compiled code is being written at this moment.
fn writes(data: &Path) -> bool {
    let names = kept(data);
    let with = |end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    names.iter().any(|name| name.starts_with('.')) || with(".cwasm") != with(".mac")
}

/// Exchanges the plugin again and again until the daemon is gone.
fn exchange(guarded: &Guarded, numbers: &AtomicUsize, reloads: &AtomicUsize) -> io::Result<()> {
    let built = component("register-csv");
    let mut management = Connection::try_open(guarded.daemon.ready.management)?;
    let token = &guarded.daemon.ready.access_token;
    let reload = Request::new("POST", "/v1/plugins/people/reload").json(&json!({})).bearer(token);
    loop {
        write_version(&built, &guarded.file, numbers.fetch_add(1, Ordering::SeqCst));
        management.try_send(&reload)?.expect(200);
        reloads.fetch_add(1, Ordering::SeqCst);
    }
}

/// One round: load, exchanges, and a kill at a random moment, or while compiled code is written.
fn round(guarded: &Guarded, ledger: &Ledger, numbers: &AtomicUsize, number: usize) {
    let key = HolderKey::es256();
    let target = ledger.answers.load(Ordering::SeqCst) + 5 + random(60);
    let (daemon, reloads) = (&guarded.daemon, AtomicUsize::new(0));
    let claims = json!({ "employee": "1042" });
    let load = Load { ledger, daemon, configuration: &guarded.configuration, claims, key: &key };
    thread::scope(|scope| {
        let (load, reloads) = (&load, &reloads);
        for _ in 0..WALLETS {
            scope.spawn(|| load.claim().expect_err("the daemon was killed"));
        }
        scope.spawn(move || exchange(guarded, numbers, reloads).expect_err("the daemon was killed"));
        if number % 2 == 1 {
            // A look is quicker than the writing, and many of them are needed.
            let seen = || (0..2_000).any(|_| writes(daemon.data())) || reloads.load(Ordering::SeqCst) > 3;
            until("compiled code is written", || seen().then_some(()));
        }
        kill_when(daemon, || ledger.answers.load(Ordering::SeqCst) >= target);
    });
}

// OPS-06, SEC-CODE-02
#[test]
fn kills_while_plugins_answer_and_are_exchanged_lose_nothing() {
    let (mut guarded, ledger, numbers) = (Guarded::start(), Ledger::default(), AtomicUsize::new(1));
    let (mut checked, mut cut, mut slowest) = (0, 0, Duration::ZERO);
    for number in 0..ROUNDS {
        round(&guarded, &ledger, &numbers, number);
        guarded.daemon.kill();
        cut += usize::from(writes(guarded.daemon.data()));
        guarded.daemon = guarded.daemon.kill_and_restart();
        slowest = slowest.max(guarded.daemon.ready.after);
        // What serves is the file that is there, and nothing half-written is left.
        assert_eq!(guarded.serving(), sha256(&guarded.file));
        assert!(!writes(guarded.daemon.data()), "{:?}", kept(guarded.daemon.data()));
        let trails = ledger.trails.lock().unwrap();
        check_trails(&guarded.daemon, &guarded.configuration, &trails[checked..]);
        checked = trails.len();
    }
    let exchanged = numbers.load(Ordering::SeqCst);
    println!(
        "{checked} offers, {exchanged} versions, {ROUNDS} kills, {cut} while code was written; slowest start {slowest:?}"
    );
    assert!(checked > ROUNDS && exchanged > ROUNDS);
}

#[test]
fn damaged_compiled_code_is_made_anew() {
    type Damage = fn(&Path);
    let half: Damage = |file| {
        let code = std::fs::read(file).unwrap();
        std::fs::write(file, &code[..code.len() / 2]).unwrap();
    };
    let empty: Damage = |file| std::fs::write(file, b"").unwrap();
    let flipped: Damage = |file| {
        let mut code = std::fs::read(file).unwrap();
        let middle = code.len() / 2;
        code[middle] ^= 1;
        std::fs::write(file, code).unwrap();
    };
    let mut guarded = Guarded::start();
    for (damage, end) in [(half, ".cwasm"), (empty, ".cwasm"), (flipped, ".cwasm"), (empty, ".mac"), (flipped, ".mac")]
    {
        guarded.daemon.kill();
        let cache = guarded.daemon.data().join("plugin-cache");
        for name in kept(guarded.daemon.data()).iter().filter(|name| name.ends_with(end)) {
            damage(&cache.join(name));
        }
        // What a kill leaves when it comes in the middle of a write.
        std::fs::write(cache.join(".0000.cwasm.0123"), b"half").unwrap();
        guarded.daemon = guarded.daemon.restart();
        assert!(guarded.daemon.stderr().contains("made anew"), "{}", guarded.daemon.stderr());
        assert!(!writes(guarded.daemon.data()), "{:?}", kept(guarded.daemon.data()));
        let claims = json!({ "employee": "1042" });
        let offer = guarded.daemon.management().offer_of(&guarded.configuration, &claims);
        let mdoc = guarded.daemon.wallet().claim(&offer, &[HolderKey::es256()]).remove(0);
        assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    }
}
