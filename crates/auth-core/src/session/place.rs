//! One principal's place in a store: lock, load, mark and save, each in limited time, and what could not be saved.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::clock::{Clock, Deadline, within};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::{RefreshMark, Saved, StoreKey, StoreLock, StoredTokens, TokenStore};
use crate::token::{Generation, TokenSet};

/// Where one session's tokens are kept.
pub(super) struct Place {
    store: Arc<dyn TokenStore>,
    key: StoreKey,
    /// How long a load or a save may take.
    timeout: Duration,
    /// How long the lock may be held.
    lease: Duration,
    /// What this session last took from the store or saved to it.
    seen: Mutex<Option<StoredTokens>>,
    unsaved: Mutex<Option<Unsaved>>,
    /// Whether another holder of the lock is being waited for.
    waits: AtomicBool,
}

/// Tokens that could not be saved, and what stood in the store when they were issued.
#[derive(Clone)]
struct Unsaved {
    tokens: TokenSet,
    replaces: Option<StoredTokens>,
}

/// The place while its lock is held.
pub(super) struct Locked<'a> {
    place: &'a Place,
    clock: &'a dyn Clock,
    lock: StoreLock,
    /// The end of the lease, before which everything must be over.
    pub(super) until: Deadline,
    /// What stands in the store.
    pub(super) stored: Option<StoredTokens>,
}

impl Place {
    pub(super) fn new(key: StoreKey, settings: &Settings) -> Self {
        Self {
            store: settings.make_store(),
            key,
            timeout: settings.store_timeout,
            lease: settings.lease(),
            seen: Mutex::default(),
            unsaved: Mutex::default(),
            waits: AtomicBool::new(false),
        }
    }

    /// How long a renewal can take with all its waits: a task that takes longer is lost.
    pub(super) fn longest_renewal(&self) -> Duration {
        // Twice, for a lock that was lost is asked for once more.
        (self.lock_limit() + self.lease + self.timeout) * 2
    }

    /// Long enough to outlast the lease of a holder that stopped right after it had begun.
    fn lock_limit(&self) -> Duration {
        self.lease + self.timeout * 2
    }

    /// Takes the lock and reads what stands in the store.
    pub(super) async fn lock<'a>(&'a self, clock: &'a dyn Clock) -> Result<Locked<'a>, Error> {
        let lock = {
            let _waiting = Waiting::new(&self.waits);
            let asked = self.store.lock(&self.key, self.lease);
            in_time(clock, self.lock_limit(), "lock", asked).await?
        };
        // Less than the lease itself, which began before this side heard of it.
        let until = Deadline::after(clock, self.lease.saturating_sub(self.timeout));
        let loaded = in_time(clock, self.timeout, "load", self.store.load(&self.key)).await;
        let mut locked = Locked {
            place: self,
            clock,
            lock,
            until,
            stored: None,
        };
        match loaded {
            Ok(stored) => {
                locked.stored = stored;
                Ok(locked)
            }
            Err(error) => {
                locked.release().await;
                Err(error)
            }
        }
    }

    /// Says whether another holder of the lock is being waited for.
    pub(super) fn waits_for_lock(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Says whether the store has moved on since this session last saw it. At first sight, tokens that the session
    /// brought along count more unless they end earlier.
    pub(super) fn is_newer(&self, stored: &StoredTokens, known: Option<&TokenSet>) -> bool {
        let Some(known) = known else { return true };
        match &*self.seen() {
            // A number that only a mark has raised stands at the same tokens.
            Some(seen) => {
                stored.generation > seen.generation && !stored.tokens.is_same(&seen.tokens)
            }
            None => match (stored.tokens.expires_at, known.expires_at) {
                (Some(stored), Some(known)) => stored > known,
                (stored, known) => stored.is_none() && known.is_some(),
            },
        }
    }

    /// Writes down that this session uses what it found in the store.
    pub(super) fn adopted(&self, stored: &StoredTokens) {
        *self.seen() = Some(stored.clone());
    }

    /// Says whether there are tokens that could not be saved yet.
    pub(super) fn has_unsaved(&self) -> bool {
        self.unsaved().is_some()
    }

    /// Tries to save what could not be saved, unless others have moved on.
    pub(super) async fn save_again(&self, clock: &dyn Clock) -> Result<(), Error> {
        let mut locked = self.lock(clock).await?;
        let saved = locked.save_again().await;
        locked.release().await;
        saved
    }

    fn seen(&self) -> MutexGuard<'_, Option<StoredTokens>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsaved(&self) -> MutexGuard<'_, Option<Unsaved>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(f)
    }
}

