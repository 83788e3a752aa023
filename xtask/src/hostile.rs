//! Plays the hostile battery and writes its page.

use std::process::ExitCode;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// Play the hostile battery, and write docs/hostile.md from what was seen.
#[derive(Debug, clap::Args)]
pub(crate) struct Hostile {
    /// Write nothing: fail if the page isn't what was seen.
    #[arg(long)]
    check: bool,
    /// Play only the rows whose names hold this; the page stays as it is.
    #[arg(long)]
    only: Option<String>,
}

impl Hostile {
    /// Plays it to its end. An outcome that the table does not have fails, and nothing is written.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let mut command = cmd!(workspace.shell, "cargo test -q -p hostile");
        if !self.check {
            command = command.env("HOSTILE_WRITE_PAGE", "1");
        }
        if let Some(only) = &self.only {
            command = command.env("HOSTILE_ONLY", only);
        }
        command.run()?;
        Ok(ExitCode::SUCCESS)
    }
}
