//! Starts the demo: every vendor and every grant against the sandbox, in one table.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// Watch the sign-ins of all vendors, or of one, against the sandbox.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// One provider only.
    provider: Option<String>,
    /// Further arguments for the demo itself.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Demo {
    /// Runs the demo to its end.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let Self {
            provider,
            arguments,
        } = self;
        cmd!(
            workspace.shell,
            "cargo run -q -p demo -- {provider...} {arguments...}"
        )
        .run()?;
        Ok(ExitCode::SUCCESS)
    }
}
