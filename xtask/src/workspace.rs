//! Knows where the workspace is, which packages it has and which features they offer.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};
use serde::Deserialize as _;
use xshell::{Cmd, Shell, cmd};

/// Needs OpenSSL's headers on most systems, and is a second TLS stack: never switched on in passing.
pub(crate) const NATIVE_TLS: &str = "native-tls";

/// A shell that stands in the workspace's root, and what cargo says about the workspace.
pub(crate) struct Workspace {
    pub(crate) shell: Shell,
    metadata: Metadata,
}

impl Workspace {
    /// Opens the workspace that this tool was built in, wherever it is called from.
    pub(crate) fn open() -> Result<Self> {
        Self::at(root()?)
    }

    /// Opens the workspace whose manifest is in a directory.
    pub(crate) fn at(root: &Path) -> Result<Self> {
        let shell = Shell::new()?;
        shell.change_dir(root);
        let metadata = read(&cmd!(shell, "cargo metadata --format-version 1 --no-deps"))?;
        let metadata = MetadataCommand::parse(metadata).context("reading `cargo metadata`")?;
        Ok(Self { shell, metadata })
    }

    /// The workspace's own packages, in the order of their names.
    pub(crate) fn packages(&self) -> Vec<&Package> {
        let mut packages = self.metadata.workspace_packages();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        packages
    }

    /// The packages that others can depend on.
    pub(crate) fn libraries(&self) -> Vec<&Package> {
        let is_library = |package: &&Package| {
            let is_published = package.publish.as_ref().is_none_or(|to| !to.is_empty());
            is_published && package.targets.iter().any(|t| t.is_kind(TargetKind::Lib))
        };
        self.packages().into_iter().filter(is_library).collect()
    }

    /// One of the workspace's own packages.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let found = self
            .packages()
            .into_iter()
            .find(|package| *package.name == name);
        found.with_context(|| format!("this workspace has no package called `{name}`"))
    }

    /// Where a package lies, below the workspace's root.
    pub(crate) fn place(&self, package: &Package) -> Result<String> {
        let directory = package.manifest_path.parent();
        let directory = directory.context("a manifest lies in a directory")?;
        let place = directory.strip_prefix(&self.metadata.workspace_root)?;
        Ok(place.to_string())
    }

    /// The directory that cargo builds into.
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The commands that must succeed before a release, from `[workspace.metadata.release]`.
    pub(crate) fn release_checks(&self) -> Result<Vec<String>> {
        let checks = &self.metadata.workspace_metadata["release"]["checks"];
        let checks = Vec::deserialize(checks).unwrap_or_default();
        ensure!(
            !checks.is_empty(),
            "`checks` in [workspace.metadata.release] is to be a list of commands"
        );
        Ok(checks)
    }

    /// Every feature of every package but native-tls, as `package/feature`, for `--features`.
    pub(crate) fn all_features(&self) -> String {
        let qualified = |package: &&Package| -> Vec<String> {
            let name = &package.name;
            features_of(package)
                .into_iter()
                .map(|f| format!("{name}/{f}"))
                .collect()
        };
        self.packages()
            .iter()
            .flat_map(qualified)
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// Shows a command, runs it and gives what it writes to standard output.
pub(crate) fn read(command: &Cmd<'_>) -> Result<String> {
    eprintln!("$ {command}");
    Ok(command.read()?)
}

/// Names another workspace than the one that this tool was built in: tests have a copy to change.
const ROOT: &str = "XTASK_ROOT";

/// The directory that holds the workspace's manifest.
pub(crate) fn root() -> Result<&'static Path> {
    static OTHER: LazyLock<Option<PathBuf>> = LazyLock::new(|| Some(env::var_os(ROOT)?.into()));
    if let Some(other) = &*OTHER {
        return Ok(other);
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().context("xtask has no directory above it")
}

/// The crates that speak to one vendor each, by name: those whose typed layer has a plan.
pub(crate) fn providers() -> Result<Vec<String>> {
    providers_of(root()?)
}

/// The same, of the workspace in a directory.
fn providers_of(root: &Path) -> Result<Vec<String>> {
    let crates = root.join("crates");
    let entries = fs::read_dir(&crates).with_context(|| crates.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().join("openapi/plan.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Every feature of one package but `default` and native-tls.
pub(crate) fn features_of(package: &Package) -> Vec<&str> {
    let names = package.features.keys().map(String::as_str);
    names
        .filter(|name| !["default", NATIVE_TLS].contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::providers;

    #[test]
    fn providers_are_found_and_nothing_else() {
        let providers = providers().unwrap();
        assert!(providers.is_sorted());
        for name in ["comm100", "communic8", "webcommander"] {
            assert!(providers.iter().any(|it| it == name), "{providers:?}");
        }
        assert!(!providers.iter().any(|it| it == "auth-core" || it == "walk"));
    }
}
