//! The leaves that are one cargo command each: fmt, clippy and docs.

use anyhow::Result;
use xshell::cmd;

use super::docs_rs;
use crate::report::{Outcome, verdict};
use crate::workspace::Workspace;

/// Every file is formatted.
pub(super) fn fmt(workspace: &Workspace) -> Result<Outcome> {
    cmd!(workspace.shell, "cargo fmt --all --check").run()?;
    Ok(Outcome::passed())
}

/// Clippy is silent with the default features and, unless in a hurry, with all but native-tls.
pub(super) fn clippy(workspace: &Workspace, fast: bool) -> Result<Outcome> {
    let Workspace { shell, .. } = workspace;
    cmd!(
        shell,
        "cargo clippy --workspace --all-targets -- -D warnings"
    )
    .run()?;
    if !fast {
        let features = workspace.all_features();
        cmd!(
            shell,
            "cargo clippy --workspace --all-targets --features {features} -- -D warnings"
        )
        .run()?;
    }
    Ok(Outcome::passed())
}

/// The documentation of every feature but native-tls builds without a warning, and docs.rs is told to build it so.
pub(super) fn docs(workspace: &Workspace) -> Result<Outcome> {
    verdict(&docs_rs::offenses(workspace))?;
    let features = workspace.all_features();
    cmd!(
        workspace.shell,
        "cargo doc --workspace --no-deps --features {features}"
    )
    .env("RUSTDOCFLAGS", "-D warnings")
    .run()?;
    Ok(Outcome::passed())
}
