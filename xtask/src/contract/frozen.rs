//! Released versions of the contract do not change: plugins were built against them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ring::digest::{Context, SHA256};

use crate::Result;

/// Compares each version below `folder` with the digest that `frozen.toml` keeps of it.
pub(super) fn check(folder: &Path) -> Result {
    let kept: BTreeMap<String, String> = toml::from_str(&fs::read_to_string(folder.join("frozen.toml"))?)?;
    let found = versions(folder)?;
    if let Some(version) = found.iter().find(|version| !kept.contains_key(*version)) {
        let line = format!("\"{version}\" = \"{}\"", digest(&folder.join(version))?);
        return Err(
            format!("sdk/wit/{version} is not in frozen.toml beside it; when it is released, add `{line}`").into()
        );
    }
    for (version, kept) in &kept {
        if !found.contains(version) || &digest(&folder.join(version))? != kept {
            return Err(changed(version).into());
        }
    }
    Ok(())
}

fn changed(version: &str) -> String {
    format!(
        "sdk/wit/{version} is released and has been changed. Plugins were built against it, and a changed record or variant is another \
        type to them. Put it back; to change the contract, copy the folder to sdk/wit/ under the next version, give its package that \
        version, add a module for it in daemon/src/plugin/contract.rs that converts to the types there, and add its digest to \
        sdk/wit/frozen.toml. The daemon then serves both. See CONTRIBUTING.md."
    )
}

fn versions(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// SHA-256, hex, over name, length and content of each WIT file in order of names.
fn digest(folder: &Path) -> Result<String> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files.sort();
    let mut sum = Context::new(&SHA256);
    for file in files {
        let bytes = fs::read(&file)?;
        sum.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        sum.update(format!("\0{}\0", bytes.len()).as_bytes());
        sum.update(&bytes);
    }
    Ok(sum.finish().as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_contracts_are_as_they_were_released() {
        check(&super::super::folder()).unwrap();
    }

    fn released() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let version = folder.path().join("a-1.0.0");
        fs::create_dir(&version).unwrap();
        fs::write(version.join("a.wit"), "package a:a@1.0.0;").unwrap();
        let digest = digest(&version).unwrap();
        fs::write(folder.path().join("frozen.toml"), format!("\"a-1.0.0\" = \"{digest}\"")).unwrap();
        (folder, digest)
    }

    #[test]
    fn a_change_is_noticed_and_the_way_to_a_new_version_told() {
        let (folder, digest_before) = released();
        check(folder.path()).unwrap();
        fs::write(folder.path().join("a-1.0.0/a.wit"), "package a:a@1.0.0; ").unwrap();
        assert_ne!(digest(&folder.path().join("a-1.0.0")).unwrap(), digest_before);
        let error = check(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a-1.0.0 is released") && error.contains("next version"), "{error}");
    }

    #[test]
    fn a_file_more_and_a_renamed_file_are_changes() {
        let (folder, _) = released();
        fs::write(folder.path().join("a-1.0.0/b.wit"), "").unwrap();
        assert!(check(folder.path()).is_err());
        fs::remove_file(folder.path().join("a-1.0.0/b.wit")).unwrap();
        check(folder.path()).unwrap();
        fs::rename(folder.path().join("a-1.0.0/a.wit"), folder.path().join("a-1.0.0/b.wit")).unwrap();
        assert!(check(folder.path()).is_err());
    }

    #[test]
    fn a_version_without_a_digest_and_a_digest_without_a_version_are_noticed() {
        let (folder, _) = released();
        fs::create_dir(folder.path().join("a-1.1.0")).unwrap();
        let error = check(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a-1.1.0 is not in"), "{error}");
        fs::remove_dir(folder.path().join("a-1.1.0")).unwrap();
        fs::remove_dir_all(folder.path().join("a-1.0.0")).unwrap();
        assert!(check(folder.path()).unwrap_err().to_string().contains("has been changed"));
    }
}
