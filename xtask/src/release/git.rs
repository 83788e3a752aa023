//! Asks git for the state of the tree, for tags and for commits.

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::semver::Version;
use xshell::{Shell, cmd};

/// What the release of a crate is called.
pub(super) fn tag(name: &str, version: &Version) -> String {
    format!("{name}-v{version}")
}

/// The greatest version of a crate that has a tag in the history of HEAD. Tags beside it are those of other branches, or left
/// over from a release that was cut off.
pub(super) fn last_tagged(shell: &Shell, name: &str) -> Result<Option<Version>> {
    let prefix = format!("{name}-v");
    let tags = cmd!(shell, "git tag --merged HEAD --list {prefix}*")
        .quiet()
        .read()?;
    let version = |tag: &str| tag.strip_prefix(&prefix)?.parse().ok();
    Ok(tags.lines().filter_map(version).max())
}

/// The commit that a revision stands for, if there is such a revision.
pub(super) fn commit(shell: &Shell, revision: &str) -> Option<String> {
    let revision = format!("{revision}^{{commit}}");
    let command = cmd!(shell, "git rev-parse --verify --quiet {revision}");
    command.quiet().ignore_stderr().read().ok()
}

/// The commit that a tag stands at; a branch of the same name is none.
pub(super) fn tagged(shell: &Shell, tag: &str) -> Option<String> {
    commit(shell, &format!("refs/tags/{tag}"))
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
    let changes = cmd!(shell, "git status --porcelain --untracked-files=all")
        .quiet()
        .read()?;
    if changes.is_empty() {
        return Ok(());
    }
    // The last two steps of a release move the branch, then the files.
    let is_behind = cmd!(shell, "git diff --cached --quiet HEAD~1")
        .quiet()
        .ignore_stderr()
        .run()
        .is_ok();
    let tags = cmd!(shell, "git tag --points-at HEAD").quiet().read()?;
    ensure!(
        !is_behind || tags.is_empty(),
        "a release was cut off before its last step: the branch has its commit, and the files don't yet; \
         `git read-tree -m -u HEAD~1 HEAD` finishes it"
    );
    bail!("the tree is not clean: commit or put aside\n{changes}")
}

/// Fails where a commit would be on no branch, or beside what others have done as far as was fetched.
pub(super) fn ensure_on_branch(shell: &Shell) -> Result<()> {
    let branch = cmd!(shell, "git symbolic-ref --quiet --short HEAD")
        .quiet()
        .read();
    let branch = branch.ok().context(
        "no branch is checked out, so that the release would be on none: `git switch` to one",
    )?;
    if commit(shell, "@{upstream}").is_none() {
        return Ok(());
    }
    let range = "HEAD..@{upstream}";
    let behind = cmd!(shell, "git rev-list --count {range}").quiet().read()?;
    ensure!(
        behind == "0",
        "{branch} lacks {behind} commits of its upstream: `git pull` first"
    );
    Ok(())
}