impl Locked<'_> {
    /// What is known of `token` here.
    pub(super) fn mark_of(&self, token: &Secret) -> RefreshMark {
        self.holder_of(token)
            .map_or(RefreshMark::Unspent, |stored| stored.mark)
    }

    /// Says whether `token` stands in the store, where others find it.
    pub(super) fn has(&self, token: &Secret) -> bool {
        self.holder_of(token).is_some()
    }

    fn holder_of(&self, token: &Secret) -> Option<&StoredTokens> {
        let stored = self.stored.as_ref();
        stored.filter(|stored| stored.tokens.refresh_token.as_ref() == Some(token))
    }

    /// Writes down what is known of the refresh token of `tokens`.
    pub(super) async fn mark(
        &mut self,
        tokens: &TokenSet,
        mark: RefreshMark,
    ) -> Result<Saved, Error> {
        self.write(tokens, mark).await
    }

    /// Saves fresh tokens. Where that fails, they are remembered for a later try: using them from memory is better than
    /// losing them.
    pub(super) async fn save(&mut self, tokens: &TokenSet) {
        let error = match self.write(tokens, RefreshMark::Unspent).await {
            Ok(Saved::Written) => {
                *self.place.seen() = self.stored.clone();
                *self.place.unsaved() = None;
                return;
            }
            Ok(Saved::Superseded) => Error::store("save", LOST),
            Err(error) => error,
        };
        tracing::error!(
            name: "auth_core.tokens.unsaved",
            %error,
            "new tokens could not be saved and are kept in memory only"
        );
        *self.place.seen() = self.stored.clone();
        *self.place.unsaved() = Some(Unsaved {
            tokens: tokens.clone(),
            replaces: self.stored.clone(),
        });
    }

    async fn save_again(&mut self) -> Result<(), Error> {
        let Some(unsaved) = self.place.unsaved().clone() else {
            return Ok(());
        };
        let is_its_own = match (&self.stored, &unsaved.replaces) {
            (None, _) => true,
            (Some(stored), Some(replaced)) => stored.tokens.is_same(&replaced.tokens),
            (Some(_), None) => false,
        };
        let stands_there = |stored: &StoredTokens| stored.tokens.is_same(&unsaved.tokens);
        if is_its_own {
            if let Saved::Superseded = self.write(&unsaved.tokens, RefreshMark::Unspent).await? {
                return Err(Error::store("save", LOST));
            }
            tracing::info!(
                name: "auth_core.tokens.saved_late",
                "tokens that could not be saved before are saved now"
            );
            *self.place.seen() = self.stored.clone();
        } else if self.stored.as_ref().is_some_and(stands_there) {
            *self.place.seen() = self.stored.clone();
        }
        *self.place.unsaved() = None;
        Ok(())
    }

    async fn write(&mut self, tokens: &TokenSet, mark: RefreshMark) -> Result<Saved, Error> {
        let expected = self.stored.as_ref().map(|stored| stored.generation);
        let mut new = StoredTokens::new(Generation::after(expected), tokens.clone());
        new.mark = mark;
        let saving = self.place.store.save(&self.place.key, expected, &new);
        let saved = in_time(self.clock, self.place.timeout, "save", saving).await?;
        if saved == Saved::Written {
            self.stored = Some(new);
        }
        Ok(saved)
    }

    /// Unlocks, so that whoever waits need not wait for the end of the lease.
    pub(super) async fn release(self) {
        let released = in_time(
            self.clock,
            self.place.timeout,
            "unlock",
            self.lock.release(),
        );
        if let Err(error) = released.await {
            tracing::warn!(
                name: "auth_core.lock.not_released",
                %error,
                "the store's lock could not be released; it ends with its lease"
            );
        }
    }
}

/// Why a save is refused whose number no longer fits.
pub(super) const LOST: &str = "another holder has taken over the lock and written meanwhile";

/// Says that a lock is waited for, as long as it lives.
struct Waiting<'a>(&'a AtomicBool);

impl<'a> Waiting<'a> {
    fn new(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Relaxed);
        Self(flag)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Gives a store a time limit and survives its panic: one that hangs must not hang the session, and the tokens must
/// outlive one that fails.
async fn in_time<T>(
    clock: &dyn Clock,
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut work = pin!(work);
    let work = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Error::store(what, "it panicked"))))
    });
    let done = within(clock, limit, work).await;
    done.unwrap_or_else(|| Err(Error::store(what, "it did not answer in time")))
}
