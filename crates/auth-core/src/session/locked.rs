//! The place in the store while its lock is held: load, mark and save, each in limited time.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::{Clock, Deadline};
use crate::error::Error;
use crate::rate_limit::Turn;
use crate::secret::{Scrubber, Secret};
use crate::store::{RefreshMark, Saved, StoreLock, StoredTokens};
use crate::token::{Generation, TokenSet};

use super::place::{LOST, Place, Unsaved, in_time};

/// A [`Place`] whose lock is held.
pub(super) struct Locked<'a> {
    pub(super) place: &'a Place,
    pub(super) clock: &'a dyn Clock,
    pub(super) lock: StoreLock,
    /// The end of the lease, before which everything must be over.
    pub(super) until: Deadline,
    /// What stands in the store.
    pub(super) stored: Option<StoredTokens>,
    /// A turn at the token endpoint that is not spent yet.
    pub(super) turn: Option<Turn>,
}

impl Place {
    /// Takes the lock, or goes on with the one that was kept, and reads what stands in the store.
    pub(super) async fn lock<'a>(&'a self, clock: &'a dyn Clock) -> Result<Locked<'a>, Error> {
        let kept = self.kept().take();
        let (lock, until) = match kept {
            Some(kept) if kept.until.left(clock) >= self.lease / 2 => (kept.lock, kept.until),
            kept => {
                // What is left of it is too little for a renewal.
                if let Some(kept) = kept {
                    self.release(kept.lock, clock).await;
                }
                let _waiting = Waiting::new(&self.waits);
                let asked = self.store.lock(&self.key, self.lease);
                let lock = in_time(clock, self.lock_limit(), "lock", asked).await?;
                // Less than the lease itself, which began before this side heard of it.
                let until = Deadline::after(clock, self.lease.saturating_sub(self.timeout));
                (lock, until)
            }
        };
        self.locked(lock, until, clock).await
    }

    async fn locked<'a>(
        &'a self,
        lock: StoreLock,
        until: Deadline,
        clock: &'a dyn Clock,
    ) -> Result<Locked<'a>, Error> {
        let mut locked = Locked {
            place: self,
            clock,
            lock,
            until,
            stored: None,
            turn: None,
        };
        match locked.reload().await {
            Ok(()) => Ok(locked),
            Err(error) => {
                locked.leave().await;
                Err(error)
            }
        }
    }

    /// Tries to save what could not be saved, unless others have moved on.
    pub(super) async fn save_again(&self, clock: &dyn Clock) -> Result<(), Error> {
        let mut locked = self.lock(clock).await?;
        let saved = locked.save_again().await;
        locked.leave().await;
        saved
    }
}

