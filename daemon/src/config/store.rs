//! `[store]`: where data is kept.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreSection {
    /// Directory of the data file.
    pub data_dir: String,
    /// File of the master key; empty for `master.key` in the data directory.
    pub master_key_file: String,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { data_dir: "data".into(), master_key_file: String::new() }
    }
}

impl StoreSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        if self.data_dir.is_empty() {
            mistakes.push("`store.data_dir` must name a directory".into());
        }
    }

    /// Where the key file is, or would be.
    #[must_use]
    pub fn master_key_path(&self) -> PathBuf {
        match self.master_key_file.as_str() {
            "" => Path::new(&self.data_dir).join("master.key"),
            file => PathBuf::from(file),
        }
    }

    /// Where the data file is, or would be.
    #[must_use]
    pub fn data_path(&self) -> PathBuf {
        Path::new(&self.data_dir).join("issuerd.redb")
    }
}
