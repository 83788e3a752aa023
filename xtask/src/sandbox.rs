//! Starts the sandbox: the three vendors on loopback.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// Serve the three vendors on loopback until interrupted.
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// Arguments for the sandbox itself.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Sandbox {
    /// Runs the sandbox until it ends.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let arguments = &self.arguments;
        cmd!(
            workspace.shell,
            "cargo run -p vendor-sandbox -- {arguments...}"
        )
        .run()?;
        Ok(ExitCode::SUCCESS)
    }
}
