//! Runs every check that needs no test run, each as a leaf of its own.

mod cargo;
mod deny;
mod deps;
mod docs_rs;
mod features;
mod files;
mod names;
pub(crate) mod openapi;
mod size;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use crate::codegen;
use crate::report::{Outcome, Report};
use crate::workspace::Workspace;

/// Check everything that needs no test run: all leaves, or the ones named.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The leaves to run; none means all.
    leaves: Vec<Leaf>,
    /// Only what needs nothing but Rust itself; clippy with the default features only.
    #[arg(long)]
    fast: bool,
}

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
    /// Clippy has nothing to say, with the default features and with all.
    Clippy,
    /// The documentation builds without a warning, and docs.rs is told of every feature.
    Docs,
    /// The generated code is what its OpenAPI documents give.
    Codegen,
    /// The generated page of dialects is what codegen would write.
    Dialects,
    /// Each library crate compiles with each of its features alone.
    Features,
    /// Licenses, sources and bans, by cargo-deny.
    Deny,
}

impl Check {
    /// Runs the leaves and prints the table.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let mut report = Report::new("leaf");
        for leaf in chosen(&self.leaves, self.fast) {
            report.step(leaf.name(), || leaf.run(workspace, self.fast));
        }
        print!("{}", report.table());
        Ok(report.exit_code())
    }
}

/// Adds the leaves of `check --fast` to a report.
pub(crate) fn fast(workspace: &Workspace, report: &mut Report) {
    for leaf in chosen(&[], true) {
        report.step(format!("check {}", leaf.name()), || {
            leaf.run(workspace, true)
        });
    }
}

/// The leaves that were asked for, each once, in their own order.
fn chosen(asked: &[Leaf], fast: bool) -> Vec<Leaf> {
    let is_wanted = |leaf: &Leaf| match asked {
        [] => !fast || !matches!(leaf, Leaf::Features | Leaf::Deny),
        _ => asked.contains(leaf),
    };
    Leaf::value_variants()
        .iter()
        .copied()
        .filter(is_wanted)
        .collect()
}

impl Leaf {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn run(self, workspace: &Workspace, fast: bool) -> Result<Outcome> {
        match self {
            Self::Size => size::check(),
            Self::Fmt => cargo::fmt(workspace),
            Self::Deps => deps::check(workspace),
            Self::Names => names::check(),
            Self::Openapi => openapi::check(),
            Self::Clippy => cargo::clippy(workspace, fast),
            Self::Docs => cargo::docs(workspace),
            Self::Codegen => codegen::check(workspace),
            Self::Dialects => codegen::check_dialects(workspace),
            Self::Features => features::check(workspace),
            Self::Deny => deny::check(workspace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaf, chosen};

    #[test]
    fn fast_leaves_out_what_is_slow_or_needs_a_tool() {
        let fast = chosen(&[], true);
        assert!(fast.contains(&Leaf::Clippy) && fast.contains(&Leaf::Codegen));
        assert!(fast.contains(&Leaf::Dialects));
        assert!(!fast.contains(&Leaf::Features) && !fast.contains(&Leaf::Deny));
        assert_eq!(chosen(&[], false).len(), 11);
    }

    #[test]
    fn named_leaves_run_once_each_even_with_fast() {
        assert_eq!(
            chosen(&[Leaf::Deny, Leaf::Size, Leaf::Deny], true),
            [Leaf::Size, Leaf::Deny]
        );
    }
}
