//! Reads what pages say of the minimum version of Rust.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::super::files::files_with;
use super::parts;
use crate::workspace::{Workspace, root};

/// What stands before the version, whatever stands between.
const WORDS: &str = "minimum rust version";

/// The pages that name another version than `minimum`, and the READMEs of published crates that name none.
pub(super) fn offenses(workspace: &Workspace, minimum: &str) -> Result<Vec<String>> {
    let root = root()?;
    let mut has_to = vec![PathBuf::from("README.md")];
    for package in workspace.libraries() {
        let readme = package.readme().context("a published crate has a readme")?;
        has_to.push(readme.into_std_path_buf());
    }
    let mut offenses = Vec::new();
    for path in files_with(root, "md")? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(root)?.display().to_string();
        let said = versions(&text);
        if said.is_empty() && has_to.iter().any(|page| root.join(page) == path) {
            offenses.push(format!(
                "{name} doesn't say \"Minimum Rust version: {minimum}\""
            ));
        }
        for other in said.iter().filter(|it| parts(it) != parts(minimum)) {
            offenses.push(format!(
                "{name} says that the minimum version of Rust is {other}, and Cargo.toml that it is {minimum}"
            ));
        }
    }
    Ok(offenses)
}

/// The versions that a page names as the minimum.
fn versions(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let after = text
        .match_indices(WORDS)
        .map(|(at, _)| &text[at + WORDS.len()..]);
    after
        .filter_map(|after| {
            // A heading or a colon may stand between, and no more.
            let start = after
                .find(|c: char| c.is_ascii_digit())
                .filter(|at| *at < 8)?;
            let rest = &after[start..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            let version = &rest[..end.unwrap_or(rest.len())];
            Some(version.trim_end_matches('.').to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn versions_are_found_behind_a_colon_and_under_a_heading() {
        assert_eq!(versions("Minimum Rust version: 1.89."), ["1.89"]);
        assert_eq!(versions("## Minimum Rust version\n\n1.89.1.\n"), ["1.89.1"]);
        let two = "x. Minimum Rust version: 1.89, as far as\nThe minimum Rust version is 1.90";
        assert_eq!(versions(two), ["1.89", "1.90"]);
        let none = "`file-store` needs Rust 1.89. The minimum Rust version is guarded, 1 check";
        assert_eq!(versions(none), [""; 0]);
    }
}
