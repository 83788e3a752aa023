//! Names the files of one key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::StoreKey;
use super::super::unique::{is_unique, unique};

/// What a temporary file will replace.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Lock,
    Record,
}

impl Kind {
    fn mark(self) -> &'static str {
        match self {
            Self::Lock => "lock-",
            Self::Record => "new-",
        }
    }
}

/// The paths of one key's files. All begin with its id and a dot, which no id holds.
#[derive(Clone)]
pub(super) struct Names {
    directory: Arc<Path>,
    id: String,
}

impl Names {
    pub(super) fn new(directory: &Arc<Path>, key: &StoreKey) -> Self {
        Self {
            directory: Arc::clone(directory),
            id: key.id(),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn record(&self) -> PathBuf {
        self.path("json")
    }

    /// The lock that a renewal holds.
    pub(super) fn lock(&self) -> PathBuf {
        self.path("lock")
    }

    /// The lock that is held for the moment in which files change places.
    pub(super) fn commit(&self) -> PathBuf {
        self.path("commit")
    }

    /// The place of the record that was the `n`th to be unreadable.
    pub(super) fn aside(&self, n: usize) -> PathBuf {
        self.path(&format!("unreadable-{n}"))
    }

    /// A new name for a file that will take another's place.
    pub(super) fn temporary(&self, kind: Kind) -> PathBuf {
        self.path(&format!("{}{}", kind.mark(), unique()))
    }

    /// Says whether a file of this name was made to take another's place.
    pub(super) fn is_temporary(&self, name: &str) -> bool {
        let digits = name
            .strip_prefix(&self.id)
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|rest| {
                let kinds = [Kind::Lock, Kind::Record];
                kinds.iter().find_map(|kind| rest.strip_prefix(kind.mark()))
            });
        digits.is_some_and(is_unique)
    }

    fn path(&self, end: &str) -> PathBuf {
        self.directory.join(format!("{}.{end}", self.id))
    }
}
