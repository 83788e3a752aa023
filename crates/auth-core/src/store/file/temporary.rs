//! Holds a file that is written under a name of its own before it gets its number.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::entry;
use super::failure::Failure;
use super::names::{Kind, Names};

/// A file under a name that nobody else uses. The name goes when this is dropped, also where the file has got another.
pub(super) struct Temporary {
    file: File,
    name: Name,
    number: u64,
}

impl Temporary {
    /// Makes a file that is to get `number`, and writes `text` into it.
    pub(super) fn create(
        names: &Names,
        kind: Kind,
        number: u64,
        text: &[u8],
    ) -> Result<Self, Failure> {
        let path = names.temporary(kind, number);
        let mut file = entry::create(&path).map_err(Failure::io(&path, "made"))?;
        let name = Name(path);
        file.write_all(text)
            .map_err(Failure::io(&name.0, "written"))?;
        Ok(Self { file, name, number })
    }

    /// Waits until the text is on the disk.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        let synced = self.file.sync_all();
        synced.map_err(Failure::io(&self.name.0, "written to the disk"))
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn path(&self) -> &Path {
        &self.name.0
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The file without this name.
    pub(super) fn into_file(self) -> File {
        self.file
    }
}

struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        // Where this fails, or the process is killed before, whoever next gets the number removes it.
        let _ = fs::remove_file(&self.0);
    }
}
