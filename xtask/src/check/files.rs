//! Lists the files of this workspace that people write.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Directories whose files nobody writes by hand.
const EXEMPT: &[&str] = &["generated", "target"];

/// Every hand-written file of Rust below a directory.
pub(super) fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    files_with(directory, "rs")
}

/// Every hand-written file with an extension below a directory, in a stable order.
pub(super) fn files_with(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !EXEMPT.contains(&name.as_str()) && !name.starts_with('.') {
                found.extend(files_with(&path, extension)?);
            }
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
