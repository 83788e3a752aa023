//! Asks cargo-machete for dependencies that no code names.

use anyhow::{Context as _, Result};
use xshell::cmd;

use crate::report::Outcome;
use crate::tool::Tool;
use crate::workspace::Workspace;

pub(super) const TOOL: Tool = Tool {
    name: "cargo-machete",
    version: "0.9.2",
};

/// Looks at every manifest, those of the workspaces beside this one included.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let tool = TOOL.find_or_install(workspace)?;
    cmd!(workspace.shell, "{tool} crates xtask")
        .run()
        .context("a dependency that is named nowhere: take it out of the manifest")?;
    Ok(Outcome::passed())
}
