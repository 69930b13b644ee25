//! The redb engine against the conformance suite, over restarts, and on a disk that fails.

mod disk;
mod file;
mod support;

use std::sync::Arc;

use crate::store::conformance::{Subject, conformance, start};
use support::*;

async fn subject() -> Subject {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let engine = Arc::new(open(&folder, &clock).unwrap());
    Subject { engine, clock, _kept: Some(Box::new(folder)) }
}

conformance!(subject);
