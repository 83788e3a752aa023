//! A memory store that fails, panics, waits, stops, or is overtaken, where it is told to.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Clock, Error, Generation, MemoryStore, RefreshMark, Saved, StoreKey, StoreLock, StoredTokens,
    TokenSet, TokenStore,
};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::stage::tokens;

/// Looks at each save before it is made.
type Witness = Box<dyn FnMut(&StoredTokens) + Send>;

/// A store with one place, whatever the key. Clones share all of it.
#[derive(Clone)]
pub(super) struct Moody {
    memory: MemoryStore,
    pub(super) fails_to_lock: Arc<AtomicBool>,
    pub(super) fails_to_load: Arc<AtomicBool>,
    pub(super) fails_to_save: Arc<AtomicBool>,
    /// It saves, and says that it failed.
    pub(super) lies_about_saves: Arc<AtomicBool>,
    pub(super) panics_at_save: Arc<AtomicBool>,
    /// Its locks hold nobody off, as if their lease were over at once.
    pub(super) has_no_lease: Arc<AtomicBool>,
    pub(super) locks: Arc<AtomicUsize>,
    pub(super) saves: Arc<AtomicUsize>,
    /// A save takes a permit.
    pub(super) gate: Arc<Semaphore>,
    witness: Arc<Mutex<Option<Witness>>>,
    stop: Arc<Stop>,
}

/// Where the store stops in the middle of its work: it counts a step before and after each of its four calls, which are
/// to lock, load, save and unlock.
struct Stop {
    steps: AtomicUsize,
    /// One more than the step at which it stops; zero for none.
    at: AtomicUsize,
    is_reached: AtomicBool,
    goes_on: Semaphore,
}

impl Moody {
    pub(super) fn new() -> Self {
        Self {
            memory: MemoryStore::new(),
            fails_to_lock: Arc::default(),
            fails_to_load: Arc::default(),
            fails_to_save: Arc::default(),
            lies_about_saves: Arc::default(),
            panics_at_save: Arc::default(),
            has_no_lease: Arc::default(),
            locks: Arc::default(),
            saves: Arc::default(),
            gate: Arc::new(Semaphore::new(1000)),
            witness: Arc::default(),
            stop: Arc::new(Stop {
                steps: AtomicUsize::new(0),
                at: AtomicUsize::new(0),
                is_reached: AtomicBool::new(false),
                goes_on: Semaphore::new(0),
            }),
        }
    }

    /// A store that holds these tokens already.
    pub(super) fn with(tokens: TokenSet, mark: RefreshMark) -> Self {
        let store = Self::new();
        store.put(tokens, mark);
        store
    }

    /// Writes as another holder would, whoever has the lock.
    pub(super) fn put(&self, tokens: TokenSet, mark: RefreshMark) {
        let present = self.stored().map(|stored| stored.generation);
        let number = present.map_or(1, |generation| generation.number() + 1);
        let mut new = StoredTokens::new(Generation::new(number), tokens);
        new.mark = mark;
        let saved = self.memory.save(&place(), present, &new).now_or_never();
        let saved = saved.expect("memory does not wait").expect("nor fails");
        assert_eq!(saved, Saved::Written);
    }

    /// What it holds.
    pub(super) fn stored(&self) -> Option<StoredTokens> {
        let loaded = self.memory.load(&place()).now_or_never();
        loaded.expect("memory does not wait").expect("nor fails")
    }

    /// The mark on the tokens, and their refresh token.
    pub(super) fn standing(&self) -> (RefreshMark, String) {
        let stored = self.stored().expect("tokens");
        let refresh_token = stored.tokens.refresh_token();
        let refresh_token = refresh_token.map_or("", |token| token.expose());
        (stored.mark, refresh_token.to_owned())
    }

    /// Shows each save to `witness` before it is made.
    pub(super) fn before_saves(&self, witness: impl FnMut(&StoredTokens) + Send + 'static) {
        *self.witness.lock().expect("no test panics here") = Some(Box::new(witness));
    }

    /// Whoever takes the `n`th step from now on, counted from zero, waits there until he is told to go on.
    pub(super) fn stop_at(&self, n: usize) {
        let steps = self.stop.steps.load(Ordering::SeqCst);
        self.stop.is_reached.store(false, Ordering::SeqCst);
        self.stop.at.store(steps + n + 1, Ordering::SeqCst);
    }

    /// Says whether someone has come to where it stops.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_reached.load(Ordering::SeqCst)
    }

    /// Whoever is stopped goes on.
    pub(super) fn go_on(&self) {
        self.stop.goes_on.add_permits(1);
    }

    async fn step(&self) {
        let steps = self.stop.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if steps == self.stop.at.load(Ordering::SeqCst) {
            self.stop.is_reached.store(true, Ordering::SeqCst);
            let told = self.stop.goes_on.acquire().await;
            told.expect("an open gate").forget();
        }
    }
}

/// The one place.
fn place() -> StoreKey {
    StoreKey::new("MOODY", "", "", "")
}

impl fmt::Debug for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moody")
    }
}

#[async_trait]
impl TokenStore for Moody {
    async fn lock(&self, _: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        self.step().await;
        if self.fails_to_lock.load(Ordering::SeqCst) {
            return Err(Error::store("lock", "nobody answers"));
        }
        let lock = if self.has_no_lease.load(Ordering::SeqCst) {
            StoreLock::new(())
        } else {
            self.memory.lock(&place(), lease).await?
        };
        self.locks.fetch_add(1, Ordering::SeqCst);
        let store = self.clone();
        let lock = StoreLock::with_release(async move {
            store.step().await;
            drop(lock);
            store.step().await;
            Ok(())
        });
        self.step().await;
        Ok(lock)
    }

    async fn load(&self, _: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        self.step().await;
        if self.fails_to_load.load(Ordering::SeqCst) {
            return Err(Error::store("load", "the disk is gone"));
        }
        let loaded = self.memory.load(&place()).await;
        self.step().await;
        loaded
    }

    async fn save(
        &self,
        _: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        self.step().await;
        self.saves.fetch_add(1, Ordering::SeqCst);
        let permit = self.gate.acquire().await.expect("an open gate");
        permit.forget();
        if let Some(witness) = &mut *self.witness.lock().expect("no test panics here") {
            witness(new);
        }
        assert!(
            !self.panics_at_save.load(Ordering::SeqCst),
            "this panic is part of the test"
        );
        if self.fails_to_save.load(Ordering::SeqCst) {
            return Err(Error::store("save", "the disk is full"));
        }
        let saved = self.memory.save(&place(), expected, new).await;
        self.step().await;
        if self.lies_about_saves.load(Ordering::SeqCst) {
            return Err(Error::store("save", "the answer was lost"));
        }
        saved
    }
}

/// The tokens `access-<name>` and `refresh-<name>`, which end `left` seconds from now, or ended `-left` ago.
pub(super) fn named(clock: &dyn Clock, name: &str, left: i64) -> TokenSet {
    let exported = tokens(clock, Some(&format!("refresh-{name}")), left).export();
    let mut text: Value = serde_json::from_str(exported.expose()).expect("an export is JSON");
    text["access_token"] = json!(format!("access-{name}"));
    TokenSet::import(&text.to_string()).expect("a good export")
}
