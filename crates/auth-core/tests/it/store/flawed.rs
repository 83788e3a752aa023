//! A store with one fault, which can be chosen; without it, the store is good.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth_core::{
    Clock as _, Error, Generation, RefreshMark, Saved, StoreKey, StoreLock, StoredTokens, TokenSet,
    TokenStore,
};
use serde_json::{Value, json};

use crate::clocks::real;

/// How often one who waits looks again.
const LOOK: Duration = Duration::from_millis(2);
/// Tokens that are longer are too much.
const OVERSIZED: usize = 500_000;
const FOR_EVER: Duration = Duration::from_secs(100_000_000);
/// Longer than the suite waits for a call, and short enough that its thread ends.
const BLOCKED: Duration = Duration::from_secs(9);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    None,
    OpenPanics,
    OpenClears,
    HandlePanics,
    NothingShared,
    InventsTokens,
    LoadHangs,
    LoadFails,
    ForgetsMark,
    ForgetsMilliseconds,
    ForgetsExpired,
    ForgetsScope,
    KeepsOldRefreshToken,
    CutsTokens,
    CutsOversized,
    RoundsNumbers,
    SignedNumbers,
    IgnoresExpected,
    NoneOverwrites,
    WritesSuperseded,
    GreaterWins,
    TwoSteps,
    SavePanics,
    SaveBlocks,
    SaveFailsOddly,
    SaveTears,
    SaveStaysBusy,
    JoinsKeys,
    LowersKeys,
    CutsKeys,
    RefusesOddKeys,
    NoExclusion,
    NoExclusionInHandle,
    NoExclusionAcrossHandles,
    OneLockForAll,
    NeverUnlocks,
    ReleaseFails,
    ReleaseHangs,
    GuardPanics,
    LockBlocks,
    LockGivesUp,
    NoTakeover,
    EarlyTakeover,
    WaitersLeaseCounts,
    AllTakeOver,
    FreesAnyLock,
    LockStaysWhenDropped,
    QueueStaysWhenDropped,
    DebugShowsTokens,
    DebugShowsBytes,
    DebugPanics,
    ErrorShowsTokens,
}

/// What all handles share.
#[derive(Default)]
pub(super) struct Place {
    /// By name.
    tokens: Mutex<HashMap<String, StoredTokens>>,
    /// By name.
    locks: Mutex<HashMap<String, Hold>>,
    /// Who waits for a lock, by its name.
    queues: Mutex<HashMap<String, VecDeque<u64>>>,
    busy: AtomicBool,
    last: AtomicU64,
}

#[derive(Clone, Copy)]
struct Hold {
    holder: u64,
    handle: u64,
    since: Instant,
    lease: Duration,
}

pub(super) struct Flawed {
    place: Arc<Place>,
    /// Which handle this is.
    number: u64,
    fault: Fault,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no store panics under this lock")
}

impl Flawed {
    pub(super) fn open(place: &Arc<Place>, fault: Fault) -> Self {
        match fault {
            Fault::OpenPanics => panic!("the place can't be opened"),
            Fault::OpenClears => locked(&place.tokens).clear(),
            _ => {}
        }
        let number = place.number();
        let place = match fault {
            Fault::NothingShared => Arc::default(),
            _ => Arc::clone(place),
        };
        Self {
            place,
            number,
            fault,
        }
    }

    /// What a key is called in this store.
    fn name(&self, key: &StoreKey) -> String {
        let exact = format!("{:?}", key.parts());
        match self.fault {
            Fault::JoinsKeys => key.parts().join("/"),
            Fault::LowersKeys => exact.to_lowercase(),
            Fault::CutsKeys => exact.chars().take(255).collect(),
            _ => exact,
        }
    }

    /// What comes of tokens that are written over others.
    fn written(&self, new: &StoredTokens, old: Option<&StoredTokens>) -> StoredTokens {
        let mut new = new.clone();
        let number = new.generation.number();
        match self.fault {
            Fault::ForgetsMark => new.mark = RefreshMark::Unspent,
            Fault::RoundsNumbers => new.generation = Generation::new(number as f64 as u64),
            Fault::SignedNumbers => {
                new.generation = Generation::new(number.min(i64::MAX.unsigned_abs()));
            }
            Fault::ForgetsMilliseconds => edit(&mut new, "expires_at_ms", |ms| {
                *ms = json!(ms.as_u64().map(|ms| ms / 1000 * 1000));
            }),
            Fault::ForgetsScope => edit(&mut new, "scope", |scope| *scope = Value::Null),
            Fault::KeepsOldRefreshToken => edit(&mut new, "refresh_token", |token| {
                let old = old.and_then(|old| old.tokens.refresh_token());
                if let (true, Some(old)) = (token.is_null(), old) {
                    *token = json!(old.expose());
                }
            }),
            Fault::CutsTokens => edit(&mut new, "refresh_token", |token| cut(token, 4096)),
            Fault::CutsOversized => edit(&mut new, "access_token", |token| cut(token, OVERSIZED)),
            _ => {}
        }
        new
    }

