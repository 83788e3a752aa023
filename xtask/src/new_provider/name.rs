//! Checks the name of a new provider: everything that is called after it must be free.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::check::deps;
use crate::codegen::names::is_identifier;
use crate::workspace::Workspace;

/// Crates that every program has, and words that mean another thing here.
const TAKEN: &[&str] = &["alloc", "core", "proc", "std", "test", "xtask"];

/// The registry's limit for a keyword, which the name is.
const LONGEST: usize = 20;

/// The name of a new provider.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: String,
}

impl Name {
    /// Takes a name that is free in the workspace at `root`.
    pub(super) fn free(name: &str, workspace: &Workspace, root: &Path) -> Result<Self> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        ensure!(
            name.len() > 1
                && name.len() <= LONGEST
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(fits),
            "`{name}` can't be the name: 2 to {LONGEST} small letters and digits, a letter first, for it names a crate, a \
             module, a type and environment variables"
        );
        ensure!(
            is_identifier(name) && !TAKEN.contains(&name),
            "`{name}` can't be the name: Rust has another meaning for it"
        );
        let known = |package: &&cargo_metadata::Package| *package.name == name;
        ensure!(
            !workspace.packages().iter().any(known),
            "there is a crate called `{name}` already: nothing was written"
        );
        let lock = fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
        ensure!(
            !lock
                .lines()
                .any(|line| line == format!("name = \"{name}\"")),
            "`{name}` is a crate that this workspace depends on: take another name"
        );
        for place in [
            format!("crates/{name}"),
            format!("crates/vendor-sandbox/src/{name}.rs"),
            format!("docs/guides/{name}.md"),
        ] {
            ensure!(
                !root.join(&place).exists(),
                "{place} is there already: take another name, or remove it"
            );
        }
        if let Some(word) = deps::in_core(name)?.first() {
            anyhow::bail!(
                "auth-core uses the word `{name}`, and may name no vendor: take another name ({word})"
            );
        }
        Ok(Self {
            name: name.to_owned(),
        })
    }

    /// As variables and constants begin.
    pub(super) fn upper(&self) -> String {
        self.name.to_ascii_uppercase()
    }

    /// As types and people call it.
    pub(super) fn title(&self) -> String {
        let (first, rest) = self.name.split_at(1);
        first.to_ascii_uppercase() + rest
    }
}
