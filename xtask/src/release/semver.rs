//! Compares what a crate offers with its last release, by cargo-semver-checks.

use anyhow::{Context as _, Result};
use cargo_metadata::Package;
use cargo_metadata::semver::Version;
use xshell::{Shell, cmd};

use super::git;
use crate::tool::Tool;
use crate::workspace::{NATIVE_TLS, features_of};

pub(crate) const TOOL: Tool = Tool {
    name: "cargo-semver-checks",
    version: "0.51.0",
};

/// The last release of a crate, to compare with.
#[derive(Debug)]
pub(super) enum Baseline {
    Tagged(Version),
    /// In the registry only.
    Published(Version),
}

impl Baseline {
    pub(super) fn version(&self) -> &Version {
        match self {
            Self::Tagged(version) | Self::Published(version) => version,
        }
    }
}

/// The command that fails where the version of a package, which lies in a place below the root, says less than its changes.
pub(super) fn command(
    shell: &Shell,
    program: &str,
    (package, place): (&Package, &str),
    baseline: &Baseline,
) -> Result<Vec<String>> {
    let name = package.name.as_str();
    let features = features_of(package);
    // A feature that is new is no feature of the baseline, and one that is gone none of the package.
    let (flag, revision, before) = match baseline {
        Baseline::Tagged(version) => {
            let tag = git::tag(name, version);
            let before = features_at(shell, &tag, place)?;
            ("--baseline-rev", tag, before)
        }
        Baseline::Published(version) => {
            let before = features.iter().map(|&feature| feature.to_owned()).collect();
            ("--baseline-version", version.to_string(), before)
        }
    };
    let start = [
        program,
        "semver-checks",
        "-p",
        name,
        flag,
        &revision,
        "--only-explicit-features",
    ];
    let mut words: Vec<String> = start.map(str::to_owned).to_vec();
    for feature in features {
        words.extend(["--current-features".to_owned(), feature.to_owned()]);
    }
    for feature in before {
        words.extend(["--baseline-features".to_owned(), feature]);
    }
    Ok(words)
}

/// The features that a package had at a tag, with the same exceptions as now.
fn features_at(shell: &Shell, tag: &str, place: &str) -> Result<Vec<String>> {
    // `./` is where the shell stands, wherever git's own root is.
    let object = format!("{tag}:./{place}/Cargo.toml");
    let text = cmd!(shell, "git show {object}").quiet().read()?;
    let manifest: toml::Table = text.parse().with_context(|| object.clone())?;
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let names = features.into_iter().flat_map(toml::Table::keys).cloned();
    Ok(names
        .filter(|name| !["default", NATIVE_TLS].contains(&name.as_str()))
        .collect())
}
