//! Names the files of one key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::StoreKey;
use super::super::unique::{is_unique, unique};

/// So many digits the greatest number has; all are written with as many, so that a listing shows them in order.
const DIGITS: usize = 20;

/// What the numbered files are; each kind has numbers of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Lock,
    Record,
}

impl Kind {
    fn end(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Record => "json",
        }
    }
}

/// What a name in the directory stands for.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Named {
    /// The file with this number.
    Numbered(u64),
    /// A file that was made to get this number.
    Temporary(u64),
}

/// The paths of one key's files, which have a directory of their own.
#[derive(Clone)]
pub(super) struct Names {
    directory: Arc<Path>,
}

impl Names {
    pub(super) fn new(store: &Path, key: &StoreKey) -> Self {
        Self {
            directory: store.join(key.id()).into(),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn numbered(&self, kind: Kind, number: u64) -> PathBuf {
        let name = format!("{number:0DIGITS$}.{}", kind.end());
        self.directory.join(name)
    }

    /// A new name for a file that is to get `number`.
    pub(super) fn temporary(&self, kind: Kind, number: u64) -> PathBuf {
        let name = format!("{number:0DIGITS$}.{}-{}", kind.end(), unique());
        self.directory.join(name)
    }

    /// The place of the record that was the `n`th to be unreadable.
    pub(super) fn aside(&self, n: usize) -> PathBuf {
        self.directory.join(format!("unreadable-{n}"))
    }
}

/// Reads a name in the directory; `None` if it is not one of this kind.
pub(super) fn read(kind: Kind, name: &str) -> Option<Named> {
    let (digits, end) = name.split_at_checked(DIGITS)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Numbers begin with one.
    let number = digits.parse().ok().filter(|number| *number > 0)?;
    match end.strip_prefix('.')?.strip_prefix(kind.end())? {
        "" => Some(Named::Numbered(number)),
        rest => is_unique(rest.strip_prefix('-')?).then_some(Named::Temporary(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &Path) -> &str {
        path.file_name()
            .and_then(|name| name.to_str())
            .expect("ASCII")
    }

    #[test]
    fn names_are_read_as_they_were_made() {
        let key = StoreKey::new("EXAMPLE_V4", "app-1", "login.example.com", "");
        let names = Names::new(Path::new("tokens"), &key);
        for (kind, other) in [(Kind::Lock, Kind::Record), (Kind::Record, Kind::Lock)] {
            for number in [1, 10, u64::MAX] {
                let numbered = names.numbered(kind, number);
                assert_eq!(read(kind, name(&numbered)), Some(Named::Numbered(number)));
                assert_eq!(read(other, name(&numbered)), None);
                let temporary = names.temporary(kind, number);
                assert_eq!(read(kind, name(&temporary)), Some(Named::Temporary(number)));
                assert_eq!(read(other, name(&temporary)), None);
            }
        }
    }

    #[test]
    fn other_names_are_nobodys() {
        for name in [
            "",
            "1.json",
            "00000000000000000000.json",
            "99999999999999999999.json",
            "+0000000000000000001.json",
            "0000000000000000000é.json",
            "00000000000000000001.json-",
            "00000000000000000001.json-0123456789ABCDEF0123456789ABCDEF",
            "00000000000000000001.json~",
            "00000000000000000001json",
            "000000000000000000001.json",
            "unreadable-1",
        ] {
            assert_eq!(read(Kind::Record, name), None, "{name}");
        }
    }
}
