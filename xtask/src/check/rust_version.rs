//! Guards the declared minimum version of Rust: declared once, said everywhere, and kept by ours and by dependencies.

mod dependencies;
mod pages;

use std::fs;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use xshell::cmd;

use crate::report::{Outcome, verdict};
use crate::workspace::{Workspace, features_of, root};

/// What is compiled with that version is kept apart: another compiler's results would be thrown away each time.
const PLACE: &str = "target/rust-version";

/// Compares everything that states a version; compiles with the minimum unless in a hurry, where it is installed.
pub(super) fn check(workspace: &Workspace, fast: bool) -> Result<Outcome> {
    let read = |name: &str| -> Result<String> {
        fs::read_to_string(root()?.join(name)).with_context(|| name.to_owned())
    };
    let manifest: Manifest = toml::from_str(&read("Cargo.toml")?)?;
    let pinned: Pinned = toml::from_str(&read("rust-toolchain.toml")?)?;
    let minimum = &manifest.workspace.package.rust_version;
    let mut offenses = declared(&manifest, &pinned.toolchain.channel);
    for package in workspace.packages() {
        let own = package.rust_version.as_ref().map(ToString::to_string);
        if own.as_deref().and_then(parts) != parts(minimum) {
            let own = own.unwrap_or_else(|| "none".to_owned());
            offenses.push(format!(
                "{} declares Rust {own}: write `rust-version.workspace = true`",
                package.name
            ));
        }
    }
    offenses.extend(pages::offenses(workspace, minimum)?);
    let (count, newer) = dependencies::newer(workspace, minimum)?;
    offenses.extend(newer);
    verdict(&offenses)?;
    let said = format!("Rust {minimum}, no newer one declared by {count} dependencies");
    if fast {
        return Ok(Outcome::Passed(format!("{said}; not compiled with it")));
    }
    compile(workspace, minimum, &said)
}

/// Compiles the published crates with the minimum version, if rustup has it.
fn compile(workspace: &Workspace, minimum: &str, said: &str) -> Result<Outcome> {
    let shell = &workspace.shell;
    let known = cmd!(shell, "rustup toolchain list").quiet().read();
    let Some(toolchain) = toolchain(&known.unwrap_or_default(), minimum) else {
        return Ok(Outcome::Skipped(format!(
            "{said}; not compiled with it: `rustup toolchain install {minimum} --profile minimal`"
        )));
    };
    for package in workspace.libraries() {
        let name = package.name.as_str();
        let features = features_of(package).join(",");
        cmd!(
            shell,
            "rustup run {toolchain} cargo check -q --locked -p {name} --features={features} --target-dir {PLACE}"
        )
        .run()?;
    }
    Ok(Outcome::Passed(format!(
        "{said}; compiled with {toolchain}"
    )))
}

/// The name of the installed toolchain of that version, from `rustup toolchain list`.
fn toolchain(known: &str, minimum: &str) -> Option<String> {
    let names = known
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let version = |name: &str| parts(name.split('-').next()?);
    let minimum = parts(minimum)?;
    names
        .filter(|name| version(name) == Some(minimum))
        .map(str::to_owned)
        .next()
}

/// What is wrong with what the workspace itself declares.
fn declared(manifest: &Manifest, pinned: &str) -> Vec<String> {
    let mut offenses = Vec::new();
    let workspace = &manifest.workspace;
    let minimum = &workspace.package.rust_version;
    match (parts(minimum), parts(pinned)) {
        (Some(minimum), Some(pinned)) if minimum <= pinned => {}
        _ => offenses.push(format!(
            "`rust-version` is {minimum} in Cargo.toml, and rust-toolchain.toml pins {pinned}: the first may not be above \
             the second, and both are numbers"
        )),
    }
    if workspace.resolver != "3" {
        offenses.push(format!(
            "`resolver` is {} in Cargo.toml: from 3 on, cargo prefers dependencies that keep to `rust-version`",
            workspace.resolver
        ));
    }
    if workspace.lints.clippy.incompatible_msrv.as_deref() != Some("warn") {
        offenses.push(
            "`[workspace.lints.clippy]` of Cargo.toml doesn't have `incompatible_msrv = \"warn\"`, which finds what the \
             standard library didn't have yet"
                .to_owned(),
        );
    }
    offenses
}

/// Major and minor number; patches of a minor version are compatible in both directions.
fn parts(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[derive(Debug, Deserialize)]
struct Manifest {
    workspace: Members,
}

#[derive(Debug, Deserialize)]
struct Members {
    resolver: String,
    package: Package,
    lints: Lints,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    rust_version: String,
}

#[derive(Debug, Deserialize)]
struct Lints {
    clippy: Clippy,
}

#[derive(Debug, Deserialize)]
struct Clippy {
    incompatible_msrv: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pinned {
    toolchain: Channel,
}

#[derive(Debug, Deserialize)]
struct Channel {
    channel: String,
}

#[cfg(test)]
mod tests {
    use super::{declared, parts, toolchain};

    fn told(rust_version: &str, resolver: &str, lints: &str) -> Vec<String> {
        let manifest = format!(
            "[workspace]\nresolver = \"{resolver}\"\n[workspace.package]\nrust-version = \"{rust_version}\"\n\
             [workspace.lints.clippy]\n{lints}\n"
        );
        declared(&toml::from_str(&manifest).unwrap(), "1.95.0")
    }

    #[test]
    fn each_slip_of_the_manifest_is_told() {
        let lint = "incompatible_msrv = \"warn\"";
        assert_eq!(told("1.89", "3", lint), [""; 0]);
        assert_eq!(told("1.95.0", "3", lint), [""; 0]);
        assert!(told("1.96", "3", lint)[0].contains("may not be above"));
        assert!(told("stable", "3", lint)[0].contains("numbers"));
        assert!(told("1.89", "2", lint)[0].contains("`resolver` is 2"));
        assert!(told("1.89", "3", "")[0].contains("incompatible_msrv"));
        assert!(
            told("1.89", "3", "incompatible_msrv = \"allow\"")[0].contains("incompatible_msrv")
        );
    }

    #[test]
    fn the_toolchain_of_that_version_is_found_and_no_other() {
        let known = "stable-x86_64-unknown-linux-gnu (default)\n1.95.0-x86_64-unknown-linux-gnu (active)\n\
            1.89.0-x86_64-unknown-linux-gnu\n";
        let name = |version: &str| toolchain(known, version);
        assert_eq!(
            name("1.89").as_deref(),
            Some("1.89.0-x86_64-unknown-linux-gnu")
        );
        assert_eq!(
            name("1.95").as_deref(),
            Some("1.95.0-x86_64-unknown-linux-gnu")
        );
        assert_eq!(name("1.9"), None);
        assert_eq!(name("1.90"), None);
        assert_eq!(toolchain("no installed toolchains", "1.89"), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parts("1.100") > parts("1.95.1"));
        assert_eq!(parts("1.95.0"), parts("1.95"));
        assert_eq!(parts("nightly"), None);
        assert_eq!(parts("1"), None);
    }
}