    /// Takes the lock if it is free and nobody else's turn.
    fn attempt(&self, name: &str, lease: Duration, holder: u64) -> bool {
        if self.fault == Fault::QueueStaysWhenDropped && !self.is_next(name, holder) {
            return false;
        }
        let mut locks = locked(&self.place.locks);
        let now = real().now();
        let is_free = locks.get(name).is_none_or(|hold| {
            let counts = match self.fault {
                Fault::NoTakeover | Fault::AllTakeOver => FOR_EVER,
                Fault::EarlyTakeover => hold.lease / 3,
                Fault::WaitersLeaseCounts => lease,
                _ => hold.lease,
            };
            let may_share = match self.fault {
                Fault::NoExclusion => true,
                Fault::NoExclusionInHandle => hold.handle == self.number,
                Fault::NoExclusionAcrossHandles => hold.handle != self.number,
                _ => false,
            };
            may_share || now.duration_since(hold.since) >= counts
        });
        if is_free {
            if let Some(queue) = locked(&self.place.queues).get_mut(name) {
                queue.retain(|waiter| *waiter != holder);
            }
            let hold = Hold {
                holder,
                handle: self.number,
                since: now,
                lease,
            };
            locks.insert(name.to_owned(), hold);
        }
        is_free
    }

    /// Says whether it is this one's turn; the queue does not notice who has gone.
    fn is_next(&self, name: &str, holder: u64) -> bool {
        let mut queues = locked(&self.place.queues);
        let queue = queues.entry(name.to_owned()).or_default();
        if !queue.contains(&holder) {
            queue.push_back(holder);
        }
        queue.front() == Some(&holder)
    }

    /// Says whether a lock's lease has run out.
    fn is_over(&self, name: &str) -> bool {
        let locks = locked(&self.place.locks);
        let is_over = |hold: &Hold| real().now().duration_since(hold.since) >= hold.lease;
        locks.get(name).is_some_and(is_over)
    }

    /// Makes the lock that was taken.
    fn given(&self, name: String, holder: u64) -> StoreLock {
        let guard = Guard {
            place: Arc::clone(&self.place),
            name,
            holder,
            fault: self.fault,
        };
        match self.fault {
            Fault::ReleaseFails => StoreLock::with_release(async move {
                drop(guard);
                Err(Error::store("unlock", "the place\nis gone"))
            }),
            Fault::ReleaseHangs => StoreLock::with_release(async move {
                drop(guard);
                std::future::pending().await
            }),
            // Both ways to unlock are in use.
            _ if holder.is_multiple_of(2) => StoreLock::with_release(async move {
                drop(guard);
                Ok(())
            }),
            _ => StoreLock::new(guard),
        }
    }
}

/// Changes one member of the exported tokens.
fn edit(stored: &mut StoredTokens, member: &str, change: impl FnOnce(&mut Value)) {
    let exported = stored.tokens.export();
    let mut value: Value = serde_json::from_str(exported.expose()).expect("an export is JSON");
    change(&mut value[member]);
    stored.tokens = TokenSet::import(&value.to_string()).expect("still an export");
}

fn cut(token: &mut Value, length: usize) {
    if let Some(text) = token.as_str() {
        *token = text.chars().take(length).collect::<String>().into();
    }
}

impl Drop for Flawed {
    fn drop(&mut self) {
        assert!(self.fault != Fault::HandlePanics, "a handle that panics");
    }
}

impl fmt::Debug for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(self.fault != Fault::DebugPanics, "a Debug that panics");
        let tokens = locked(&self.place.tokens);
        let mut tokens = tokens.values().map(|stored| stored.tokens.access_token());
        match (self.fault, tokens.next()) {
            (Fault::DebugShowsTokens, Some(token)) => f.write_str(token.expose()),
            (Fault::DebugShowsBytes, Some(token)) => token.expose().as_bytes().fmt(f),
            _ => f.write_str("Flawed"),
        }
    }
}

