use std::time::Duration;

use super::{CallError, CallFigures, Site, ask, guest, is_good, register};
use crate::base::clock::Stopwatch;

/// Lets a guest attack, and expects an outcome, no answer, and a good next call. Gives what it cost, and the site.
async fn attack(text: &str, expected: &str) -> (CallFigures, Site) {
    let mut site = Site::new().with("hr", &guest(text));
    site.plugin("hr").http.push(register());
    let plugins = site.start().await.unwrap();
    assert!(is_good(&ask(&plugins, "hr", "before").await));
    let watch = Stopwatch::start();
    assert_eq!(ask(&plugins, "hr", "x").await, Err(CallError::Failed));
    assert!(watch.seconds() < 4.0, "the wall limit is two seconds");
    let (outcome, figures) = site.told.last();
    assert_eq!(outcome, expected);
    assert!(is_good(&ask(&plugins, "hr", "after").await));
    let status = plugins.list().remove(0);
    assert_eq!((status.calls, status.failures), (3, 1));
    assert_eq!(status.last_error, Some(format!("fetch ended with {expected}; the log says more")));
    (figures, site)
}

#[tokio::test]
async fn an_infinite_loop_ends_at_the_processor_limit() {
    let (figures, _) = attack(include_str!("guests/infinite_loop.wat"), "cpu").await;
    assert_eq!(figures.cpu_ticks, 21, "200 ms are 20 ticks, and the next one ends it");
}

#[tokio::test]
async fn other_tasks_of_the_same_thread_go_on_beside_an_infinite_loop() {
    let site = Site::new().with("hr", &guest(include_str!("guests/infinite_loop.wat")));
    let plugins = site.start().await.unwrap();
    let looping = ask(&plugins, "hr", "x");
    let others = async {
        let mut good = 0;
        while site.told.outcomes().iter().filter(|outcome| **outcome == "cpu").count() == 0 {
            good += u32::from(is_good(&ask(&plugins, "hr", "other").await));
        }
        good
    };
    let (ended, good) = tokio::join!(looping, others);
    assert_eq!(ended, Err(CallError::Failed));
    assert!(good >= 10, "only {good} calls were made meanwhile");
}

#[tokio::test]
async fn a_caller_that_gives_up_ends_an_infinite_loop() {
    let mut site = Site::new().with("hr", &guest(include_str!("guests/infinite_loop.wat")));
    site.plugin("hr").limits.cpu = Duration::from_secs(5);
    site.plugin("hr").limits.wall = Duration::from_millis(100);
    let plugins = site.start().await.unwrap();
    assert_eq!(ask(&plugins, "hr", "x").await, Err(CallError::Failed));
    let (outcome, figures) = site.told.last();
    assert_eq!(outcome, "timeout");
    assert!((0.1..1.0).contains(&figures.seconds), "{}", figures.seconds);
    assert!(is_good(&ask(&plugins, "hr", "after").await));
}

#[tokio::test]
async fn deep_recursion_ends_at_the_stack_limit() {
    attack(include_str!("guests/recursion.wat"), "trap").await;
}

#[tokio::test]
async fn a_memory_bomb_ends_at_the_memory_limit() {
    let (figures, _) = attack(include_str!("guests/memory_bomb.wat"), "memory").await;
    assert!(figures.memory_bytes <= 64 << 20, "{}", figures.memory_bytes);
    assert!(figures.memory_bytes > 60 << 20, "{}", figures.memory_bytes);
}

#[tokio::test]
async fn a_table_bomb_ends_at_the_table_limit() {
    attack(include_str!("guests/table_bomb.wat"), "memory").await;
}

#[tokio::test]
async fn a_log_flood_is_dropped_and_ended() {
    let (_, site) = attack(include_str!("guests/log_flood.wat"), "trap").await;
    assert_eq!(*site.told.lines.lock().unwrap(), (64, 1001));
}

#[tokio::test]
async fn output_beyond_the_limit_is_not_used() {
    attack(include_str!("guests/huge_output.wat"), "oversize").await;
}

#[tokio::test]
async fn enormous_output_is_not_even_copied() {
    attack(include_str!("guests/enormous_output.wat"), "oversize").await;
}

#[tokio::test]
async fn claims_that_are_no_json_object_are_not_used() {
    attack(include_str!("guests/invalid_json.wat"), "invalid").await;
    attack(include_str!("guests/not_an_object.wat"), "invalid").await;
}

#[tokio::test]
async fn text_that_is_not_utf8_and_addresses_outside_of_memory_end_the_call() {
    attack(include_str!("guests/not_utf8.wat"), "trap").await;
    attack(include_str!("guests/out_of_bounds.wat"), "trap").await;
}

#[tokio::test]
async fn a_trap_in_the_middle_ends_the_call_alone() {
    let (_, site) = attack(include_str!("guests/trap.wat"), "trap").await;
    assert_eq!(*site.told.lines.lock().unwrap(), (1, 0));
}

#[tokio::test]
async fn more_random_bytes_than_allowed_end_the_call() {
    attack(include_str!("guests/random_flood.wat"), "trap").await;
}

#[tokio::test]
async fn a_slow_upstream_ends_at_the_wall_limit() {
    let mut site = Site::new().with("hr", &guest(include_str!("guests/slow_upstream.wat")));
    site.plugin("hr").http.push(register());
    site.plugin("hr").limits.wall = Duration::from_millis(150);
    site.plugin("hr").limits.http_timeout = Duration::from_secs(3);
    let plugins = site.start().await.unwrap();
    let outcome = ask(&plugins, "hr", "x").await;
    // The request ends with the call's own time: either may be noticed first.
    assert!(outcome == Err(CallError::Failed) || is_good(&outcome), "{outcome:?}");
    let (_, figures) = site.told.last();
    assert!((0.1..1.0).contains(&figures.seconds), "{}", figures.seconds);
    assert!(figures.cpu_ticks <= 2, "waiting costs no time on the processor: {}", figures.cpu_ticks);
}

#[tokio::test]
async fn a_slow_upstream_is_an_answer_to_the_plugin_when_there_is_time_left() {
    let mut site = Site::new().with("hr", &guest(include_str!("guests/slow_upstream.wat")));
    site.plugin("hr").http.push(register());
    site.plugin("hr").limits.http_timeout = Duration::from_millis(50);
    let plugins = site.start().await.unwrap();
    assert!(is_good(&ask(&plugins, "hr", "x").await));
    assert_eq!(site.told.outcomes(), ["ready"]);
}

#[tokio::test]
async fn a_plugin_that_only_fails_is_left_alone_for_a_while() {
    let site = Site::new().with("hr", &guest(include_str!("guests/trap.wat")));
    let plugins = site.start().await.unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&plugins, "hr", "x").await, Err(CallError::Failed));
    }
    assert!(matches!(ask(&plugins, "hr", "good").await, Err(CallError::Unavailable { .. })));
    assert_eq!(site.told.last().0, "breaker_open");
    site.clock.advance(Duration::from_secs(10));
    assert!(is_good(&ask(&plugins, "hr", "good").await));
    assert!(is_good(&ask(&plugins, "hr", "good").await));
}
