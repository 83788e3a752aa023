//! What a release does, as data: a dry run shows the list that is carried out otherwise.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::report::{Outcome, Report};

/// Some actions that fail or succeed together.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) actions: Vec<Action>,
}

/// One thing that is done.
#[derive(Debug)]
pub(super) enum Action {
    /// A file of the release's own tree gets another text; `what` says how it differs.
    Write {
        path: String,
        text: String,
        what: String,
    },
    /// A command, in the release's own tree or in the person's.
    Run { place: Place, words: Vec<String> },
}

/// Where a command runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Here,
    Tree,
}

/// The two places, each as a shell that stands in it.
#[derive(Debug)]
pub(super) struct Shells<'s> {
    pub(super) here: &'s Shell,
    pub(super) tree: &'s Shell,
}

impl Step {
    /// A step without actions.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            actions: Vec::new(),
        }
    }

    /// Adds a command that runs in the release's own tree.
    pub(super) fn in_tree<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.run(Place::Tree, words)
    }

    /// Adds a command that runs in the person's tree.
    pub(super) fn here<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.run(Place::Here, words)
    }

    fn run<W: Into<String>>(mut self, place: Place, words: impl IntoIterator<Item = W>) -> Self {
        let words = words.into_iter().map(Into::into).collect();
        self.actions.push(Action::Run { place, words });
        self
    }
}

/// Carries steps out, each only if those before it succeeded.
pub(super) fn carry_out(steps: &[Step], shells: &Shells<'_>) -> Report {
    let mut report = Report::new("step");
    for Step { title, actions } in steps {
        let is_over = report.has_failed();
        report.step(title, || {
            if is_over {
                return Ok(Outcome::Skipped("a step before it failed".to_owned()));
            }
            for action in actions {
                action.carry_out(shells)?;
            }
            Ok(Outcome::passed())
        });
    }
    report
}

impl Action {
    fn carry_out(&self, shells: &Shells<'_>) -> Result<()> {
        match self {
            Self::Write { path, text, what } => {
                eprintln!("{path}: {what}");
                let path = shells.tree.current_dir().join(path);
                fs::write(&path, text).with_context(|| path.display().to_string())
            }
            Self::Run { place, words } => {
                let shell = match place {
                    Place::Here => shells.here,
                    Place::Tree => shells.tree,
                };
                let (program, arguments) = words.split_first().context("a command has a name")?;
                Ok(cmd!(shell, "{program} {arguments...}").run()?)
            }
        }
    }
}

impl Display for Step {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.title)?;
        for action in &self.actions {
            match action {
                Action::Write { path, what, .. } => writeln!(formatter, "  {path}: {what}")?,
                Action::Run { words, .. } => {
                    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                    writeln!(formatter, "  $ {}", words.join(" "))?;
                }
            }
        }
        Ok(())
    }
}

/// A word as a person would write it for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,@:".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A directory as the words of a command have it.
pub(super) fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