#[async_trait]
impl TokenStore for Flawed {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        let name = match self.fault {
            Fault::OneLockForAll => "all".to_owned(),
            _ => self.name(key),
        };
        let (holder, began) = (self.place.number(), real().now());
        while !self.attempt(&name, lease, holder) {
            match self.fault {
                Fault::LockGivesUp => return Err(Error::store("lock", "somebody has it")),
                Fault::LockBlocks if real().now() - began < BLOCKED => {
                    std::thread::sleep(LOOK);
                    continue;
                }
                Fault::AllTakeOver if self.is_over(&name) => {
                    real().sleep(LOOK).await;
                    locked(&self.place.locks).remove(&name);
                    continue;
                }
                _ => real().sleep(LOOK).await,
            }
        }
        if self.fault == Fault::LockStaysWhenDropped {
            tokio::task::yield_now().await;
        }
        Ok(self.given(name, holder))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        match self.fault {
            Fault::LoadHangs => std::future::pending().await,
            Fault::LoadFails => return Err(Error::store("load", "the place is gone")),
            _ => {}
        }
        let found = locked(&self.place.tokens).get(&self.name(key)).cloned();
        Ok(match self.fault {
            Fault::InventsTokens => found.or_else(|| {
                let tokens = TokenSet::import(r#"{"version":1,"access_token":"t"}"#).ok()?;
                Some(StoredTokens::new(Generation::new(1), tokens))
            }),
            Fault::ForgetsExpired => found.filter(|found| {
                let expires_at = found.tokens.expires_at();
                expires_at.is_none_or(|at| at > real().utc())
            }),
            _ => found,
        })
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        let (name, token) = (self.name(key), new.tokens.access_token().expose());
        match self.fault {
            Fault::SavePanics => panic!("a save that panics"),
            Fault::SaveBlocks => std::thread::sleep(BLOCKED),
            Fault::SaveFailsOddly => return Err(Error::config("save", "not this kind")),
            Fault::ErrorShowsTokens if token.len() > OVERSIZED => {
                return Err(Error::store("save", format!("no room for {token}")));
            }
            Fault::RefusesOddKeys if !name.is_ascii() => {
                return Err(Error::store("save", "only ASCII, please"));
            }
            Fault::SaveStaysBusy => {
                while self.place.busy.swap(true, Ordering::SeqCst) {
                    real().sleep(LOOK).await;
                }
                tokio::task::yield_now().await;
                self.place.busy.store(false, Ordering::SeqCst);
            }
            _ => {}
        }
        if self.fault == Fault::TwoSteps {
            let present = self.load(key).await?.map(|stored| stored.generation);
            if present != expected {
                return Ok(Saved::Superseded);
            }
            real().sleep(LOOK).await;
            locked(&self.place.tokens).insert(name, new.clone());
            return Ok(Saved::Written);
        }
        {
            let mut tokens = locked(&self.place.tokens);
            let old = tokens.get(&name);
            let present = old.map(|old| old.generation);
            let fits = match self.fault {
                Fault::IgnoresExpected => true,
                Fault::NoneOverwrites => expected.is_none() || present == expected,
                Fault::GreaterWins => present.is_none_or(|present| new.generation > present),
                _ => present == expected,
            };
            let mut written = self.written(new, old);
            if !fits {
                if let (Fault::WritesSuperseded, Some(old)) = (self.fault, tokens.get_mut(&name)) {
                    old.mark = new.mark;
                }
                return Ok(Saved::Superseded);
            }
            if let (Fault::SaveTears, Some(old)) = (self.fault, old) {
                written.tokens = old.tokens.clone();
            }
            tokens.insert(name.clone(), written);
        }
        if self.fault == Fault::SaveTears {
            tokio::task::yield_now().await;
            let mut tokens = locked(&self.place.tokens);
            if let Some(torn) = tokens.get_mut(&name)
                && torn.generation == new.generation
            {
                torn.tokens = new.tokens.clone();
            }
        }
        Ok(Saved::Written)
    }
}

impl Place {
    fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }
}

/// Unlocks when it is dropped.
struct Guard {
    place: Arc<Place>,
    name: String,
    holder: u64,
    fault: Fault,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut locks = locked(&self.place.locks);
        let held = locks.get(&self.name);
        let is_mine = held.is_some_and(|hold| hold.holder == self.holder);
        let frees = is_mine || self.fault == Fault::FreesAnyLock;
        if frees && self.fault != Fault::NeverUnlocks {
            locks.remove(&self.name);
        }
        drop(locks);
        assert!(self.fault != Fault::GuardPanics, "a guard that panics");
    }
}
