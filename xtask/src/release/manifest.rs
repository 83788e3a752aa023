//! Writes versions into manifests and lock files, and leaves every other byte as it is.

use anyhow::{Context as _, Result};
use cargo_metadata::semver::Version;
use toml_edit::{DocumentMut, Item, TableLike, value};

/// The manifest of a crate with a version of its own, be it the workspace's before.
pub(super) fn with_version(manifest: &str, version: &Version) -> Result<String> {
    let mut document: DocumentMut = manifest.parse()?;
    let package = table(document.get_mut("package"), "package")?;
    put(package, "version", version);
    Ok(document.to_string())
}

/// The workspace's manifest with what it asks of its own crates.
pub(super) fn with_requirement(manifest: &str, name: &str, version: &Version) -> Result<String> {
    let mut document: DocumentMut = manifest.parse()?;
    let workspace = table(document.get_mut("workspace"), "workspace")?;
    let all = table(workspace.get_mut("dependencies"), "workspace.dependencies")?;
    let own = table(all.get_mut(name), name)?;
    put(own, "version", version);
    Ok(document.to_string())
}

/// A lock file with the version of a crate that lies beside it: one that comes from no registry.
pub(super) fn with_locked(lock: &str, name: &str, version: &Version) -> Result<String> {
    let mut document: DocumentMut = lock.parse()?;
    let packages = document
        .get_mut("package")
        .and_then(Item::as_array_of_tables_mut)
        .context("it has no `package`")?;
    for package in packages.iter_mut() {
        let is_ours = package.get("name").and_then(Item::as_str) == Some(name);
        if is_ours && !package.contains_key("source") {
            put(package, "version", version);
        }
    }
    Ok(document.to_string())
}

fn table<'d>(item: Option<&'d mut Item>, name: &str) -> Result<&'d mut dyn TableLike> {
    item.and_then(Item::as_table_like_mut)
        .with_context(|| format!("it has no table `{name}`"))
}

/// Replaces a value, and keeps the space and the comment round it where it is one.
fn put(table: &mut dyn TableLike, key: &str, version: &Version) {
    let mut new = value(version.to_string());
    let old = table.get(key).and_then(Item::as_value);
    if let (Some(old), Some(new)) = (old, new.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(key, new);
}

#[cfg(test)]
mod tests {
    use super::{with_locked, with_requirement, with_version};

    fn version() -> cargo_metadata::semver::Version {
        "0.2.0".parse().expect("a version")
    }

    #[test]
    fn a_crate_gets_a_version_of_its_own_in_the_same_place() {
        for before in [
            "version.workspace = true",
            "version = { workspace = true }",
            "version = \"0.1.0\"",
        ] {
            let text = |version: &str| {
                format!(
                    "# Why.\n[package]\nname = \"a\"\n{version}\nedition.workspace = true\n\n[lints]\nworkspace = true\n"
                )
            };
            let got = with_version(&text(before), &version()).expect("a manifest");
            assert_eq!(got, text("version = \"0.2.0\""), "{before}");
        }
    }

    #[test]
    fn the_table_of_the_workspace_asks_for_the_new_version() {
        let text = |version: &str| {
            format!(
                "[workspace.dependencies]\na = {{ path = \"crates/a\", version = \"{version}\", default-features = false }} # ours\n\
                 b = {{ path = \"crates/b\" }}\nc = \"0.1.0\"\n"
            )
        };
        let got = with_requirement(&text("0.1.0"), "a", &version()).expect("a manifest");
        assert_eq!(got, text("0.2.0"));
        assert!(with_requirement(&text("0.1.0"), "d", &version()).is_err());
        assert!(with_requirement(&text("0.1.0"), "c", &version()).is_err());
    }

    #[test]
    fn in_a_lock_file_only_the_crate_that_lies_here_is_changed() {
        let text = |version: &str| {
            format!(
                "# Made by cargo.\nversion = 4\n\n[[package]]\nname = \"a\"\nversion = \"{version}\"\ndependencies = [\n \"b\",\n]\n\n\
                 [[package]]\nname = \"a\"\nversion = \"0.0.1\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"b\"\nversion = \
                 \"0.1.0\"\n"
            )
        };
        let got = with_locked(&text("0.1.0"), "a", &version()).expect("a lock file");
        assert_eq!(got, text("0.2.0"));
    }
}
