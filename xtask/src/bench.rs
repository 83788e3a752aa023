//! Measures the crates beside their peers, and guards what a call costs.
//!
//! The measuring program has a workspace and a lock file of its own, crates/bench: the peers stay out of this one's.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::cmd;

use crate::report::{Outcome, Report, verdict};
use crate::workspace::{Workspace, root};

const MANIFEST: &str = "crates/bench/Cargo.toml";
/// The peers are built once and for all.
const TARGET: &str = "target/bench";

/// What a count may exceed its own by, in per cent: other processors take other copies of `memcpy`.
const MARGIN: u64 = 10;

/// What is guarded: the loop, how many turns are counted, and what one turn takes.
const COUNTS: [(&str, u64, u64); 2] = [("cached", 2_000, 157), ("request", 300, 75_000)];

/// Measure ours beside the peers and write docs/benchmarks.md; takes a quarter of an hour, and longer the first time.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// The groups to measure; none means all. A wrong name lists them.
    groups: Vec<String>,
    /// Only count the instructions of the cached path and of one request, and fail where they have grown.
    #[arg(long, conflicts_with = "groups")]
    guard: bool,
    /// Run the criterion benches whose names hold this (all without a word): for work on one path, with what has changed
    /// since their last run.
    #[arg(long, conflicts_with_all = ["groups", "guard"], num_args = 0..=1, default_missing_value = "")]
    criterion: Option<String>,
}

impl Bench {
    /// Builds and runs the measuring program, or the guard.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        if self.guard {
            let mut report = Report::new("guard");
            report.step("instructions", || guard(workspace));
            print!("{}", report.table());
            return Ok(report.exit_code());
        }
        let shell = &workspace.shell;
        if let Some(filter) = &self.criterion {
            cmd!(
                shell,
                "cargo bench --locked --manifest-path {MANIFEST} --target-dir {TARGET} --bench paths -- {filter}"
            )
            // Else its reports would lie beside the sources.
            .env("CRITERION_HOME", root()?.join(TARGET).join("criterion"))
            .run()?;
            return Ok(ExitCode::SUCCESS);
        }
        cmd!(
            shell,
            "cargo build --release --locked --manifest-path {MANIFEST} --target-dir {TARGET}"
        )
        .run()?;
        let groups = &self.groups;
        let program = Path::new(TARGET).join("release/bench");
        cmd!(
            shell,
            "{program} {groups...} --into docs --keep crates/bench/results"
        )
        .run()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Counts instructions, which don't depend on what else the machine does.
fn guard(workspace: &Workspace) -> Result<Outcome> {
    let shell = &workspace.shell;
    if cmd!(shell, "valgrind --version").quiet().read().is_err() {
        return Ok(Outcome::Skipped("valgrind is not installed".to_owned()));
    }
    cmd!(
        shell,
        "cargo build -q --release --locked -p guard --manifest-path {MANIFEST} --target-dir {TARGET}"
    )
    .run()?;
    let mut offenses = Vec::new();
    let mut remarks = Vec::new();
    for (name, turns, own) in COUNTS {
        let few = count(workspace, name, turns)?;
        let many = count(workspace, name, turns * 2)?;
        let found = many.saturating_sub(few) / turns;
        remarks.push(format!("{name} {found} of {own}"));
        if exceeds(found, own) {
            offenses.push(format!(
                "{name}: {found} instructions, and {own} are its own: more than {MARGIN} % over; if that is what it must \
                 cost, say so in the commit and change the number in xtask/src/bench.rs"
            ));
        }
    }
    verdict(&offenses)?;
    Ok(Outcome::Passed(remarks.join(", ")))
}

/// Says whether a count is beyond the margin.
fn exceeds(found: u64, own: u64) -> bool {
    found * 100 > own * (100 + MARGIN)
}

/// The instructions of so many turns, start and end of the program included.
fn count(workspace: &Workspace, name: &str, turns: u64) -> Result<u64> {
    let program = root()?.join(TARGET).join("release/guard");
    let turns = turns.to_string();
    let output = cmd!(
        workspace.shell,
        "valgrind --tool=callgrind --callgrind-out-file=/dev/null {program} {name} {turns}"
    )
    .ignore_status()
    .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the loop failed: {told}");
    collected(&told).with_context(|| format!("callgrind says nothing: {told}"))
}

/// The number in callgrind's last words.
fn collected(told: &str) -> Result<u64> {
    let Some((_, rest)) = told.split_once("Collected :") else {
        bail!("no `Collected`");
    };
    let number = rest.split_whitespace().next().context("no number")?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::{collected, exceeds};

    #[test]
    fn a_count_may_exceed_its_own_by_the_margin_and_no_more() {
        assert!(!exceeds(220, 200));
        assert!(exceeds(221, 200));
        assert!(!exceeds(1, 200));
    }

    #[test]
    fn callgrinds_count_is_found_in_its_words() {
        let told = "==1== Events    : Ir\n==1== Collected : 1124320\n==1==\n";
        assert_eq!(collected(told).ok(), Some(1_124_320));
        assert!(collected("==1== killed").is_err());
    }
}
