//! Tells which crates of the workspace are published, which of ours each needs, and in which order they can go out.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use cargo_metadata::{DependencyKind, Package};

use crate::workspace::Workspace;

/// The crates of ours that one needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// It is compiled against them.
    pub(super) uses: Vec<String>,
    /// Its published manifest names them for its tests only.
    pub(super) tested_with: Vec<String>,
}

impl Needs {
    /// All that must be out before it.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.uses.iter().chain(&self.tested_with)
    }
}

/// The crates that a registry may have, by their names.
pub(super) fn published(workspace: &Workspace) -> Vec<&Package> {
    let may_go_out = |package: &&Package| package.publish.as_ref().is_none_or(|to| !to.is_empty());
    workspace
        .packages()
        .into_iter()
        .filter(may_go_out)
        .collect()
}

/// What a package needs of the published ones. What only lies beside it, without a version, is not in its published
/// manifest.
pub(super) fn needs(package: &Package, published: &[&Package]) -> Needs {
    let mut needs = Needs::default();
    for dependency in &package.dependencies {
        let name = &dependency.name;
        let is_ours = dependency.path.is_some() && published.iter().any(|ours| ours.name == *name);
        if !is_ours {
            continue;
        }
        let of_kind = match dependency.kind {
            DependencyKind::Development if dependency.req.comparators.is_empty() => continue,
            DependencyKind::Development => &mut needs.tested_with,
            _ => &mut needs.uses,
        };
        if !of_kind.contains(name) {
            of_kind.push(name.clone());
        }
    }
    needs
}

/// Crates in waves: those that need none of the others, then those that need only them, and so on; by name within a wave.
/// It is the order in which cargo publishes them.
///
/// # Errors
/// They need each other in a circle.
pub(super) fn in_order(needs: &BTreeMap<String, Needs>) -> Result<Vec<String>> {
    let mut left: BTreeSet<&String> = needs.keys().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_ready = |name: &&String| !needs[*name].all().any(|needed| left.contains(needed));
        let wave: Vec<&String> = left.iter().copied().filter(is_ready).collect();
        ensure!(
            !wave.is_empty(),
            "these need each other in a circle: {left:?}"
        );
        left.retain(|name| !wave.contains(name));
        order.extend(wave.into_iter().cloned());
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::{in_order, needs, published};
    use crate::release::{changelog::Changelog, manifest};
    use crate::workspace::{Workspace, root};

    /// So that the day of the release holds no surprise.
    #[test]
    fn the_crates_of_this_workspace_can_be_released() {
        let workspace = Workspace::open().expect("a workspace");
        let all = fs::read_to_string(root().expect("a root").join("Cargo.toml")).expect("a file");
        let packages = published(&workspace);
        let mut known = BTreeMap::new();
        for package in &packages {
            let path = package.manifest_path.with_file_name("CHANGELOG.md");
            let text = fs::read_to_string(&path).expect("a changelog");
            assert!(Changelog::parse(&text).is_ok(), "{path}");
            let own = fs::read_to_string(&package.manifest_path).expect("a manifest");
            manifest::with_version(&own, &package.version).expect(&package.name);
            manifest::with_requirement(&all, &package.name, &package.version).expect(&package.name);
            known.insert(package.name.to_string(), needs(package, &packages));
        }
        let order = in_order(&known).expect("an order");
        assert_eq!(order[0], "auth-core");
        assert!(!workspace.release_checks().expect("commands").is_empty());
    }
}
