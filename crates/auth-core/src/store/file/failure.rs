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
    /// A file can't have a second name here.
    #[error(
        "`{}` can't be made: its file system has no hard links, as FAT has none; give the store a \
         directory on another",
        path.display()
    )]
    NoLinks { path: PathBuf, source: io::Error },
    /// It is no record of the key, and may be set aside.
    #[error("`{}` can't be read ({reason}); nothing was written", path.display())]
    Unreadable {
        path: PathBuf,
        number: u64,
        reason: String,
    },
}

impl Failure {
    /// For `map_err`: `path` can't be `done`.
    pub(super) fn io(path: &Path, done: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, done, source }
    }

    /// For `map_err`: `path` can't be made as the second name of a file.
    pub(super) fn link(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| {
            if has_no_links(&source) {
                Self::NoLinks { path, source }
            } else {
                Self::io(&path, "made")(source)
            }
        }
    }

    pub(super) fn refused(path: &Path, problem: impl Into<String>) -> Self {
        Self::Refused {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }
}

/// Says whether a hard link was refused because of where it was to be. A directory that is not ours gives another error.
fn has_no_links(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EPERM) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// What helps, where that is known.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "; its directory is not there, or is gone: make it and open the store anew"
        }
        io::ErrorKind::PermissionDenied => {
            "; it and its directory must belong to the user that this process runs as, and be writable"
        }
        io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded | io::ErrorKind::StorageFull => {
            "; make room there, or raise the limit"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; give the store a directory that can be written",
        io::ErrorKind::Unsupported => "; give the store a directory on a local file system",
        _ => "",
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_hard_links_is_told() {
        for code in [libc::EPERM, libc::EOPNOTSUPP, libc::ENOSYS] {
            let told = Failure::link(Path::new("a/b"))(io::Error::from_raw_os_error(code));
            assert!(told.to_string().contains("no hard links"), "{told}");
            assert!(told.to_string().contains("`a/b`"), "{told}");
        }
        let told = Failure::link(Path::new("a/b"))(io::Error::from_raw_os_error(libc::EACCES));
        assert!(told.to_string().contains("must belong"), "{told}");
        let told = Failure::link(Path::new("a/b"))(io::Error::from_raw_os_error(libc::ENOSPC));
        assert!(told.to_string().contains("make room"), "{told}");
    }
}
