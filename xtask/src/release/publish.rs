//! Publishes what was prepared, and goes on where an earlier run was cut off: what is out is skipped.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::Package;
use xshell::cmd;

use super::crates::{Needs, in_order, needs, published};
use super::{columns, git, registry};
use crate::workspace::Workspace;

/// Publish the crates that are tagged here and not out yet. Run it again if it was cut off.
#[derive(Debug, clap::Args)]
pub(super) struct Publish {
    /// The crates to publish; none means all that were prepared.
    crates: Vec<String>,
    /// Do it, instead of saying what would be done.
    #[arg(long)]
    execute: bool,
}

/// How far the version of a manifest has come.
#[derive(Clone, Debug, Eq, PartialEq)]
enum State {
    Out,
    /// Its tag is here.
    Tagged,
    /// Its tag is at another commit.
    Elsewhere,
    Unprepared,
}

impl State {
    fn words(&self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Tagged => "prepared, not out",
            Self::Elsewhere => "prepared at another commit, not out",
            Self::Unprepared => "not prepared",
        }
    }
}

impl Publish {
    /// Says what would be published, or publishes it.
    pub(super) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let shell = &workspace.shell;
        git::ensure_clean(shell)?;
        let packages = published(workspace);
        let states = look(workspace, &packages)?;
        let missing = missing(&packages, &states, &self.crates)?;
        print!("{}", table(&packages, &states));
        if missing.is_empty() {
            println!(
                "\nNothing is left to publish. If the tags are not pushed yet: `git push --follow-tags`."
            );
            return Ok(ExitCode::SUCCESS);
        }
        let chosen: Vec<&str> = missing.iter().flat_map(|name| ["-p", name]).collect();
        let command = cmd!(shell, "cargo publish --locked {chosen...}");
        if !self.execute {
            println!("\nThis is a dry run. With --execute, in this order:\n\n  $ {command}");
            return Ok(ExitCode::SUCCESS);
        }
        // Whatever cargo says, what counts is what the registry has afterwards.
        let result = command.run();
        let cause = match &result {
            Ok(()) => "cargo has uploaded it, and the registry doesn't show it yet".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        let states = look(workspace, &packages).with_context(|| {
            format!(
                "{cause}; what is out is not known, since the registry doesn't answer: run the same command again when it does"
            )
        })?;
        print!("\n{}", table(&packages, &states));
        let left = missing.iter().filter(|name| states[*name] != State::Out);
        let left: Vec<_> = left.map(String::as_str).collect();
        if left.is_empty() {
            println!("\nAll of it is out. Then `git push --follow-tags`.");
            return Ok(ExitCode::SUCCESS);
        }
        bail!(
            "not out yet: {} ({cause}); what is out stays out: mend the cause, and run the same command again",
            left.join(", ")
        )
    }
}

/// How far each published crate is.
fn look(workspace: &Workspace, packages: &[&Package]) -> Result<BTreeMap<String, State>> {
    let shell = &workspace.shell;
    let head = git::commit(shell, "HEAD");
    let mut states = BTreeMap::new();
    for package in packages {
        let tag = git::tag(&package.name, &package.version);
        let state = match git::tagged(shell, &tag) {
            _ if registry::is_out(shell, package, &package.version)? => State::Out,
            None => State::Unprepared,
            tagged if tagged == head => State::Tagged,
            Some(_) => State::Elsewhere,
        };
        states.insert(package.name.to_string(), state);
    }
    Ok(states)
}

/// What is to be published, each crate after those that it needs.
///
/// # Errors
/// A crate that was asked for can't be published from here, or needs one that would not be out.
fn missing(
    packages: &[&Package],
    states: &BTreeMap<String, State>,
    named: &[String],
) -> Result<Vec<String>> {
    for name in named {
        match states.get(name) {
            None => bail!(
                "no published crate is called `{name}`; there are {}",
                states.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
            Some(State::Unprepared) => {
                bail!("{name} is not prepared: `cargo xtask release prepare {name}`")
            }
            Some(_) => {}
        }
    }
    let mut missing: BTreeMap<String, Needs> = BTreeMap::new();
    for package in packages {
        let name = package.name.as_str();
        let is_wanted = named.is_empty() || named.iter().any(|named| named == name);
        match states[name] {
            State::Elsewhere if is_wanted => {
                let tag = git::tag(name, &package.version);
                bail!(
                    "{name} is tagged at another commit: `git checkout {tag}`, and publish from there; if that tag was left \
                     over by a `prepare` that was cut off, `git tag -d {tag}`"
                )
            }
            State::Tagged if is_wanted => {
                missing.insert(name.to_owned(), needs(package, packages));
            }
            _ => {}
        }
    }
    for (name, needs) in &missing {
        for needed in needs.all() {
            let will_be_out = states[needed] == State::Out || missing.contains_key(needed);
            ensure!(
                will_be_out,
                "{name} needs {needed}, which is {} and not among what is published: prepare and name it too",
                states[needed].words()
            );
        }
    }
    in_order(&missing)
}

fn table(packages: &[&Package], states: &BTreeMap<String, State>) -> String {
    let head = ["crate", "version", "state"].map(str::to_owned);
    let row = |package: &&Package| {
        let name = package.name.to_string();
        let state = states[&name].words().to_owned();
        [name, package.version.to_string(), state]
    };
    let rows: Vec<_> = [head].into_iter().chain(packages.iter().map(row)).collect();
    columns(&rows)
}
