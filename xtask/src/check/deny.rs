//! Asks cargo-deny about licenses, doubled versions, bans and sources.

use anyhow::Result;
use xshell::cmd;

use crate::report::Outcome;
use crate::tool::Tool;
use crate::workspace::Workspace;

pub(super) const TOOL: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Everything in `deny.toml` that needs no network: security advisories are left out by name.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let tool = TOOL.find_or_install(workspace)?;
    cmd!(
        workspace.shell,
        "{tool} check --hide-inclusion-graph bans licenses sources"
    )
    .run()?;
    Ok(Outcome::passed())
}
