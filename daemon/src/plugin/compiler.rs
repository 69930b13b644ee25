//! Where compiling happens, so that the requests that are served meanwhile do not wait for it.

/// How much less of a processor a compiling thread gets than others that want it too: about a tenth.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Compiles with `work` while requests are served: on half of the processors (as far as a container may use them), at low priority.
/// The error is a sentence.
pub(super) fn beside_requests<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads((processors / 2).max(1))
        .thread_name(|number| format!("plugin-compiler-{number}"))
        .start_handler(|_| step_back())
        .build();
    // The engine hands the functions of a component to the pool of the thread that it runs on.
    Ok(pool.map_err(|error| format!("the threads that compile do not start: {error}"))?.install(work))
}

/// Lowers the priority of this thread. Elsewhere than on Linux that would be the whole process.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "compiling goes on at the priority of requests");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn threads_that_compile_step_back_and_others_do_not() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        let (own, name) = beside_requests(|| {
            // What is handed on stays among them.
            let ((), shared) = rayon::join(|| (), priority);
            (shared, std::thread::current().name().map(str::to_owned))
        })
        .unwrap();
        assert_eq!((own, priority()), (before + NICE, before));
        assert!(name.is_some_and(|name| name.starts_with("plugin-compiler-")));
    }
}
