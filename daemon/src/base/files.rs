//! Files that must be there after a power cut.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes the name of a new file durable: a file that is synced may still be missing in its folder after a power cut.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder(file))?.sync_all()
}

/// The folder that a file is in; a name alone is one in the working directory.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_named_without_a_directory() {
        for (path, expected) in [("master.key", "."), ("keys/master.key", "keys"), ("/master.key", "/")] {
            assert_eq!(folder(Path::new(path)), Path::new(expected));
        }
    }
}
