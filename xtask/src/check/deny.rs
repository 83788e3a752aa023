//! Asks cargo-deny about licenses, sources and bans, where it is installed.

use anyhow::Result;
use xshell::cmd;

use crate::report::Outcome;
use crate::workspace::Workspace;

/// Everything in `deny.toml` that needs no network: security advisories are left out by name.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let Workspace { shell, .. } = workspace;
    let installed = cmd!(shell, "cargo deny --version")
        .quiet()
        .ignore_status()
        .output();
    if !installed.is_ok_and(|output| output.status.success()) {
        let cure = "cargo-deny isn't installed: `cargo install --locked cargo-deny`";
        return Ok(Outcome::Skipped(cure.to_owned()));
    }
    cmd!(
        shell,
        "cargo deny check --hide-inclusion-graph bans licenses sources"
    )
    .run()?;
    Ok(Outcome::passed())
}
