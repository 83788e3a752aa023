//! Reads, replaces and sets aside the record of one key.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::token::Generation;

use super::super::{Saved, StoreKey, StoredTokens};
use super::failure::Failure;
use super::lock::{Look, Mark};
use super::names::{Kind, Names};
use super::record::Undecoded;
use super::temporary::Temporary;
use super::{directory, entry, lock, record, succession};

/// The longest record. A token set has a few kilobytes.
const LONGEST_RECORD: u64 = 1024 * 1024;
/// So many unreadable records of one key are kept; then somebody should have a look.
const MOST_ASIDE: usize = 999;
/// So often a record may be replaced while it is being read.
const TRIES: usize = 16;

/// The place of one key's tokens.
#[derive(Clone)]
pub(super) struct Slot {
    key: StoreKey,
    names: Names,
}

impl Slot {
    pub(super) fn new(store: &Path, key: &StoreKey) -> Self {
        Self {
            key: key.clone(),
            names: Names::new(store, key),
        }
    }

    /// Looks at the lock once.
    pub(super) fn look(&self, lease: Duration, stopped: Option<&Mark>) -> Result<Look, Failure> {
        directory::ensure(self.names.directory())?;
        lock::look(&self.names, lease, stopped)
    }

    /// Reads the tokens. A record that can't be read is set aside, and told as a failure.
    pub(super) fn load(&self) -> Result<Option<StoredTokens>, Failure> {
        for _ in 0..TRIES {
            let (path, number, reason) = match self.read() {
                Ok((_, stored)) => return Ok(stored),
                Err(Failure::Unreadable {
                    path,
                    number,
                    reason,
                }) => (path, number, reason),
                Err(failure) => return Err(failure),
            };
            if let Some(aside) = self.set_aside(&path, number)? {
                let problem = format!(
                    "can't be read ({reason}); it was set aside as `{}`; the next sign-in begins anew",
                    aside.display()
                );
                return Err(Failure::refused(&path, problem));
            }
        }
        Err(self.restless())
    }

