//! Hostile auth hooks: with a browser (`authorize`) and without (`admit`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use wasmtime::component::Component;

use super::crowd::{is_alone, resident};
use super::{CONTRACT, CallError, PluginCalls as _, Plugins, Silence, Site, Told, Wallet, component};
use crate::plugin::answer::Ask;
use crate::plugin::call::{Budget, Caller, Report};
use crate::plugin::contract::{AuthContext, Gate, Step};
use crate::plugin::engine::Machine;
use crate::plugin::grants::Granted;
use crate::plugin::secrets::Secrets;
use crate::plugin::settings::{Limits, PluginSettings};
use crate::plugin::{Phase, World, describe};

/// A hook that does what the first letter of the request id says.
fn hook() -> Vec<u8> {
    component(include_str!("guests/hook.wat"), "", CONTRACT, "auth-hook")
}

fn context(request_id: &str) -> AuthContext {
    AuthContext {
        request_id: request_id.to_owned(),
        credential_issuer: "https://issuer.example".to_owned(),
        offer: None,
        wallet: Wallet { client_id: None, attested: false, attester: None },
        identity: None,
        claims: "{}".to_owned(),
        configurations: vec![],
        holder_keys: vec![],
        remote_address: None,
        user_agent: None,
        locales: vec![],
        return_url: None,
        state: None,
        deadline: 0,
        extra: "{}".to_owned(),
    }
}

async fn admit(plugins: &Plugins, request_id: &str) -> Result<Gate, CallError> {
    plugins.serving().admit("hr", context(request_id), Phase::TokenRequest).await
}

/// Lets the hook answer each request id, and compares what its ending is called.
async fn endings(ask: impl Fn(&str) -> Ask, expected: &[(&str, &'static str)]) {
    let machine = Machine::new(2).unwrap();
    let (world, exports) =
        describe::exports(&machine, &Component::from_binary(&machine.engine, &hook()).unwrap()).unwrap();
    assert_eq!(world, World::AuthHook);
    let (silence, told) = (Arc::new(Silence), Arc::<Told>::default());
    let settings = PluginSettings { name: "hr".to_owned(), ..PluginSettings::default() };
    let granted = Arc::new(Granted::in_world(&settings, &Secrets::default(), told, silence.clone()).unwrap());
    let budget = Budget::of(&Limits { wall: Duration::from_secs(2), ..Limits::default() });
    for (request_id, outcome) in expected {
        let caller =
            Caller { exports: &exports, granted: &granted, outside: silence.clone(), budget, recording: false };
        let Report { outcome: ended, answer, figures, error, .. } = caller.call(ask(request_id), request_id).await;
        assert_eq!(ended, *outcome, "{request_id}: {error:?}");
        assert_eq!(answer.is_some(), matches!(ended, "pending" | "allow" | "abstain"), "{request_id}");
        assert!(figures.memory_bytes <= 64 << 20 && figures.cpu_ticks <= 21, "{request_id}: {figures:?}");
        let after = caller.call(ask("none"), "none").await;
        assert_eq!(after.outcome, "abstain", "after {request_id}");
    }
}

const EITHER: [(&str, &str); 8] = [
    ("loop", "cpu"),
    ("recursion", "trap"),
    ("memory", "memory"),
    ("trap", "trap"),
    ("invalid", "invalid"),
    ("output", "oversize"),
    ("allow", "allow"),
    ("none", "abstain"),
];

#[tokio::test]
async fn a_hook_without_a_browser_ends_at_its_limits() {
    endings(|request_id| Ask::Admit(context(request_id), Phase::CredentialRequest), &EITHER).await;
}

#[tokio::test]
async fn a_hook_ends_at_its_limits_in_every_step_with_a_person() {
    let sent = || vec![("answer".to_owned(), "x".repeat(10_000))];
    for step in [Step::Start, Step::Submitted(sent()), Step::Returned(sent())] {
        endings(|request_id| Ask::Authorize(context(request_id), step.clone()), &EITHER).await;
    }
}

#[tokio::test]
async fn a_form_is_of_bounded_size() {
    let expected = [("challenge", "pending"), ("fields", "invalid"), ("state", "oversize"), ("huge", "oversize")];
    endings(|request_id| Ask::Authorize(context(request_id), Step::Start), &expected).await;
}

#[tokio::test]
async fn a_redirect_is_of_bounded_size() {
    let expected = [("p: state", "oversize"), ("url", "oversize")];
    endings(|request_id| Ask::Authorize(context(request_id), Step::Start), &expected).await;
}

/// Asks until the reloads are done, and at least so often; whether the hook let everything through, and how often it was asked.
async fn ask_on(plugins: Arc<Plugins>, done: Arc<AtomicBool>, least: u64) -> (bool, u64) {
    let (mut good, mut count) = (true, 0);
    while count < least || !done.load(Ordering::Acquire) {
        good &= matches!(admit(&plugins, "allow").await, Ok(Gate::Allow(_)));
        count += 1;
    }
    (good, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_questions_go_on_during_reloads() {
    let mut site = Site::new().with("hr", &hook());
    site.plugin("hr").limits.queue = 100;
    site.plugin("hr").limits.queue_wait = Duration::from_mins(1);
    let plugins = site.start().await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        callers.spawn(ask_on(plugins.clone(), done.clone(), 50));
    }
    for round in 0..20 {
        site.plugin("hr").limits.log_lines = round;
        plugins.reload(&site.settings, None).await.unwrap();
    }
    done.store(true, Ordering::Release);
    let ended = callers.join_all().await;
    assert!(ended.iter().all(|(good, _)| *good));
    assert_eq!(site.told.loaded.lock().unwrap().len(), 21);
    assert!(site.told.in_flight.lock().unwrap().0 <= 16);
    assert_eq!(plugins.list()[0].calls, ended.iter().map(|(_, count)| count).sum::<u64>());
}

#[tokio::test]
async fn ten_thousand_calls_of_a_hostile_hook_leave_no_memory_behind() {
    if !is_alone(concat!(module_path!(), "::ten_thousand_calls_of_a_hostile_hook_leave_no_memory_behind")) {
        return;
    }
    let mut site = Site::new().with("hr", &hook());
    site.plugin("hr").limits.cpu = Duration::from_millis(10);
    let plugins = site.start().await.unwrap();
    let round = async |calls: usize| {
        for number in 0..calls {
            // One after the other, never five in a row.
            let attack = match number {
                _ if number % 101 == 0 => "loop",
                _ if number % 97 == 0 => "memory",
                _ if number % 53 == 0 => "output",
                _ if number % 11 == 0 => "recursion",
                _ if number % 7 == 0 => "trap",
                _ if number % 5 == 0 => "invalid",
                _ => "allow",
            };
            assert_eq!(admit(&plugins, attack).await.is_ok(), attack == "allow", "{attack}");
        }
        site.told.calls.lock().unwrap().clear();
    };
    round(1_000).await;
    let before = resident();
    round(10_000).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more");
}
