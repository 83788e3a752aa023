//! Says what went wrong with which file, and what cures it. Never repeats what a file holds.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file was not read, written or locked; it becomes the source of an [`Error`](crate::Error).
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The operating system said no.
    #[error("`{}` can't be {done}{}", path.display(), advice(source))]
    Io {
        path: PathBuf,
        done: &'static str,
        source: io::Error,
    },
    /// We say no.
    #[error("`{}` {problem}", path.display())]
    Refused { path: PathBuf, problem: String },
    /// It is no record of the key; whoever holds the commit lock may set it aside.
    #[error("`{}` can't be read ({reason}); nothing was written", path.display())]
    Unreadable { path: PathBuf, reason: String },
}

impl Failure {
    /// For `map_err`: `path` can't be `done`.
    pub(super) fn io(path: &Path, done: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, done, source }
    }

    pub(super) fn refused(path: &Path, problem: impl Into<String>) -> Self {
        Self::Refused {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }
}

/// What helps, where that is known.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; its directory is gone: open the store anew",
        io::ErrorKind::PermissionDenied => {
            "; it and its directory must belong to the user that this process runs as"
        }
        io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded | io::ErrorKind::StorageFull => {
            "; make room there, or raise the limit"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; give the store a directory that can be written",
        io::ErrorKind::Unsupported => "; give the store a directory on a local file system",
        _ => "",
    }
}