impl Locked<'_> {
    /// Reads what stands in the store now.
    pub(super) async fn reload(&mut self) -> Result<(), Error> {
        self.stored = self.place.load(self.clock).await?;
        Ok(())
    }

    /// What the store says of `token`; `None` where it does not stand there for others to find.
    pub(super) fn mark_of(&self, token: &Secret) -> Option<RefreshMark> {
        let stored = self.stored.as_ref();
        stored
            .filter(|stored| stored.tokens.refresh_token.as_ref() == Some(token))
            .map(|stored| stored.mark)
    }

    /// Tokens of somebody else that would be lost if `ours` were written over them.
    pub(super) fn others(&self, ours: &TokenSet) -> Option<TokenSet> {
        let stored = self.stored.as_ref()?;
        let is_others = stored.mark != RefreshMark::Spent
            && !stored.tokens.is_same(ours)
            && stored.tokens.refresh_token != ours.refresh_token
            && !self.place.has_seen(&stored.tokens)
            && self.unsaved().is_none();
        is_others.then(|| stored.tokens.clone())
    }

    /// Writes down what is known of the refresh token of `tokens`. A mark that stands there although its save was said to
    /// have failed is written.
    pub(super) async fn mark(
        &mut self,
        tokens: &TokenSet,
        mark: RefreshMark,
    ) -> Result<Saved, Error> {
        let before = self.stored.clone();
        let error = match self.write(tokens, mark).await {
            Err(error) => error,
            saved => return saved,
        };
        let number = Generation::after(before.as_ref().map(|stored| stored.generation));
        let is_written = self.reload().await.is_ok()
            && self.stored.as_ref().is_some_and(|stored| {
                stored.generation == number && stored.mark == mark && stored.tokens.is_same(tokens)
            });
        if is_written {
            return Ok(Saved::Written);
        }
        self.stored = before;
        Err(error)
    }

    /// Tokens that this session was given and that nobody finds in the store, if they are still the latest.
    pub(super) fn unsaved(&self) -> Option<TokenSet> {
        let unsaved = self.place.unsaved();
        let latest = unsaved
            .as_ref()
            .filter(|unsaved| unsaved.is_latest(self.stored.as_ref()))?;
        Some(latest.tokens.clone())
    }

    /// Saves fresh tokens. Where that fails, they are remembered for a later try: using them from memory is better than
    /// losing them. They are remembered beforehand, so that they outlive a flight that is cut off here.
    ///
    /// Where another holder has renewed after the lock was lost, nothing is saved, and its tokens are given back.
    pub(super) async fn save(&mut self, tokens: &TokenSet) -> Option<TokenSet> {
        let replaces = self.stored.clone();
        *self.place.unsaved() = Some(Unsaved {
            tokens: tokens.clone(),
            replaces,
        });
        let error = match self.write(tokens, RefreshMark::Unspent).await {
            Ok(Saved::Written) => {
                *self.place.unsaved() = None;
                return None;
            }
            Ok(Saved::Superseded) => {
                let is_known = self.reload().await.is_ok();
                if is_known && self.unsaved().is_none() {
                    *self.place.unsaved() = None;
                    return self.stored.as_ref().map(|stored| stored.tokens.clone());
                }
                Error::store("save", LOST)
            }
            Err(error) => error,
        };
        tracing::error!(
            name: "auth_core.tokens.unsaved",
            error = %error.with_causes(),
            "new tokens could not be saved and are kept in memory only"
        );
        None
    }

    /// Saves what could not be saved before, unless others have moved on.
    pub(super) async fn save_again(&mut self) -> Result<(), Error> {
        let Some(unsaved) = self.place.unsaved().clone() else {
            return Ok(());
        };
        if unsaved.is_latest(self.stored.as_ref()) {
            if let Saved::Superseded = self.write(&unsaved.tokens, RefreshMark::Unspent).await? {
                return Err(Error::store("save", LOST));
            }
            tracing::info!(
                name: "auth_core.tokens.saved_late",
                "tokens that could not be saved before are saved now"
            );
        }
        *self.place.unsaved() = None;
        Ok(())
    }

    async fn write(&mut self, tokens: &TokenSet, mark: RefreshMark) -> Result<Saved, Error> {
        let expected = self.stored.as_ref().map(|stored| stored.generation);
        let mut new = StoredTokens::new(Generation::after(expected), tokens.clone());
        new.mark = mark;
        let saving = self.place.store.save(&self.place.key, expected, &new);
        let saved = in_time(self.clock, self.place.timeout, "save", saving).await;
        // Its words are foreign, and it knows what it was given.
        let saved = saved.map_err(|error| error.hiding(|text| secrets_of(tokens).scrub(text)))?;
        if saved == Saved::Written {
            self.stored = Some(new);
        }
        Ok(saved)
    }

    /// Unlocks, unless something is left to be saved under the lock.
    pub(super) async fn leave(self) {
        self.place.leave(self.lock, self.until, self.clock).await;
    }
}

/// What takes these tokens out of a text.
fn secrets_of(tokens: &TokenSet) -> Scrubber {
    let mut scrubber = Scrubber::default();
    let refresh = tokens.refresh_token.as_ref();
    for secret in [Some(&tokens.access_token), refresh].into_iter().flatten() {
        scrubber.add(secret.expose());
    }
    scrubber
}

/// Says that something is waited for, as long as it lives.
pub(super) struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    pub(super) fn new(waits: &'a AtomicUsize) -> Self {
        waits.fetch_add(1, Ordering::Relaxed);
        Self(waits)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
