//! Keeps token sets where the holders of one account find them.
//!
//! Answers: [`TokenStore`], [`MemoryStore`]. Never: renews a token, decides who is right.

#[cfg(feature = "conformance")]
mod conformance;
#[cfg(feature = "file-store")]
mod file;
mod key;
mod lock;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod stored;
#[cfg(any(feature = "file-store", feature = "redis"))]
mod unique;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::Error;
use crate::token::Generation;

#[cfg(feature = "conformance")]
pub use conformance::check_token_store;
#[cfg(feature = "file-store")]
pub use file::FileStore;
pub use key::StoreKey;
pub use lock::StoreLock;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, RedisStoreBuilder};
pub use stored::{RefreshMark, StoredTokens};

/// What became of a save.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a write that depends on a number has these two ends and no third"
)]
pub enum Saved {
    /// The new tokens stand in the store.
    Written,
    /// Another number stood there than was expected: somebody else has written meanwhile. Nothing was changed.
    Superseded,
}

/// A place for token sets that several sessions may share, in one process or in many.
///
/// A session takes the lock, loads, marks the refresh token as being sent, renews if nobody else has, saves, and unlocks.
/// It never asks the store while it has a valid token, but for the renewal in the background that is due before the
/// token's end.
///
/// # Errors
/// Methods fail with [`ErrorKind::Store`](crate::ErrorKind::Store), made by [`Error::store`]. A panic counts as a
/// failure. A session gives them limited time and survives their failures; a renewal that fails does not end a token that
/// is still valid. What an error says is logged and told to callers: it may not hold what is stored. Tokens that this
/// session was given or gives are taken out of it, those of other holders can't be.
///
/// | method | may take | when it fails or takes longer |
/// |---|---|---|
/// | `lock` | a lease, twice [`store_timeout`](crate::Settings::store_timeout) and a second: 91 seconds by default | the renewal fails with `ErrorKind::Store`, and the provider is not asked |
/// | `load` | `store_timeout`: 5 seconds by default | the same |
/// | `save` of a mark | `store_timeout` | the refresh token is not sent, unless nobody else can know it; the first grant takes its place where that needs no person, else the renewal fails with `ErrorKind::Store` |
/// | `save` of new tokens | `store_timeout` | they are used from memory, an error is logged, [`on_renewed`](crate::Settings::on_renewed) is told of them all the same, and the save is tried again in the background |
///
/// # Concurrency
/// The lock must span all holders of a key: where several processes share the store, a mutex in one of them is too
/// little, and each process would spend the refresh token of the others. A holder that dies must lose the lock, at the
/// latest at the end of its lease; one that is only stopped may wake up after that and save, which the number in
/// [`save`](Self::save) fences off.
///
/// `check_token_store` (feature `conformance`) tries all of this on a store.
///
/// # Examples
/// A whole store, for the tasks of one process. One for several processes is made of the same three parts: a lock with a
/// lease, a text, and a number to compare.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// use auth_core::{
///     Error, Generation, Saved, Secret, StoreKey, StoreLock, StoredTokens, TokenStore, async_trait,
/// };
/// use tokio::time::{Instant, sleep};
///
/// #[derive(Clone, Debug, Default)]
/// struct Table(Arc<Mutex<Columns>>);
///
/// #[derive(Debug, Default)]
/// struct Columns {
///     /// By the key's id: the number and the exported tokens.
///     tokens: HashMap<String, (u64, Secret)>,
///     /// By the key's id: which lock it is, and when its lease ends.
///     locks: HashMap<String, (u64, Instant)>,
///     last_lock: u64,
/// }
///
/// #[async_trait]
/// impl TokenStore for Table {
///     async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
///         loop {
///             {
///                 let mut columns = self.0.lock().unwrap();
///                 let now = Instant::now();
///                 if columns.locks.get(&key.id()).is_none_or(|(_, until)| *until <= now) {
///                     columns.last_lock += 1;
///                     let number = columns.last_lock;
///                     columns.locks.insert(key.id(), (number, now + lease));
///                     let (table, id) = (self.clone(), key.id());
///                     return Ok(StoreLock::with_release(async move {
///                         let locks = &mut table.0.lock().unwrap().locks;
///                         if locks.get(&id).is_some_and(|(held, _)| *held == number) {
///                             locks.remove(&id);
///                         }
///                         Ok(())
///                     }));
///                 }
///             }
///             sleep(Duration::from_millis(10)).await;
///         }
///     }
///
///     async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
///         let columns = self.0.lock().unwrap();
///         let row = columns.tokens.get(&key.id());
///         row.map(|(_, exported)| StoredTokens::import(exported.expose())).transpose()
///     }
///
///     async fn save(
///         &self,
///         key: &StoreKey,
///         expected: Option<Generation>,
///         new: &StoredTokens,
///     ) -> Result<Saved, Error> {
///         let tokens = &mut self.0.lock().unwrap().tokens;
///         let present = tokens.get(&key.id()).map(|(number, _)| Generation::new(*number));
///         if present != expected {
///             return Ok(Saved::Superseded);
///         }
///         tokens.insert(key.id(), (new.generation.number(), new.export()));
///         Ok(Saved::Written)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // In a test: handles on one table, as many as are asked for.
/// let table = Table::default();
/// # #[cfg(feature = "conformance")]
/// assert!(auth_core::check_token_store(|| table.clone()).await.is_empty());
/// # }
/// ```
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Waits until nobody else renews `key`, in any process, and holds the lock until it is released.
    ///
    /// `lease` is the longest time that the holder needs; a lock that is held for longer may go to the next who waits.
    /// Dropping the returned future must not leave a lock behind.
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error>;

    /// Reads the tokens of `key`; `None` where there are none. Called under the lock.
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error>;

    /// Writes the tokens of `key` if the present number is `expected` (`None`: there are none yet), in one step that no
    /// other save can come between. Called under the lock, but perhaps by a holder that has lost it; the number of `new`
    /// is greater than `expected`.
    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error>;
}

/// A store that is chosen while the program runs, such as an `Arc<dyn TokenStore>`.
#[async_trait]
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        T::lock(self, key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        T::load(self, key).await
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        T::save(self, key, expected, new).await
    }
}
