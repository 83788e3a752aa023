//! Keeps token sets in files, for the processes of one machine.

mod directory;
mod entry;
mod failure;
mod lock;
mod names;
mod record;
mod slot;
mod succession;
mod temporary;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;
use crate::token::Generation;

use self::failure::Failure;
use self::lock::{Look, Watch};
use self::slot::Slot;
use super::{Saved, StoreKey, StoreLock, StoredTokens, TokenStore};

/// The first pause between two looks at a lock.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A store in a directory, for all processes of one machine that open it. Tokens outlive the process.
///
/// Clones are one store, and so are all stores of one directory.
///
/// # Examples
/// ```
/// use auth_core::{Error, FileStore, Settings};
///
/// # let home = tempfile::tempdir().unwrap();
/// # let home = home.path();
/// let store = FileStore::open(home.join("tokens"))?;
/// let settings = Settings::new().store(store).account("jo@example.com");
/// # assert!(home.join("tokens").is_dir());
/// # Ok::<(), Error>(())
/// ```
///
/// # Files
/// Each key has a directory, named by its [`id`](StoreKey::id). In that, `<n>` is a number of 20 digits that grows by one,
/// and `*` is a number of chance:
///
/// | name | what it is | how long it stays |
/// |---|---|---|
/// | `<n>.json` | the record; of several, the one with the highest number counts | until the next is saved |
/// | `<n>.lock` | locked by whoever renews; holds a mark of the holder and its lease. The highest number counts | until it is taken over: to remove it would let in a second holder |
/// | `<n>.json-*`, `<n>.lock-*` | what is about to get the number | for a moment; what a killed process left behind, until another gets the number |
/// | `unreadable-1` and so on | a record that could not be read | until you remove it; there can be 999 |
///
/// A record is one line of JSON, at most 1 MiB, tokens in clear:
///
/// ```json
/// {"format":"token-file","version":1,"key":["EXAMPLE_V4","app%2D1","login%2Eexample%2Ecom",""],"stored":"…"}
/// ```
///
/// `key` is [`StoreKey::parts`], and `stored` is the text of [`StoredTokens::export`], or empty after a record was set
/// aside. A record is never changed: the next one is written to the disk, then gets its number by a hard link, which fails
/// if another has it. That is the one step in which a save counts; whoever reads sees what was there before it or after
/// it, also after a crash. To sign in anew, remove the whole directory of the key.
///
/// # Permissions
/// Files have mode 600 and directories 700, whatever the umask says, and never more than that. A directory or a record
/// that the group or others can use is refused, and so is anything that is not a regular file: symbolic links are not
/// followed, except in the path that leads to the directory. Whoever may write to a parent of the directory can put
/// another in its place, so keep it where only its owner may.
///
/// # Errors
/// All are [`ErrorKind::Store`](crate::ErrorKind::Store); the source names the path and what helps.
///
/// | what stands in the record's place | what happens |
/// |---|---|
/// | a file that is no record of the key: empty, cut, not JSON, over 1 MiB, another key's | a load sets it aside: the error says where to, the next load finds nothing, and a new sign-in begins |
/// | a record of another version | an error; it stays as it is |
/// | a record that others can use, a symbolic link, a directory, a FIFO | an error; it stays as it is |
///
/// A save that fails, on a full disk for example, leaves the record as it was.
///
/// # Concurrency
/// The lock is an OS lock ([`File::try_lock`](std::fs::File::try_lock)), so that a holder that dies loses it at once. One
/// that was stopped loses it once somebody has waited for its lease, and its late save is refused by the number. Waiters
/// look every few dozen milliseconds and are served in no order. File operations run in
/// [`spawn_blocking`](tokio::task::spawn_blocking), so all methods need a Tokio runtime.
///
/// Nothing else waits for another process, and nobody holds anything while a record is read or saved. So a process that is
/// stopped, at whatever instant, keeps the others from the lock for a lease at most, and from nothing else.
///
/// # Where it works
/// On a local file system with hard links; FAT has none, and the first lock or save says so. A network file system must
/// offer them as well, locks that all its machines see, and listings that are never stale; NFS is not recommended.
/// Elsewhere than on Unix no modes are set or checked, and a stopped holder is not taken over.
#[derive(Clone, Debug)]
pub struct FileStore {
    directory: Arc<Path>,
}

impl FileStore {
    /// Opens the store in `directory`, which is made where it is missing, as are its parents. A relative path counts from
    /// the present working directory, also when that changes later.
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) where it can't be made, is no directory or a symbolic link, or lets
    /// in the group or others.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory::prepare(directory.as_ref())
            .map_err(|failure| Error::store("open", failure))?
            .into();
        Ok(Self { directory })
    }

    fn slot(&self, key: &StoreKey) -> Slot {
        Slot::new(&self.directory, key)
    }
}

/// Runs `work` where it may block. Work that has begun runs to its end even if nobody waits any longer, and what it gives
/// is then dropped: so it must hold whatever has to be undone.
async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|failure| Error::store(what, failure)),
        Err(_) => Err(Error::store(what, "it was cut off: its runtime shuts down")),
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        let slot = self.slot(key);
        let mut watch = Watch::default();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let stopped = watch.stopped(lease).cloned();
            let slot = slot.clone();
            match blocking("lock", move || slot.look(lease, stopped.as_ref())).await? {
                Look::Held(held) => return Ok(StoreLock::new(held)),
                Look::Waiting(mark) => watch.note(mark, SystemClock.now()),
            }
            let share = 0.5 + fastrand::f64() / 2.0;
            SystemClock.sleep(pause.mul_f64(share)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        let slot = self.slot(key);
        blocking("load", move || slot.load()).await
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        let (slot, new) = (self.slot(key), new.clone());
        blocking("save", move || slot.save(expected, &new)).await
    }
}
