//! The files that `issuerd plugin new` writes from, as `build.rs` found them below `sdk/`.

include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));
