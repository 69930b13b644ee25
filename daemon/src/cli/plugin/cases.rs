//! Case files on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::Failed;
use crate::plugin::case::Case;

/// Reads cases: files as they are, of a folder all that end in `.json`, in the order of their names.
pub(super) fn read(places: &[PathBuf]) -> Result<Vec<(PathBuf, Case)>, Failed> {
    let mut files = Vec::new();
    for place in places {
        if place.is_dir() {
            files.extend(folder(place)?);
        } else {
            files.push(place.clone());
        }
    }
    if files.is_empty() {
        return Err("there is no case: give files, or a folder with files that end in .json".into());
    }
    files.into_iter().map(|file| Ok((file.clone(), one(&file)?))).collect()
}

fn folder(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let told = |error| format!("cannot read {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn one(file: &Path) -> Result<Case, Failed> {
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Case::parse(&text).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Writes a case.
pub(super) fn write(file: &Path, case: &Case) -> Result<(), Failed> {
    fs::write(file, case.text()).map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_cases_in_order() {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in
            [("b.json", r#"{"export":"check"}"#), ("a.json", r#"{"export":"check","now":1}"#), ("c.txt", "")]
        {
            fs::write(place.path().join(name), text).unwrap();
        }
        let cases = read(&[place.path().to_owned()]).unwrap();
        let names: Vec<_> = cases.iter().map(|(file, _)| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.json", "b.json"]);
        write(&place.path().join("d.json"), &cases[0].1).unwrap();
        assert_eq!(read(&[place.path().join("d.json")]).unwrap()[0].1, cases[0].1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_file() {
        let place = tempfile::tempdir().unwrap();
        assert!(read(&[place.path().to_owned()]).unwrap_err().to_string().contains("no case"));
        let file = place.path().join("broken.json");
        fs::write(&file, "{").unwrap();
        assert!(read(std::slice::from_ref(&file)).unwrap_err().to_string().contains("broken.json: "));
        assert!(read(&[place.path().join("none.json")]).unwrap_err().to_string().contains("none.json"));
    }
}
