use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;

use super::{CallError, Plugins, Site, ask, guest, is_good, register};

const GOOD: &str = include_str!("guests/good.wat");

/// Resident memory of this process, in bytes.
pub(super) fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Whether this process runs the test of this path and no other, so that nobody else's memory is counted. Elsewhere the test is run
/// in such a process first.
pub(super) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "ISSUERD_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let path = test.split_once("::").unwrap().1;
    let ran = child.args(["--exact", path, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    false
}

/// Calls until the reloads are done, and at least so often; whether every answer was good, and how many there were.
async fn call_on(plugins: Arc<Plugins>, done: Arc<AtomicBool>, least: u64) -> (bool, u64) {
    let (mut good, mut count) = (true, 0);
    while count < least || !done.load(Ordering::Acquire) {
        good &= is_good(&ask(&plugins, "hr", "a").await);
        count += 1;
    }
    (good, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_calls_go_on_during_reloads() {
    let mut site = Site::new().with("hr", &guest(GOOD));
    site.plugin("hr").limits.queue = 100;
    site.plugin("hr").limits.queue_wait = Duration::from_mins(1);
    let plugins = site.start().await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        callers.spawn(call_on(plugins.clone(), done.clone(), 50));
    }
    for round in 0..20 {
        // Without a change there would be nothing to load.
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
async fn calls_beyond_the_line_are_turned_away() {
    let mut site = Site::new().with("hr", &guest(include_str!("guests/slow_upstream.wat")));
    site.plugin("hr").http.push(register());
    let limits = &mut site.plugin("hr").limits;
    (limits.concurrency, limits.queue, limits.queue_wait) = (2, 3, Duration::from_millis(50));
    limits.http_timeout = Duration::from_millis(500);
    let plugins = site.start().await.unwrap();
    let all = join_all((0..10).map(|_| ask(&plugins, "hr", "x"))).await;
    assert_eq!(all.iter().filter(|outcome| is_good(outcome)).count(), 2);
    assert!(all.iter().filter(|it| !is_good(it)).all(|it| matches!(it, Err(CallError::Unavailable { .. }))));
    assert_eq!(site.told.outcomes().iter().filter(|outcome| **outcome == "queue_full").count(), 8);
    assert_eq!(*site.told.in_flight.lock().unwrap(), (2, 3));
}

#[tokio::test]
async fn ten_thousand_calls_leave_no_memory_behind() {
    if !is_alone(concat!(module_path!(), "::ten_thousand_calls_leave_no_memory_behind")) {
        return;
    }
    let site = Site::new().with("hr", &guest(include_str!("guests/trap.wat")));
    let plugins = site.start().await.unwrap();
    let round = async |calls: usize| {
        for number in 0..calls {
            // Some fail, never five in a row.
            let request_id = if number % 7 == 0 { "x" } else { "a" };
            assert_eq!(is_good(&ask(&plugins, "hr", request_id).await), request_id == "a");
        }
        site.told.calls.lock().unwrap().clear();
    };
    round(1_000).await;
    let before = resident();
    round(10_000).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more");
}
