//! Asks git for the state of the tree, for tags and for commits.

use anyhow::{Result, bail};
use cargo_metadata::semver::Version;
use xshell::{Shell, cmd};

/// What the release of a crate is called.
pub(super) fn tag(name: &str, version: &Version) -> String {
    format!("{name}-v{version}")
}

/// The greatest version of a crate that has a tag.
pub(super) fn last_tagged(shell: &Shell, name: &str) -> Result<Option<Version>> {
    let prefix = format!("{name}-v");
    let tags = cmd!(shell, "git tag --list {prefix}*").quiet().read()?;
    let version = |tag: &str| tag.strip_prefix(&prefix)?.parse().ok();
    Ok(tags.lines().filter_map(version).max())
}

/// The commit that a revision stands for, if there is such a revision.
pub(super) fn commit(shell: &Shell, revision: &str) -> Option<String> {
    let revision = format!("{revision}^{{commit}}");
    let command = cmd!(shell, "git rev-parse --verify --quiet {revision}");
    command.quiet().ignore_stderr().read().ok()
}

/// How many commits since a revision touched a place.
pub(super) fn commits_since(shell: &Shell, revision: &str, place: &str) -> Result<u64> {
    let range = format!("{revision}..HEAD");
    let count = cmd!(shell, "git rev-list --count {range} -- {place}")
        .quiet()
        .read()?;
    Ok(count.parse()?)
}

/// Fails where something is in the tree but not in its last commit.
pub(super) fn ensure_clean(shell: &Shell) -> Result<()> {
    let changes = cmd!(shell, "git status --porcelain").quiet().read()?;
    if changes.is_empty() {
        return Ok(());
    }
    bail!("the tree is not clean: commit or put aside\n{changes}")
}
