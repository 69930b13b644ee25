//! Arguments → command → exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes some 500 allocations; glibc takes three times as long for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    issuerd::cli::run()
}
