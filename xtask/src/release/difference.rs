//! Compares what the published crates offer now with their last releases, between releases: the leaf `semver` of the checks.

use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::semver::Version;
use xshell::cmd;

use super::changelog::Changelog;
use super::semver::{self, Baseline};
use super::version::Need;
use super::{crates, git};
use crate::report::{Outcome, verdict};
use crate::workspace::Workspace;

/// Fails where a crate's API differs from the newest tag of the crate by more than its changelog announces.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let shell = &workspace.shell;
    let (mut released, mut never) = (Vec::new(), Vec::new());
    for package in crates::published(workspace) {
        match git::last_tagged(shell, &package.name)? {
            Some(version) => released.push((package, version)),
            None => never.push(package.name.as_str()),
        }
    }
    if released.is_empty() {
        return Ok(Outcome::Skipped(format!(
            "nothing is released: no crate has a tag, as in {}",
            git::tag("auth-core", &Version::new(0, 1, 0))
        )));
    }
    let tool = semver::TOOL.find_or_install(workspace)?;
    let (mut offenses, mut remarks) = (Vec::new(), Vec::new());
    for (package, last) in released {
        let path = package.manifest_path.with_file_name("CHANGELOG.md");
        let text = fs::read_to_string(&path).with_context(|| path.to_string())?;
        let changelog = Changelog::parse(&text).with_context(|| path.to_string())?;
        let tag = git::tag(&package.name, &last);
        let announced = announced(&last, &package.version, changelog.need());
        let place = workspace.place(package)?;
        let mut words = semver::command(
            shell,
            &tool,
            (package, &place),
            &Baseline::Tagged(last.clone()),
        )?;
        if let Some(announced) = announced {
            words.extend(["--release-type".to_owned(), announced.to_owned()]);
        }
        let (program, arguments) = words.split_first().context("a command has a program")?;
        match cmd!(shell, "{program} {arguments...}").run() {
            Ok(()) => remarks.push(format!("{tag}: {}", announced.unwrap_or("raised since"))),
            Err(_) => offenses.push(format!(
                "{}: see above; where more of {tag} breaks than {path} says under Unreleased, take it back, or announce it \
                 (docs/releasing.md has the words)",
                package.name
            )),
        }
    }
    verdict(&offenses)?;
    if !never.is_empty() {
        remarks.push(format!("never released: {}", never.join(" ")));
    }
    Ok(Outcome::Passed(remarks.join(", ")))
}

/// How much may differ, in the tool's words; none where the manifest has a version of its own since, which says it itself.
fn announced(last: &Version, now: &Version, need: Option<Need>) -> Option<&'static str> {
    if now != last {
        return None;
    }
    Some(match need {
        Some(Need::Breaking) => "major",
        Some(Need::Feature) => "minor",
        // Below 1.0.0 cargo takes additions for granted in any patch.
        Some(Need::Fix) | None if last.major == 0 => "minor",
        Some(Need::Fix) | None => "patch",
    })
}

#[cfg(test)]
mod tests {
    use cargo_metadata::semver::Version;

    use super::announced;
    use crate::release::version::Need;

    #[test]
    fn the_changelog_says_how_much_may_differ() {
        let at = |version: &str, need| {
            let version = Version::parse(version).expect("a version");
            announced(&version, &version, need)
        };
        assert_eq!(at("1.2.0", Some(Need::Breaking)), Some("major"));
        assert_eq!(at("1.2.0", Some(Need::Feature)), Some("minor"));
        assert_eq!(at("1.2.0", Some(Need::Fix)), Some("patch"));
        assert_eq!(at("1.2.0", None), Some("patch"));
        assert_eq!(at("0.1.0", Some(Need::Breaking)), Some("major"));
        assert_eq!(at("0.1.0", None), Some("minor"));
    }

    #[test]
    fn a_raised_version_speaks_for_itself() {
        let (last, now) = (Version::new(0, 1, 0), Version::new(0, 2, 0));
        assert_eq!(announced(&last, &now, Some(Need::Fix)), None);
    }
}
