//! Runs other programs and says what it runs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Result;

/// The root of the workspace, whatever the current directory is.
pub(crate) fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or(own.clone(), PathBuf::from)
}

/// A command that runs at the root; `line` is split at spaces.
pub(crate) fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root()).stdin(Stdio::null());
    command
}

/// The command as one would type it, with the variables it sets.
pub(crate) fn shown(command: &Command) -> String {
    let quoted = |text: &std::ffi::OsStr| {
        let text = text.to_string_lossy();
        if text.contains([' ', '(', '|', '*']) { format!("'{text}'") } else { text.into_owned() }
    };
    let set =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(value?))));
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
    set.chain(words).collect::<Vec<_>>().join(" ")
}

/// Prints the command and runs it; an exit code other than 0 is an error that repeats the command.
pub(crate) fn run(mut command: Command) -> Result {
    let line = shown(&command);
    println!("    $ {line}");
    let status = command.status().map_err(|error| format!("`{line}` could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
}

/// Runs the command quietly and returns what it printed to stdout.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let line = shown(&command);
    let done = command.output().map_err(|error| format!("`{line}` could not be started: {error}"))?;
    if !done.status.success() {
        return Err(format!("`{line}` failed: {}", String::from_utf8_lossy(&done.stderr).trim()).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Whether the command runs and exits with 0.
pub(crate) fn works(line: &str) -> bool {
    command(line).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        let mut made = command("cargo test --test flow");
        made.env("ISSUERD_BIN", "a b").arg("not binary(x)");
        assert_eq!(shown(&made), "ISSUERD_BIN='a b' cargo test --test flow 'not binary(x)'");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(command("false")).unwrap_err().to_string();
        assert!(error.contains("`false` failed"), "{error}");
        assert!(run(command("true")).is_ok());
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
