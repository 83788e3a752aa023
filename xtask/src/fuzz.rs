//! Fuzzes the readers of foreign bytes with libFuzzer, one target after the other. See docs/fuzzing.md.
//!
//! The fuzz targets have a workspace and a lock file of their own, crates/invariants/fuzz.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Cmd, cmd};

use crate::report::{Outcome, Report};
use crate::tool::Tool;
use crate::workspace::{Workspace, root};

/// What builds and starts the targets.
const TOOL: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.1",
};
/// What the targets are built into, and what they find.
const PLACE: &str = "target/fuzz";
/// The crate whose invariants are tried.
const CRATE: &str = "crates/invariants";

/// What libFuzzer is told whatever the target: inputs stay small, none may take ten seconds or a gigabyte.
const LIMITS: [&str; 4] = [
    "-max_len=16384",
    "-timeout=10",
    "-rss_limit_mb=1024",
    "-print_final_stats=1",
];

/// Fuzz what reads answers, callbacks, pages, payloads and files.
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// The targets; none means all. A wrong name lists them.
    targets: Vec<String>,
    /// How long each is fuzzed, in seconds.
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// Look for wrong uses of memory too: several times slower, and the pinned compiler is told to take unstable flags.
    #[arg(long)]
    address: bool,
}

impl Fuzz {
    /// Fuzzes each target in turn, and goes on with the next where one has a finding.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let known = targets()?;
        if let Some(wrong) = self.targets.iter().find(|name| !known.contains(name)) {
            bail!(
                "no target is called `{wrong}`; there are {}",
                known.join(", ")
            );
        }
        let chosen = match self.targets.as_slice() {
            [] => known,
            some => some.to_vec(),
        };
        let tool = TOOL.find_or_install(workspace)?;
        let mut report = Report::new("target");
        for target in &chosen {
            report.step(target, || self.fuzz(workspace, &tool, target));
        }
        print!("{}", report.table());
        Ok(report.exit_code())
    }

    fn fuzz(&self, workspace: &Workspace, tool: &str, target: &str) -> Result<Outcome> {
        let place = root()?.join(PLACE);
        let grown = place.join("corpus").join(target);
        let found = place.join("found").join(target);
        for directory in [&grown, &found] {
            fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        }
        let own = root()?.join(CRATE);
        let seeds = own.join("corpus").join(target);
        let words = format!("-dict={}", own.join("words.dict").display());
        let time = format!("-max_total_time={}", self.seconds);
        let artifacts = format!("-artifact_prefix={}/", found.display());
        let sanitizer = if self.address { "address" } else { "none" };
        let command = cmd!(
            workspace.shell,
            "{tool} run --fuzz-dir {CRATE}/fuzz --target-dir {place} --sanitizer {sanitizer} {target}"
        )
        .args([&grown, &seeds])
        .arg("--")
        .args(LIMITS)
        .args([&words, &time, &artifacts]);
        self.prepared(command).run().with_context(|| {
            format!(
                "a finding, unless the build failed: the input is in {PLACE}/found/{target}; docs/fuzzing.md says what \
                 to do with it"
            )
        })?;
        let inputs = fs::read_dir(&grown)?.count();
        Ok(Outcome::Passed(format!("{inputs} inputs in its corpus")))
    }

    fn prepared<'s>(&self, command: Cmd<'s>) -> Cmd<'s> {
        match self.address {
            true => command.env("RUSTC_BOOTSTRAP", "1"),
            false => command,
        }
    }
}

/// The targets, by their corpora.
fn targets() -> Result<Vec<String>> {
    let corpora = root()?.join(CRATE).join("corpus");
    let entries = fs::read_dir(&corpora).with_context(|| corpora.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    ensure!(
        !names.is_empty(),
        "there is no corpus in {}",
        corpora.display()
    );
    Ok(names)
}
