//! Writes new files and new texts of old ones: all of them, or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::insert::Edit;
use super::render::Files;

/// What was written so far; unless it is kept, it is taken back.
#[derive(Debug)]
pub(super) struct Placed<'r> {
    root: &'r Path,
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    /// What stood there before, by path.
    before: Vec<(PathBuf, String)>,
    is_kept: bool,
}

/// Writes everything. Where one file can't be written, what was written before it is taken back.
pub(super) fn place<'r>(root: &'r Path, files: &Files, edits: &[Edit]) -> Result<Placed<'r>> {
    let mut placed = Placed {
        root,
        files: Vec::new(),
        directories: Vec::new(),
        before: Vec::new(),
        is_kept: false,
    };
    for (path, text) in files {
        placed
            .create(path, text)
            .with_context(|| format!("{path} can't be written; all is as it was"))?;
    }
    for edit in edits {
        placed.remember(&edit.path)?;
        replace(&root.join(&edit.path), &edit.after)
            .with_context(|| format!("{} can't be written; all is as it was", edit.path))?;
    }
    Ok(placed)
}

impl Placed<'_> {
    /// Puts a file back as well that something else is going to change.
    pub(super) fn remember(&mut self, path: &str) -> Result<()> {
        let full = self.root.join(path);
        let text = fs::read_to_string(&full).with_context(|| path.to_owned())?;
        self.before.push((full, text));
        Ok(())
    }

    /// Leaves everything as it is now.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }

    fn create(&mut self, path: &str, text: &str) -> io::Result<()> {
        let full = self.root.join(path);
        let above: Vec<_> = full
            .ancestors()
            .skip(1)
            .take_while(|it| !it.exists())
            .collect();
        self.directories
            .extend(above.iter().rev().map(|it| it.to_path_buf()));
        if let Some(directory) = full.parent() {
            fs::create_dir_all(directory)?;
        }
        self.files.push(full.clone());
        fs::write(full, text)
    }

    fn take_back(&self) -> io::Result<()> {
        for (path, text) in &self.before {
            replace(path, text)?;
        }
        for path in self.files.iter().filter(|it| it.exists()) {
            fs::remove_file(path)?;
        }
        for path in self.directories.iter().rev().filter(|it| it.exists()) {
            fs::remove_dir(path)?;
        }
        Ok(())
    }
}

/// Gives a file another text in one step: whoever is killed leaves the old one or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("part");
    fs::write(&beside, text)?;
    fs::rename(beside, path)
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = self.take_back()
        {
            eprintln!("error: not everything could be taken back, look at `git status`: {error}");
        }
    }
}
