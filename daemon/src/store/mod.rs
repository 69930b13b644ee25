//! The store: `engine` is the seam, `redb` the embedded engine behind it; the other files are the domain's verbs, each one
//! atomic batch.

pub mod engine;
