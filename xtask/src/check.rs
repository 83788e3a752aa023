//! Runs every check that needs no test run, each as a leaf of its own. docs/contributing.md has the table of them.

mod cargo;
mod deny;
pub(crate) mod deps;
pub(crate) mod docs_rs;
mod external_types;
mod features;
mod files;
mod leaf;
mod links;
mod names;
pub(crate) mod openapi;
mod rust_version;
mod size;
mod unused;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum as _;

use self::leaf::Leaf;
use crate::report::Report;
use crate::workspace::Workspace;

/// Check everything that needs no test run: all leaves, or the ones named.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The leaves to run; none means all.
    leaves: Vec<Leaf>,
    /// Only what needs nothing but Rust itself, and of it nothing that is compiled anew; clippy with the default features
    /// only.
    #[arg(long)]
    fast: bool,
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
        [] => !fast || leaf.is_fast(),
        _ => asked.contains(leaf),
    };
    Leaf::value_variants()
        .iter()
        .copied()
        .filter(is_wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::{Leaf, chosen};

    #[test]
    fn fast_leaves_out_what_is_slow_or_needs_a_tool() {
        let fast = chosen(&[], true);
        assert!(fast.contains(&Leaf::Clippy) && fast.contains(&Leaf::Codegen));
        assert!(fast.contains(&Leaf::Dialects) && fast.contains(&Leaf::Links));
        assert!(!fast.contains(&Leaf::Features) && !fast.contains(&Leaf::Deny));
        assert!(!fast.contains(&Leaf::ExternalTypes) && !fast.contains(&Leaf::Semver));
        assert_eq!(chosen(&[], false), Leaf::value_variants());
    }

    #[test]
    fn named_leaves_run_once_each_even_with_fast() {
        assert_eq!(
            chosen(&[Leaf::Deny, Leaf::Size, Leaf::Deny], true),
            [Leaf::Size, Leaf::Deny]
        );
    }
}
