//! Releases crates: decides versions and closes changelogs, then publishes what was prepared. See docs/releasing.md.

mod changelog;
mod crates;
pub(crate) mod difference;
mod git;
mod manifest;
mod plan;
mod prepare;
mod publish;
mod registry;
pub(crate) mod semver;
mod step;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::workspace::Workspace;

/// Prepare a release, or publish what was prepared; a dry run unless told otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    #[command(subcommand)]
    command: Command,
    /// The workspace to release: the tests have one of their own.
    #[arg(long, global = true, hide = true, value_name = "DIRECTORY")]
    root: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Prepare(prepare::Prepare),
    Publish(publish::Publish),
}

impl Release {
    /// Prepares or publishes.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let other = self.root.as_deref().map(Workspace::at).transpose()?;
        let workspace = other.as_ref().unwrap_or(workspace);
        match &self.command {
            Command::Prepare(prepare) => prepare.run(workspace),
            Command::Publish(publish) => publish.run(workspace),
        }
    }
}

/// Rows of cells as lines of columns.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut text = String::new();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    for row in rows {
        let cells = row.iter().zip(widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}
