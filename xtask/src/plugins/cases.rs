//! Runs the cases of plugins in the release binary, and builds the plugins that are not in Rust.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::command::{command, root, run};

/// Replays the cases of every shipped plugin.
pub(crate) fn cases() -> Result {
    for name in super::crates(&root().join("plugins"))? {
        replay(&root().join(format!("target/plugins/{name}.wasm")), &root().join("plugins").join(&name))?;
    }
    Ok(())
}

/// Builds the claim source in JavaScript and in Python, puts them beside the shipped plugins, and replays their cases.
pub(crate) fn scripts() -> Result {
    for (name, build) in [
        ("register-http-js", &["npm ci --no-audit --no-fund", "npm run --silent build"][..]),
        ("register-http-python", &["sh build.sh"]),
    ] {
        let folder = root().join("examples/plugins").join(name);
        for line in build {
            let mut step = command(line);
            step.current_dir(&folder);
            run(step)?;
        }
        let file = root().join(format!("target/plugins/{name}.wasm"));
        fs::create_dir_all(root().join("target/plugins"))?;
        fs::copy(folder.join(format!("{name}.wasm")), &file)?;
        replay(&file, &folder)?;
    }
    Ok(())
}

fn replay(file: &Path, folder: &Path) -> Result {
    let mut test = Command::new(root().join("target/release/issuerd"));
    test.args(["plugin", "test"]).arg(file).arg("--case").arg(folder.join("cases"));
    run(test)
}
