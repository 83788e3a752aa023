//! Follows the README and the vendors' guides word by word, on the sandbox, as a reader would.
//!
//! Of a page, the blocks marked `sh` are run, one after the other, in one shell that stands in the workspace's root. A
//! block of `text` right after one is what its output has: each line begins a line of the output, in this order, and `…`
//! stands for any number of lines. Where it begins with `error:`, the block has to fail. `cargo xtask sandbox` runs beside
//! the rest until the end. A block marked `console` is left out: it needs a person at a browser, who is `crates/browser`, or
//! is a step of `cargo xtask test` itself.

mod page;
mod sandbox;

#[cfg(test)]
mod commands;

use std::mem;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::foreign;
use crate::report::{Outcome, Report};
use crate::watched;
use crate::workspace::{Workspace, providers, root};

use page::{Page, Step};
use sandbox::Running;

/// After so long without a word a step hangs; the longest builds an example.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Ends the output of a step; what follows is whether it succeeded.
const MARK: char = '\u{1}';

/// Follow the README and the vendors' guides on the sandbox: all of them, or one vendor's.
#[derive(Debug, clap::Args)]
pub(crate) struct Guides {
    /// The vendor whose guide to follow; none means all, and the README.
    vendor: Option<String>,
}

impl Guides {
    /// Follows the pages and prints the table.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let mut report = Report::new("page");
        match &self.vendor {
            Some(vendor) => follow(workspace, &format!("docs/guides/{vendor}.md"), &mut report),
            None => follow_all(workspace, &mut report)?,
        }
        print!("{}", report.table());
        Ok(report.exit_code())
    }
}

/// Follows the README and every vendor's guide, each as a step of the report.
pub(crate) fn follow_all(workspace: &Workspace, report: &mut Report) -> Result<()> {
    follow(workspace, "README.md", report);
    for provider in providers()? {
        follow(workspace, &format!("docs/guides/{provider}.md"), report);
    }
    Ok(())
}

fn follow(workspace: &Workspace, path: &str, report: &mut Report) {
    report.step(format!("follow {path}"), || {
        let text = workspace.shell.read_file(path)?;
        let page = Page::read(&text).with_context(|| path.to_owned())?;
        let _sandbox = page.sandbox.as_deref().map(Running::start).transpose()?;
        walk(&page.steps)?;
        let (run, left) = (page.steps.len(), page.left);
        Ok(Outcome::Passed(match left {
            0 => format!("{run} blocks"),
            _ => format!("{run} blocks, {left} left to a person"),
        }))
    });
}

/// Runs the steps in one shell, and compares what each prints with what the page says.
fn walk(steps: &[Step]) -> Result<()> {
    let mut command = Command::new("sh");
    foreign::without(&mut command)
        .env_remove("RUST_LOG")
        .current_dir(root()?)
        .args(["-eu", "-c", &script(steps)])
        .stdin(Stdio::null());
    let mut results: Vec<(bool, Vec<String>)> = Vec::new();
    let mut here: Vec<String> = Vec::new();
    let ended = watched::run(command, PATIENCE, |line| match line.strip_prefix(MARK) {
        Some(result) => results.push((result == "ok", mem::take(&mut here))),
        None => here.push(line.to_owned()),
    });
    for (step, (succeeded, output)) in steps.iter().zip(&results) {
        step.compare(*succeeded, output)
            .with_context(|| format!("the block at line {}", step.line))?;
    }
    match steps.get(results.len()) {
        Some(step) => ended.with_context(|| format!("the block at line {}", step.line)),
        None => ended,
    }
}

/// All steps, each with its mark. In a step that has to fail, `if` keeps the shell going.
fn script(steps: &[Step]) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        let (block, mark) = (&step.block, MARK);
        script.push_str(&match step.fails() {
            true => format!("if\n{block}then echo '{mark}ok'; else echo '{mark}failed'; fi\n"),
            false => format!("{block}echo '{mark}ok'\n"),
        });
    }
    script
}
