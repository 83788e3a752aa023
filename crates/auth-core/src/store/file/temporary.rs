//! Holds a file that is written under a name of its own before it takes its place.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::entry;
use super::failure::Failure;
use super::lock::{Held, Tried, try_lock};
use super::names::{Kind, Names};

/// So often a new name may turn out to be taken.
const TRIES: usize = 16;

/// A file under a name that nobody else uses, removed when dropped unless it has taken its place.
///
/// It is locked from its beginning to its end: one that nobody has locked was left behind by a process that was killed.
pub(super) struct Temporary {
    name: Name,
    held: Held,
}

impl Temporary {
    /// Makes a file and writes `text` into it.
    pub(super) fn create(names: &Names, kind: Kind, text: &[u8]) -> Result<Self, Failure> {
        for _ in 0..TRIES {
            let path = names.temporary(kind);
            let file = match entry::create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created.map_err(Failure::io(&path, "made"))?,
            };
            let name = Name {
                path,
                placed: false,
            };
            // Before it was locked, a sweep may have taken it for one that was left behind.
            let Tried::Held(held) = try_lock(file, &name.path)? else {
                continue;
            };
            held.file()
                .write_all(text)
                .map_err(Failure::io(&name.path, "written"))?;
            return Ok(Self { name, held });
        }
        let problem = "does not keep new files; leave the store's directory to the store";
        Err(Failure::refused(names.directory(), problem))
    }

    /// Waits until the text is on the disk.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        let synced = self.held.file().sync_all();
        synced.map_err(Failure::io(&self.name.path, "written to the disk"))
    }

    /// Replaces what stands at `path` in one step, and gives the lock on what stands there now.
    pub(super) fn replace(mut self, path: &Path) -> Result<Held, Failure> {
        fs::rename(&self.name.path, path).map_err(Failure::io(path, "replaced"))?;
        self.name.placed = true;
        Ok(self.held)
    }
}

/// The name of a temporary file.
struct Name {
    path: PathBuf,
    placed: bool,
}

impl Drop for Name {
    fn drop(&mut self) {
        if !self.placed {
            // Where this fails, a later save tries again.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the temporary files of processes that were killed. One that can't be removed does no harm.
pub(super) fn sweep(names: &Names) {
    let Ok(entries) = fs::read_dir(names.directory()) else {
        return;
    };
    for entry in entries.flatten() {
        let is_temporary = |name: &str| names.is_temporary(name);
        if !entry.file_name().to_str().is_some_and(is_temporary) {
            continue;
        }
        let path = entry.path();
        if let Ok(Some(file)) = entry::open(&path, true)
            && let Ok(Tried::Held(_abandoned)) = try_lock(file, &path)
        {
            let _ = fs::remove_file(&path);
        }
    }
}
