//! Asks cargo which version of Rust each dependency of the published crates declares.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use xshell::cmd;

use super::parts;
use crate::workspace::{Workspace, read};

/// How many dependencies programs can get from the published crates, and those that declare a newer Rust than `minimum`.
pub(super) fn newer(workspace: &Workspace, minimum: &str) -> Result<(usize, Vec<String>)> {
    let features = workspace.all_features();
    let metadata = cmd!(
        workspace.shell,
        "cargo metadata --format-version 1 --locked --features {features}"
    );
    let metadata = MetadataCommand::parse(read(&metadata)?).context("reading `cargo metadata`")?;
    let published: Vec<&str> = workspace
        .libraries()
        .iter()
        .map(|package| package.id.repr.as_str())
        .collect();
    judge(&metadata, &published, minimum)
}

/// Walks from the published crates along what programs are built of: normal and build dependencies, on any system.
fn judge(metadata: &Metadata, published: &[&str], minimum: &str) -> Result<(usize, Vec<String>)> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo resolved nothing")?;
    let nodes: HashMap<_, _> = resolve
        .nodes
        .iter()
        .map(|node| (node.id.repr.as_str(), node))
        .collect();
    let mut seen = BTreeSet::new();
    let mut ahead = published.to_vec();
    while let Some(id) = ahead.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = nodes
            .get(id)
            .with_context(|| format!("cargo resolved no {id}"))?;
        let built = node.deps.iter().filter(|dependency| {
            let kinds = &dependency.dep_kinds;
            kinds
                .iter()
                .any(|it| it.kind != DependencyKind::Development)
        });
        ahead.extend(built.map(|dependency| dependency.pkg.repr.as_str()));
    }
    let found = metadata
        .packages
        .iter()
        .filter(|package| seen.contains(package.id.repr.as_str()));
    let mut offenses = Vec::new();
    for package in found {
        let Some(declared) = &package.rust_version else {
            continue;
        };
        if parts(&declared.to_string()) > parts(minimum) {
            let (name, version) = (&package.name, &package.version);
            offenses.push(format!(
                "{name} {version} needs Rust {declared}, and ours promise {minimum}: take an older one (`cargo update -p \
                 {name} --precise ..`), or raise `rust-version`, which breaks integrators"
            ));
        }
    }
    Ok((seen.len() - published.len(), offenses))
}

#[cfg(test)]
mod tests {
    use cargo_metadata::MetadataCommand;
    use serde_json::{Value, json};

    use super::judge;

    fn package(name: &str, rust_version: Option<&str>) -> Value {
        json!({
            "name": name, "version": "1.2.3", "id": name, "rust_version": rust_version, "dependencies": [], "targets": [],
            "features": {}, "manifest_path": "/Cargo.toml",
        })
    }

    fn node(name: &str, to: &[(&str, &str)]) -> Value {
        let dependencies: Vec<_> = to
            .iter()
            .map(|(name, kind)| {
                let kind = Some(*kind).filter(|kind| !kind.is_empty());
                json!({ "name": name, "pkg": name, "dep_kinds": [{ "kind": kind, "target": null }] })
            })
            .collect();
        json!({ "id": name, "dependencies": [], "deps": dependencies, "features": [] })
    }

    /// What is said where `ours` builds on `needed`, which builds on `deep`, and tests with `tested`.
    fn told(deep: &str) -> (usize, Vec<String>) {
        let metadata = json!({
            "packages": [
                package("ours", Some("1.89")), package("needed", None), package("deep", Some(deep)),
                package("tested", Some("1.95")), package("stranger", Some("1.95")),
            ],
            "workspace_members": ["ours"],
            "resolve": { "root": null, "nodes": [
                node("ours", &[("needed", ""), ("tested", "dev")]), node("needed", &[("deep", "build"), ("ours", "")]),
                node("deep", &[]), node("tested", &[]), node("stranger", &[]),
            ] },
            "workspace_root": "/", "target_directory": "/target", "version": 1,
        });
        let metadata = MetadataCommand::parse(metadata.to_string()).unwrap();
        judge(&metadata, &["ours"], "1.89").unwrap()
    }

    #[test]
    fn dependencies_of_programs_count_and_those_of_tests_do_not() {
        assert_eq!(told("1.89.0"), (2, Vec::new()));
        assert_eq!(told("1.60"), (2, Vec::new()));
    }

    #[test]
    fn a_dependency_that_needs_a_newer_rust_is_told() {
        let (_, told) = told("1.90");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("deep 1.2.3 needs Rust 1.90"),
            "{told:?}"
        );
    }
}