    /// Replaces the tokens if their number is `expected`.
    pub(super) fn save(
        &self,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Failure> {
        let (record, present) = self.read()?;
        if present.map(|stored| stored.generation) != expected {
            return Ok(Saved::Superseded);
        }
        let text = record::encode(&self.key, Some(new));
        if exceeds(text.len()) {
            let problem = format!(
                "would get a record of {} bytes; one may have {LONGEST_RECORD} at most",
                text.len()
            );
            return Err(Failure::refused(self.names.directory(), problem));
        }
        directory::ensure(self.names.directory())?;
        Ok(if self.follow(record, &text)? {
            Saved::Written
        } else {
            Saved::Superseded
        })
    }

    /// Puts a record after the one that counts, unless that counts no longer.
    fn follow(&self, record: u64, text: &[u8]) -> Result<bool, Failure> {
        let number = succession::after(&self.names, Kind::Record, record)?;
        let new = Temporary::create(&self.names, Kind::Record, number, text)?;
        new.sync()?;
        if !succession::place(&self.names, Kind::Record, &new)? {
            return Ok(false);
        }
        match self.sync(number) {
            Ok(()) => succession::sweep(&self.names, Kind::Record, number),
            // Everybody sees the new record by now, so it counts. The old ones stay for the case that it is lost.
            Err(error) => tracing::warn!(
                name: "auth_core.store.not_synced",
                %error,
                "new tokens are saved but may not outlast a power failure"
            ),
        }
        Ok(true)
    }

    /// Makes the name of a record outlast a power failure.
    fn sync(&self, number: u64) -> io::Result<()> {
        let directory = self.names.directory();
        directory::sync(directory)?;
        match directory.parent() {
            // The directory may be as new as its first record.
            Some(store) if number == 1 => directory::sync(store),
            _ => Ok(()),
        }
    }

    /// Reads the record that counts, and gives its number in the succession; zero where there is none.
    fn read(&self) -> Result<(u64, Option<StoredTokens>), Failure> {
        if !directory::is_there(self.names.directory())? {
            return Ok((0, None));
        }
        for _ in 0..TRIES {
            let number = succession::newest(&self.names, Kind::Record)?;
            if number == 0 {
                return Ok((0, None));
            }
            let path = self.names.numbered(Kind::Record, number);
            // Where it is gone, another one has followed.
            if let Some(file) = entry::open(&path, false)? {
                return Ok((number, self.decode(file, &path, number)?));
            }
        }
        Err(self.restless())
    }

    /// Reads a record that was opened; `None` if it says that there are no tokens.
    fn decode(
        &self,
        file: fs::File,
        path: &Path,
        number: u64,
    ) -> Result<Option<StoredTokens>, Failure> {
        let metadata = file.metadata().map_err(Failure::io(path, "examined"))?;
        check_mode(path, &metadata)?;
        let unreadable = |reason: String| Failure::Unreadable {
            path: path.to_path_buf(),
            number,
            reason,
        };
        let too_long = || unreadable(format!("it has more than {LONGEST_RECORD} bytes"));
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if exceeds(length) {
            return Err(too_long());
        }
        // One byte more than it has, so that the buffer need not grow to find its end.
        let mut text = Zeroizing::new(Vec::with_capacity(length + 1));
        file.take(LONGEST_RECORD + 1)
            .read_to_end(&mut text)
            .map_err(Failure::io(path, "read"))?;
        if exceeds(text.len()) {
            return Err(too_long());
        }
        record::decode(&self.key, &text).map_err(|undecoded| match undecoded {
            Undecoded::OtherVersion(found) => {
                let problem = format!(
                    "was written by another release ({found}) and left as it is: use that release, \
                     or move its directory away to sign in anew"
                );
                Failure::refused(path, problem)
            }
            Undecoded::Unreadable(reason) => unreadable(reason),
        })
    }

    /// Gives the record another name, and lets one without tokens follow it; `None` if another has followed meanwhile.
    fn set_aside(&self, path: &Path, number: u64) -> Result<Option<PathBuf>, Failure> {
        // The name comes first: what was followed may be swept at once.
        let Some(aside) = self.link_aside(path)? else {
            return Ok(None);
        };
        let followed = self.follow(number, &record::encode(&self.key, None));
        if !matches!(followed, Ok(true)) {
            // Whoever has set it aside as well has a name of their own for it.
            let _ = fs::remove_file(&aside);
            return followed.map(|_| None);
        }
        // The caller may have given up by now; then nobody reads the error.
        tracing::warn!(
            name: "auth_core.store.set_aside",
            aside = %aside.display(),
            "stored tokens can't be read and were set aside"
        );
        Ok(Some(aside))
    }

    /// Gives the record the first free name, over nothing; `None` if the record is gone.
    fn link_aside(&self, path: &Path) -> Result<Option<PathBuf>, Failure> {
        for n in 1..=MOST_ASIDE {
            let aside = self.names.aside(n);
            match fs::hard_link(path, &aside) {
                Ok(()) => return Ok(Some(aside)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Failure::link(&aside)(error)),
            }
        }
        let problem = format!(
            "can't be read, and {MOST_ASIDE} like it were set aside already: find out who writes \
             there, and move those away"
        );
        Err(Failure::refused(path, problem))
    }

    fn restless(&self) -> Failure {
        let problem = "changes faster than it can be read; leave it to the store";
        Failure::refused(self.names.directory(), problem)
    }
}

fn exceeds(length: usize) -> bool {
    u64::try_from(length).is_ok_and(|length| length > LONGEST_RECORD)
}

/// Refuses a record that others may have read or written.
#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let problem = format!(
        "has mode {mode:04o}, which lets others see the tokens; `chmod 600 {}` cures that, and a \
         new sign-in makes tokens that nobody has seen",
        path.display()
    );
    Err(Failure::refused(path, problem))
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), Failure> {
    Ok(())
}
