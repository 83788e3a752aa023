//! Writes generated files, or says how those that are there differ.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// What cures a difference.
const CURE: &str = "cargo xtask codegen";

/// So many differing lines are shown.
const SHOWN: usize = 12;

/// So many differing files are shown with their lines.
const FILES_SHOWN: usize = 5;

/// Files by path below the workspace's root.
pub(crate) type Files = BTreeMap<String, String>;

/// Writes what differs, removes what is left over of `directories`, and says how much that was.
pub(super) fn write(root: &Path, directories: &[String], files: &Files) -> Result<usize> {
    let mut changed = 0;
    for path in orphans(root, directories, files)? {
        fs::remove_file(root.join(&path)).with_context(|| path.display().to_string())?;
        changed += 1;
    }
    for (path, wanted) in files {
        let target = root.join(path);
        if fs::read_to_string(&target).is_ok_and(|present| present == *wanted) {
            continue;
        }
        if let Some(directory) = target.parent() {
            fs::create_dir_all(directory).with_context(|| path.clone())?;
        }
        fs::write(&target, wanted).with_context(|| path.clone())?;
        changed += 1;
    }
    Ok(changed)
}

/// Fails if a file is missing, differs, or is left over in `directories`.
pub(super) fn compare(root: &Path, directories: &[String], files: &Files) -> Result<()> {
    let mut offenses = Vec::new();
    for path in orphans(root, directories, files)? {
        offenses.push(format!(
            "{} is left over: no source gives it",
            path.display()
        ));
    }
    let mut shown = 0;
    for (path, wanted) in files {
        match fs::read_to_string(root.join(path)) {
            Ok(present) if present == *wanted => {}
            Ok(present) => {
                shown += 1;
                let lines = match shown <= FILES_SHOWN {
                    true => format!("\n{}", difference(&present, wanted)),
                    false => String::new(),
                };
                offenses.push(format!("{path} isn't what its sources give{lines}"));
            }
            Err(_) => offenses.push(format!("{path} is missing")),
        }
    }
    if offenses.is_empty() {
        return Ok(());
    }
    bail!("run `{CURE}`:\n  - {}", offenses.join("\n  - "))
}

/// The files of `directories` that aren't among `files`, by path below `root`.
fn orphans(root: &Path, directories: &[String], files: &Files) -> Result<Vec<PathBuf>> {
    let mut orphans = Vec::new();
    let mut open: Vec<PathBuf> = directories.iter().map(PathBuf::from).collect();
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(root.join(&directory)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.with_context(|| directory.display().to_string())?;
            let path = directory.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if !files.contains_key(&path.to_string_lossy().replace('\\', "/")) {
                orphans.push(path);
            }
        }
    }
    orphans.sort();
    Ok(orphans)
}

/// The lines that differ, from the first on, without what both texts end with.
fn difference(present: &str, wanted: &str) -> String {
    let mut present: Vec<_> = present.split('\n').collect();
    let mut wanted: Vec<_> = wanted.split('\n').collect();
    let same = present
        .iter()
        .zip(&wanted)
        .take_while(|(a, b)| a == b)
        .count();
    let mut present = present.split_off(same);
    let mut wanted = wanted.split_off(same);
    while present
        .last()
        .is_some_and(|last| wanted.last() == Some(last))
    {
        present.pop();
        wanted.pop();
    }
    let removed = present.iter().map(|line| format!("-{line}"));
    let added = wanted.iter().map(|line| format!("+{line}"));
    let mut lines = vec![format!("from line {}:", same + 1)];
    lines.extend(shortened(removed.collect()));
    lines.extend(shortened(added.collect()));
    lines.join("\n")
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.truncate(SHOWN);
        lines.push(format!("({more} more)"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n"), "from line 2:\n-b\n+B");
        assert_eq!(difference("a\nc\n", "a\nb\nc\n"), "from line 2:\n+b");
        assert_eq!(difference("a\nc", "a\nc\n"), "from line 3:\n+");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long = "x\n".repeat(20);
        let shown = difference("", &long);
        assert!(shown.ends_with("(8 more)"), "{shown}");
    }
}
