//! `issuerd plugin grants`: what each plugin may do.

use super::super::{ConfigFile, Failed};
use crate::plugin::grants::in_plain_words;

pub(super) fn run(file: &ConfigFile) -> Result<(), Failed> {
    let settings = file.load()?.plugin_settings();
    if settings.plugins.is_empty() {
        say!("no plugin is configured");
    }
    for (name, plugin) in &settings.plugins {
        say!("{name}  ({})", plugin.file.display());
        for sentence in in_plain_words(plugin, &settings.secrets) {
            say!("  - {sentence}");
        }
    }
    Ok(())
}
