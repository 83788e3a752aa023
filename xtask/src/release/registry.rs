//! Asks a registry which versions are out.

use std::process::Output;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Package;
use cargo_metadata::semver::Version;
use xshell::{Shell, cmd};

/// The registry of a package whose manifest names none.
const DEFAULT: &str = "crates-io";

/// The newest version that is out, if any is.
pub(super) fn newest(shell: &Shell, package: &Package) -> Result<Option<Version>> {
    find(shell, package, &package.name)
}

/// Whether this very version of a package is out. One that was yanked is not found.
pub(super) fn is_out(shell: &Shell, package: &Package, version: &Version) -> Result<bool> {
    let exact = format!("{}@{version}", package.name);
    Ok(find(shell, package, &exact)?.is_some())
}

/// Cargo is asked, since it knows the user's registries, proxies and tokens.
fn find(shell: &Shell, package: &Package, spec: &str) -> Result<Option<Version>> {
    let registry = package.publish.as_deref().and_then(<[String]>::first);
    let registry = registry.map_or(DEFAULT, String::as_str);
    let question = cmd!(
        shell,
        "cargo info --config net.offline=false --color never --registry {registry} {spec}"
    );
    eprintln!("$ {question}");
    let output = question.quiet().ignore_status().output()?;
    read_answer(&output, spec)
        .with_context(|| format!("asking the registry `{registry}` for {spec}"))
}

/// What `cargo info` has found. That there is nothing is told from a failure by the words of the complaint, which are
/// those of the pinned toolchain; the tests ask a real registry.
fn read_answer(output: &Output, spec: &str) -> Result<Option<Version>> {
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let version = told.lines().find_map(|line| line.strip_prefix("version: "));
        let version = version.and_then(|rest| rest.split_whitespace().next());
        let version = version.with_context(|| format!("no version in the answer:\n{told}"))?;
        return Ok(Some(version.parse()?));
    }
    if complaint.contains(&format!("could not find `{spec}` in registry")) {
        return Ok(None);
    }
    bail!("{}", complaint.trim())
}
