//! Keeps token sets where the holders of one account find them.
//!
//! Answers: [`TokenStore`], [`MemoryStore`]. Never: renews a token, decides who is right.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::error::Error;
use crate::token::{Generation, TokenSet};

/// Which token set is meant: one for each provider, account, tenant and scope.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StoreKey {
    /// The dialect's name.
    pub(crate) provider: String,
    /// Who signs in: a client id, a user name, or what [`Settings::account`](crate::Settings::account) says.
    pub(crate) account: String,
    /// The host, with a site or partner where there is one.
    pub(crate) tenant: String,
    /// What is asked for.
    pub(crate) scope: String,
}

impl StoreKey {
    /// The parts in order: provider, account, tenant, scope. None of them is a secret; what comes from settings is
    /// percent-encoded.
    pub fn parts(&self) -> [&str; 4] {
        [&self.provider, &self.account, &self.tenant, &self.scope]
    }
}

/// A token set with its number. The number grows with every save.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredTokens {
    /// The number that the save gave it.
    pub generation: Generation,
    /// The tokens.
    pub tokens: TokenSet,
}

impl StoredTokens {
    /// Tokens as a store has read them.
    pub fn new(generation: Generation, tokens: TokenSet) -> Self {
        Self { generation, tokens }
    }
}

/// A lock on one key; dropping it unlocks.
pub struct StoreLock(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send>);

impl StoreLock {
    /// Wraps whatever unlocks when it is dropped.
    pub fn new(guard: impl Send + 'static) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// A place for token sets that several sessions may share.
///
/// A session takes the lock, loads, renews if nobody else has, saves, and unlocks; it never asks the store while it
/// has a valid token.
///
/// # Errors
/// Methods fail with [`ErrorKind::Store`](crate::ErrorKind::Store), made by [`Error::store`].
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Waits until nobody else renews `key`.
    async fn lock(&self, key: &StoreKey) -> Result<StoreLock, Error>;

    /// Reads the tokens of `key`.
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error>;

    /// Writes the tokens of `key` if its present number is `expected` (`None`: there are none yet), and gives their
    /// new number.
    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        tokens: &TokenSet,
    ) -> Result<Generation, Error>;
}

/// A store that lives as long as the process. Clones share their content.
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
    lock: Arc<tokio::sync::Mutex<()>>,
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
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn lock(&self, key: &StoreKey) -> Result<StoreLock, Error> {
        let lock = self.with_slot(key, |slot| Arc::clone(&slot.lock));
        Ok(StoreLock::new(lock.lock_owned().await))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        Ok(self.with_slot(key, |slot| slot.stored.clone()))
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        tokens: &TokenSet,
    ) -> Result<Generation, Error> {
        self.with_slot(key, |slot| {
            let present = slot.stored.as_ref().map(|stored| stored.generation);
            if present != expected {
                return Err(Error::store(
                    "save",
                    "another holder has saved newer tokens",
                ));
            }
            let generation = Generation(present.unwrap_or_default().0.saturating_add(1));
            slot.stored = Some(StoredTokens {
                generation,
                tokens: tokens.clone(),
            });
            Ok(generation)
        })
    }
}
