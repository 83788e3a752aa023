//! Knows the leaves: what each checks, with which tool, whether it is fast, and where its code is.

use anyhow::Result;
use clap::ValueEnum;

use super::{
    cargo, deny, deps, external_types, features, links, names, openapi, rust_version, size, unused,
};
use crate::codegen;
use crate::release::difference;
use crate::report::Outcome;
use crate::workspace::Workspace;

/// One check. They run in this order, the cheapest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, ValueEnum)]
pub(crate) enum Leaf {
    /// No hand-written file of Rust is too long.
    Size,
    /// The code is formatted.
    Fmt,
    /// Crates, rooms and foreign crates depend on each other as agreed.
    Deps,
    /// Spans and events are named as docs/observability.md promises.
    Names,
    /// The OpenAPI documents follow docs/openapi.md.
    Openapi,
    /// Links of pages and doc comments lead to files and headings that exist.
    Links,
    /// The minimum Rust version is said everywhere and kept, by dependencies too; compiled with it where it is installed.
    RustVersion,
    /// Clippy has nothing to say, with the default features and with all.
    Clippy,
    /// The documentation builds without a warning, and docs.rs is told of every feature.
    Docs,
    /// The generated code is what its OpenAPI documents give.
    Codegen,
    /// The generated page of dialects is what codegen would write.
    Dialects,
    /// Each dependency is named by the code that has it.
    Unused,
    /// Each published crate compiles with no feature, with each alone and with all.
    Features,
    /// Types of foreign crates stand in public signatures where that was agreed, with a reason, and nowhere else.
    ExternalTypes,
    /// Licenses, doubled versions, bans and sources are those of deny.toml.
    Deny,
    /// The public API differs from the last release no more than the changelog announces.
    Semver,
}

impl Leaf {
    /// What it is called on the command line.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it belongs to `--fast`: no tool beside Rust is needed, and little is compiled that the tests don't need too.
    pub(super) fn is_fast(self) -> bool {
        !matches!(
            self,
            Self::Unused | Self::Features | Self::ExternalTypes | Self::Deny | Self::Semver
        )
    }

    /// Runs it; some do less in a hurry.
    pub(super) fn run(self, workspace: &Workspace, fast: bool) -> Result<Outcome> {
        match self {
            Self::Size => size::check(),
            Self::Fmt => cargo::fmt(workspace),
            Self::Deps => deps::check(workspace),
            Self::Names => names::check(),
            Self::Openapi => openapi::check(),
            Self::Links => links::check(),
            Self::RustVersion => rust_version::check(workspace, fast),
            Self::Clippy => cargo::clippy(workspace, fast),
            Self::Docs => cargo::docs(workspace),
            Self::Codegen => codegen::check(workspace),
            Self::Dialects => codegen::check_dialects(workspace),
            Self::Unused => unused::check(workspace),
            Self::Features => features::check(workspace),
            Self::ExternalTypes => external_types::check(workspace),
            Self::Deny => deny::check(workspace),
            Self::Semver => difference::check(workspace),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::ValueEnum as _;

    use super::{Leaf, deny, unused};
    use crate::release::semver;
    use crate::tool::Tool;
    use crate::workspace::root;

    /// What the page says of the tool.
    fn tool(leaf: Leaf) -> String {
        let of = |tool: Tool| format!("{} {}", tool.name, tool.version);
        match leaf {
            Leaf::Fmt => "rustfmt".to_owned(),
            Leaf::Clippy => "clippy".to_owned(),
            Leaf::Docs | Leaf::ExternalTypes => "rustdoc".to_owned(),
            Leaf::Features | Leaf::RustVersion => "cargo".to_owned(),
            Leaf::Deny => of(deny::TOOL),
            Leaf::Semver => of(semver::TOOL),
            Leaf::Unused => of(unused::TOOL),
            _ => "—".to_owned(),
        }
    }

    /// The cells of the table's rows, without the backticks of the names.
    fn rows(page: &str) -> Vec<Vec<String>> {
        let lines = page
            .lines()
            .skip_while(|line| !line.starts_with("| leaf |"));
        let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells = row.trim_matches('|').split('|');
            cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
    }

    #[test]
    fn the_page_has_the_leaves_as_they_are() {
        let page = fs::read_to_string(root().unwrap().join("docs/contributing.md")).unwrap();
        let rows = rows(&page);
        let leaves = Leaf::value_variants().iter();
        let wanted: Vec<_> = leaves
            .map(|leaf| {
                let value = leaf.to_possible_value().unwrap();
                let what = value.get_help().unwrap().to_string();
                let fast = if leaf.is_fast() { "yes" } else { "no" };
                [leaf.name(), what, tool(*leaf), fast.to_owned()]
            })
            .collect();
        let told: Vec<_> = rows.iter().map(|row| row[..4].to_vec()).collect();
        assert_eq!(told, wanted, "docs/contributing.md");
        for row in &rows {
            let seconds: Vec<_> = row[4].split(" / ").collect();
            let are_numbers = seconds.iter().all(|it| it.parse::<f64>().is_ok());
            assert!(
                are_numbers && row.len() == 5,
                "docs/contributing.md: {row:?}"
            );
        }
    }
    /// `.ci/run` names those that `cargo xtask test` leaves out.
    #[test]
    fn continuous_integration_leaves_out_none_but_the_comparison_with_the_last_release() {
        let script = fs::read_to_string(root().unwrap().join(".ci/run")).unwrap();
        let named = script.lines().find_map(|line| line.strip_prefix("leaves="));
        let named: Vec<_> = named.unwrap().trim_matches('"').split(' ').collect();
        assert!(
            script.contains("\ncargo xtask check $leaves\n")
                && script.contains("exec cargo xtask test\n")
        );
        for leaf in Leaf::value_variants() {
            // These do less in a hurry, and `cargo xtask test` is in one.
            let is_half = matches!(leaf, Leaf::Clippy | Leaf::RustVersion);
            let is_whole = leaf.is_fast() && !is_half;
            let is_run = is_whole || named.contains(&leaf.name().as_str());
            assert_eq!(is_run, *leaf != Leaf::Semver, "{}", leaf.name());
        }
    }
}
