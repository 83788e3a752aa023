//! Finds hand-written Rust files that have grown too long for one reason to exist.

use std::fs;

use anyhow::{Context as _, Result};

use super::files::rust_files;
use crate::report::{Outcome, verdict};
use crate::workspace::root;

/// A longer file fails.
const LIMIT: usize = 600;
/// A longer file is named.
const WARNING: usize = 500;

/// Counts the lines of every hand-written file.
pub(super) fn check() -> Result<Outcome> {
    let root = root()?;
    let mut files = Vec::new();
    for top in ["crates", "xtask"] {
        for path in rust_files(&root.join(top))? {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let name = path.strip_prefix(root)?.display().to_string();
            files.push((name, text.lines().count()));
        }
    }
    let (too_long, nearly) = judge(&files);
    verdict(&too_long)?;
    Ok(Outcome::Passed(nearly.join(", ")))
}

/// What fails, and what is near to it.
fn judge(files: &[(String, usize)]) -> (Vec<String>, Vec<String>) {
    let mut too_long = Vec::new();
    let mut nearly = Vec::new();
    for (name, lines) in files {
        if *lines > LIMIT {
            too_long.push(format!(
                "{name} has {lines} lines, {LIMIT} are the limit: split it by resource or by step"
            ));
        } else if *lines > WARNING {
            nearly.push(format!("{name} has {lines} lines"));
        }
    }
    (too_long, nearly)
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn six_hundred_lines_are_named_and_one_more_fails() {
        let files = [("a.rs", 500), ("b.rs", 600), ("c.rs", 601)];
        let files = files.map(|(name, lines)| (name.to_owned(), lines));
        let (too_long, nearly) = judge(&files);
        assert_eq!(nearly, ["b.rs has 600 lines"]);
        assert_eq!(too_long.len(), 1);
        assert!(
            too_long[0].starts_with("c.rs has 601 lines"),
            "{too_long:?}"
        );
    }
}
