//! One principal's place in a store: its lock, what this session knows of it, and what could not be saved.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::clock::{Clock, Deadline, within};
use crate::error::Error;
use crate::settings::Settings;
use crate::store::{RefreshMark, StoreKey, StoreLock, StoredTokens, TokenStore};
use crate::token::TokenSet;

/// So long a store may take to see that a lease is over.
const TAKEOVER: Duration = Duration::from_secs(1);

/// Where one session's tokens are kept.
pub(super) struct Place {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: StoreKey,
    /// What kind of store it is.
    pub(super) name: &'static str,
    /// Whether others have written it.
    pub(super) is_foreign: bool,
    /// How long a load or a save may take.
    pub(super) timeout: Duration,
    /// How long the lock may be held.
    pub(super) lease: Duration,
    /// What stood in the store when this session took the tokens into use that it has now.
    seen: Mutex<Option<StoredTokens>>,
    unsaved: Mutex<Option<Unsaved>>,
    /// The lock under which they were issued, until they are saved, and no longer than its lease: others would spend the
    /// refresh token that they find.
    kept: Mutex<Option<Kept>>,
    /// How many wait for another holder of the lock.
    pub(super) waits: AtomicUsize,
}

/// A lock that outlives its renewal.
pub(super) struct Kept {
    pub(super) lock: StoreLock,
    pub(super) until: Deadline,
}

/// Tokens that are not saved yet, and what stood in the store when they were issued.
#[derive(Clone)]
pub(super) struct Unsaved {
    pub(super) tokens: TokenSet,
    pub(super) replaces: Option<StoredTokens>,
}

impl Unsaved {
    /// Says whether the refresh token that stands in the store has been sent for these.
    fn replaces_spent(&self) -> bool {
        let replaced = self.replaces.as_ref();
        replaced.is_some_and(|replaced| replaced.mark != RefreshMark::Unspent)
    }

    /// Says whether nobody has written other tokens since: a number that only a mark has raised stands at the same.
    pub(super) fn is_latest(&self, stored: Option<&StoredTokens>) -> bool {
        match (stored, &self.replaces) {
            (None, _) => true,
            (Some(stored), Some(replaced)) => stored.tokens.is_same(&replaced.tokens),
            (Some(_), None) => false,
        }
    }
}

impl Place {
    pub(super) fn new(key: StoreKey, settings: &Settings) -> Self {
        Self {
            store: settings.make_store(),
            key,
            name: settings.store_name(),
            is_foreign: settings.has_foreign_store(),
            timeout: settings.store_timeout,
            lease: settings.lease(),
            seen: Mutex::default(),
            unsaved: Mutex::default(),
            kept: Mutex::default(),
            waits: AtomicUsize::new(0),
        }
    }

    /// How long a renewal can take with all its waits: a task that takes longer is lost.
    pub(super) fn longest_renewal(&self) -> Duration {
        // Twice, for a lock that was lost is asked for once more.
        (self.lock_limit() + self.lease + self.timeout) * 2
    }

    /// Long enough to outlast the lease of a holder that stopped right after it had begun.
    pub(super) fn lock_limit(&self) -> Duration {
        self.lease + self.timeout * 2 + TAKEOVER
    }

    /// Gives up a lock, or keeps it while others would find a spent refresh token under it.
    pub(super) async fn leave(&self, lock: StoreLock, until: Deadline, clock: &dyn Clock) {
        let hides_spent = self.unsaved().as_ref().is_some_and(Unsaved::replaces_spent);
        if hides_spent && !until.left(clock).is_zero() {
            *self.kept() = Some(Kept { lock, until });
        } else {
            self.release(lock, clock).await;
        }
    }

    /// Unlocks, so that whoever waits need not wait for the end of the lease.
    pub(super) async fn release(&self, lock: StoreLock, clock: &dyn Clock) {
        let released = in_time(clock, self.timeout, "unlock", lock.release());
        if let Err(error) = released.await {
            tracing::warn!(
                name: "auth_core.lock.not_released",
                error = %error.with_causes(),
                "the store's lock could not be released; it ends with its lease"
            );
        }
    }

    /// Says whether another holder of the lock is being waited for.
    pub(super) fn waits_for_lock(&self) -> bool {
        self.waits.load(Ordering::Relaxed) > 0
    }

    /// Reads what stands in the store now.
    pub(super) async fn load(&self, clock: &dyn Clock) -> Result<Option<StoredTokens>, Error> {
        let loading = self.store.load(&self.key);
        in_time(clock, self.timeout, "load", loading).await
    }

    /// Says whether the store has moved on since this session last saw it. At first sight, and where its numbers have begun
    /// anew, the tokens that end later count; where nobody knows when they end, those in the store.
    pub(super) fn is_newer(&self, stored: &StoredTokens, known: Option<&TokenSet>) -> bool {
        let Some(known) = known else { return true };
        let ends_later = match (stored.tokens.expires_at, known.expires_at) {
            (Some(stored), Some(known)) => stored > known,
            (stored, _) => stored.is_none(),
        };
        match &*self.seen() {
            // A number that only a mark has raised stands at the same tokens, and a save that seemed to fail at ours.
            Some(seen) => {
                !stored.tokens.is_same(&seen.tokens)
                    && !stored.tokens.is_same(known)
                    && (stored.generation > seen.generation || ends_later)
            }
            None => ends_later,
        }
    }

    /// Writes down what stood in the store when the session took its tokens into use.
    pub(super) fn saw(&self, stored: Option<StoredTokens>) {
        *self.seen() = stored;
    }

    /// Says whether there are tokens that could not be saved yet.
    pub(super) fn has_unsaved(&self) -> bool {
        self.unsaved().is_some()
    }

    /// Says whether these are the tokens that could not be saved yet.
    pub(super) fn is_unsaved(&self, tokens: &TokenSet) -> bool {
        let unsaved = self.unsaved();
        unsaved
            .as_ref()
            .is_some_and(|unsaved| unsaved.tokens.is_same(tokens))
    }

    /// Says whether these are the tokens that the session has taken from the store, or saved there, itself.
    pub(super) fn has_seen(&self, tokens: &TokenSet) -> bool {
        let seen = self.seen();
        seen.as_ref()
            .is_some_and(|seen| seen.tokens.is_same(tokens))
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Option<StoredTokens>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unsaved(&self) -> MutexGuard<'_, Option<Unsaved>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(f)
    }
}

/// Why a save is refused whose number no longer fits.
pub(super) const LOST: &str = "another holder has taken over the lock and written meanwhile";

/// Gives a store a time limit and survives its panic: one that hangs must not hang the session, and the tokens must
/// outlive one that fails.
pub(super) async fn in_time<T>(
    clock: &dyn Clock,
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let done = within(clock, limit, surviving(what, work)).await;
    done.unwrap_or_else(|| Err(Error::store(what, "it did not answer in time")))
}

/// Makes a failure of a panic.
pub(super) async fn surviving<T>(
    what: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let done = unless_it_panics(work).await;
    done.unwrap_or_else(|| Err(Error::store(what, "it panicked")))
}

/// What comes of work that may panic.
pub(crate) async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
