//! Keeps token sets in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::clock::{Clock, SystemClock, within};
use crate::error::Error;
use crate::token::Generation;

use super::{Saved, StoreKey, StoreLock, StoredTokens, TokenStore};

/// A store that lives as long as the process. Clones share their content, and its locks span this process only.
///
/// # Examples
/// ```
/// // Two clients with the same account use one token.
/// let store = auth_core::MemoryStore::new();
/// let settings = auth_core::Settings::new().store(store.clone());
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<StoreKey, Slot>>>);

#[derive(Default)]
struct Slot {
    stored: Option<StoredTokens>,
    held: Option<Hold>,
    /// How many have held the lock so far.
    holders: u64,
    freed: Arc<Notify>,
}

/// Who holds a lock, since when, and for how long at most.
struct Hold {
    holder: u64,
    since: Instant,
    lease: Duration,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Works on one slot. No user code runs under the lock, so a poisoned one is as good as any other.
    fn with_slot<T>(&self, key: &StoreKey, work: impl FnOnce(&mut Slot) -> T) -> T {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(slots.entry(key.clone()).or_default())
    }

    /// Takes the lock if it is free or its lease is over, and gives the holder's number; else how long it may last.
    fn attempt(&self, key: &StoreKey, lease: Duration) -> Result<u64, Duration> {
        let now = SystemClock.now();
        self.with_slot(key, |slot| {
            if let Some(hold) = &slot.held {
                let held_for = now.saturating_duration_since(hold.since);
                let left = hold.lease.saturating_sub(held_for);
                if !left.is_zero() {
                    return Err(left);
                }
            }
            slot.holders += 1;
            slot.held = Some(Hold {
                holder: slot.holders,
                since: now,
                lease,
            });
            Ok(slot.holders)
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

/// Frees the lock when it is dropped, if it is still this holder's.
struct Guard {
    store: MemoryStore,
    key: StoreKey,
    holder: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.store.with_slot(&self.key, |slot| {
            let hold = slot.held.as_ref();
            if hold.is_some_and(|hold| hold.holder == self.holder) {
                slot.held = None;
                // All who wait are told, and the first to look has the lock: were only one told, the lock would lie idle
                // where that one's runtime is no longer driven.
                slot.freed.notify_waiters();
            }
        });
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        loop {
            let freed = self.with_slot(key, |slot| Arc::clone(&slot.freed));
            // From here on, a holder that goes is heard, also between the attempt and the wait.
            let freed = freed.notified();
            match self.attempt(key, lease) {
                Ok(holder) => {
                    let (store, key) = (self.clone(), key.clone());
                    return Ok(StoreLock::new(Guard { store, key, holder }));
                }
                Err(left) => within(&SystemClock, left, freed).await,
            };
        }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        Ok(self.with_slot(key, |slot| slot.stored.clone()))
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        Ok(self.with_slot(key, |slot| {
            if slot.stored.as_ref().map(|stored| stored.generation) != expected {
                return Saved::Superseded;
            }
            slot.stored = Some(new.clone());
            Saved::Written
        }))
    }
}
