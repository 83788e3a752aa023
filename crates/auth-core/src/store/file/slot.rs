//! Reads, replaces and sets aside the record of one key.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::token::Generation;

use super::super::{Saved, StoreKey, StoredTokens};
use super::failure::Failure;
use super::lock::{Look, Mark};
use super::names::{Kind, Names};
use super::record::Undecoded;
use super::temporary::{Temporary, sweep};
use super::{directory, entry, lock, record};

/// The longest record. A token set has a few kilobytes.
const LONGEST_RECORD: u64 = 1024 * 1024;
/// So many unreadable records of one key are kept; then somebody should have a look.
const MOST_ASIDE: usize = 999;

/// The place of one key's tokens.
#[derive(Clone)]
pub(super) struct Slot {
    key: StoreKey,
    names: Names,
}

impl Slot {
    pub(super) fn new(directory: &Arc<Path>, key: &StoreKey) -> Self {
        Self {
            key: key.clone(),
            names: Names::new(directory, key),
        }
    }

    /// Looks at the long lock once.
    pub(super) fn look(&self, lease: Duration, stopped: Option<&Mark>) -> Result<Look, Failure> {
        lock::look(&self.names, lease, stopped)
    }

    /// Reads the record. One that can't be read is set aside, and told as a failure.
    pub(super) fn load(&self) -> Result<Option<StoredTokens>, Failure> {
        match self.read() {
            Err(Failure::Unreadable { .. }) => {}
            read => return read,
        }
        // Whatever stands there under the commit lock stays there: nothing that somebody has just saved is moved.
        let _commit = lock::commit(&self.names)?;
        match self.read() {
            Err(Failure::Unreadable { path, reason }) => {
                let aside = self.set_aside()?;
                let problem = format!(
                    "can't be read ({reason}); it was set aside as `{}`; the next sign-in begins anew",
                    aside.display()
                );
                Err(Failure::refused(&path, problem))
            }
            read => read,
        }
    }

    /// Replaces the record if its number is `expected`.
    pub(super) fn save(
        &self,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Failure> {
        let path = self.names.record();
        let text = record::encode(&self.key, new);
        if exceeds(text.len()) {
            let problem = format!(
                "would have {} bytes; a record may have {LONGEST_RECORD} at most",
                text.len()
            );
            return Err(Failure::refused(&path, problem));
        }
        // Without the lock this is a courtesy that saves the writing.
        if self.number()? != expected {
            return Ok(Saved::Superseded);
        }
        sweep(&self.names);
        // All that takes time comes before the commit lock.
        let written = Temporary::create(&self.names, Kind::Record, &text)?;
        written.sync()?;
        {
            let _commit = lock::commit(&self.names)?;
            if self.number()? != expected {
                return Ok(Saved::Superseded);
            }
            written.replace(&path)?;
        }
        if let Err(error) = directory::sync(self.names.directory()) {
            // Everybody sees the new record by now, so it counts.
            tracing::warn!(
                name: "auth_core.store.not_synced",
                %error,
                "new tokens are saved but may not outlast a power failure"
            );
        }
        Ok(Saved::Written)
    }

    fn number(&self) -> Result<Option<Generation>, Failure> {
        Ok(self.read()?.map(|stored| stored.generation))
    }

    /// Reads the record as it stands.
    fn read(&self) -> Result<Option<StoredTokens>, Failure> {
        let path = self.names.record();
        let Some(file) = entry::open(&path, false)? else {
            return Ok(None);
        };
        let metadata = file.metadata().map_err(Failure::io(&path, "examined"))?;
        check_mode(&path, &metadata)?;
        let unreadable = |reason: String| Failure::Unreadable {
            path: path.clone(),
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
            .map_err(Failure::io(&path, "read"))?;
        if exceeds(text.len()) {
            return Err(too_long());
        }
        match record::decode(&self.key, &text) {
            Ok(stored) => Ok(Some(stored)),
            Err(Undecoded::OtherVersion(found)) => {
                let problem = format!(
                    "was written by another release ({found}) and left as it is: use that release, \
                     or move the file away to sign in anew"
                );
                Err(Failure::refused(&path, problem))
            }
            Err(Undecoded::Unreadable(reason)) => Err(unreadable(reason)),
        }
    }

    /// Moves the record to the first free name, over nothing.
    fn set_aside(&self) -> Result<PathBuf, Failure> {
        for n in 1..=MOST_ASIDE {
            let aside = self.names.aside(n);
            // An empty file keeps the name; a rename over it works on every file system.
            match entry::create(&aside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created.map_err(Failure::io(&aside, "made"))?,
            };
            let path = self.names.record();
            if let Err(error) = fs::rename(&path, &aside) {
                let _ = fs::remove_file(&aside);
                return Err(Failure::io(&path, "set aside")(error));
            }
            // The caller may have given up by now; then nobody reads the error.
            tracing::warn!(
                name: "auth_core.store.set_aside",
                aside = %aside.display(),
                "stored tokens can't be read and were set aside"
            );
            return Ok(aside);
        }
        let problem = format!(
            "can't be read, and {MOST_ASIDE} like it were set aside already: find out who writes \
             there, and move those away"
        );
        Err(Failure::refused(&self.names.record(), problem))
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
