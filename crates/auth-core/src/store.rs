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

/// Which token set is meant: one for each provider, account, tenant and scope. Made by the session; a store only reads
/// its [`parts`](Self::parts).
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
    /// The parts in order; together they are the key, and none of them is a secret.
    ///
    /// | part | what it holds | such as |
    /// |---|---|---|
    /// | provider | the dialect's name | `EXAMPLE_V4` |
    /// | account | client id, then `/` and the user or [`Settings::account`](crate::Settings::account) where there is one, each percent-encoded | `app%2D1/jo%40example%2Ecom` |
    /// | tenant | the host that tokens come from, percent-encoded, then `/` and each id of site or partner | `login%2Eexample%2Ecom/site_id=10000` |
    /// | scope | the scope as it was set, percent-encoded, or nothing | `openid%20offline%5Faccess` |
    pub fn parts(&self) -> [&str; 4] {
        [&self.provider, &self.account, &self.tenant, &self.scope]
    }
}

/// A token set with its number. The number grows with every save.
///
/// # Examples
/// ```
/// use auth_core::{Error, Generation, StoredTokens, TokenSet};
///
/// /// Reads a row of a table with a column for the number and one for the exported set.
/// fn read(number: u64, exported: &str) -> Result<StoredTokens, Error> {
///     let tokens = TokenSet::import(exported).map_err(|error| Error::store("load", error))?;
///     Ok(StoredTokens::new(Generation::new(number), tokens))
/// }
///
/// let stored = read(3, r#"{"version":1,"access_token":"token-3"}"#)?;
/// assert_eq!(stored.generation.number(), 3);
/// assert_eq!(stored.tokens.access_token().expose(), "token-3");
/// # Ok::<(), Error>(())
/// ```
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

/// A lock on one key; dropping it unlocks. See the example of [`TokenStore`].
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

/// A place for token sets that several sessions may share, in one process or in many.
///
/// A session takes the lock, loads, renews if nobody else has, saves, and unlocks; it never asks the store while it
/// has a valid token, but for the renewal in the background that is due before the token's end.
///
/// # Errors
/// Methods fail with [`ErrorKind::Store`](crate::ErrorKind::Store), made by [`Error::store`]. A session gives them
/// limited time and survives their failures:
///
/// | method | may take | when it fails or takes longer |
/// |---|---|---|
/// | `lock` | [`token_timeout`](crate::Settings::token_timeout) × 2 × ([`token_retries`](crate::Settings::token_retries) + 2): 240 seconds by default, for a holder may have to try several times | the renewal fails with `ErrorKind::Store`, and the provider is not asked |
/// | `load` | `token_timeout`: 30 seconds by default | the same |
/// | `save` | `token_timeout` | the new tokens are used from memory, an error is logged, and [`on_renewed`](crate::Settings::on_renewed) is told of them all the same |
///
/// A renewal that fails does not end a token that is still valid. A panic counts as a failure.
///
/// # Concurrency
/// The lock must span all holders of a key: where several processes share the store, a mutex in one of them is too
/// little, and each process would spend the refresh token of the others. A holder that dies must lose the lock.
///
/// # Examples
/// A whole store: one file for all keys, shared by the processes of one machine. The tokens stand there in clear, so the
/// directory must be readable for nobody else.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::fs::{self, File, TryLockError};
/// use std::io::ErrorKind::NotFound;
/// use std::path::PathBuf;
/// use std::time::Duration;
///
/// use auth_core::{Error, Generation, StoreKey, StoreLock, StoredTokens, TokenSet, TokenStore, async_trait};
///
/// #[derive(Debug)]
/// struct TokenFile(PathBuf);
///
/// impl TokenFile {
///     /// By the key's parts: the number and the exported tokens.
///     fn read(&self) -> Result<BTreeMap<String, (u64, String)>, Error> {
///         match fs::read(&self.0) {
///             Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::store("load", error)),
///             Err(error) if error.kind() == NotFound => Ok(BTreeMap::new()),
///             Err(error) => Err(Error::store("load", error)),
///         }
///     }
/// }
///
/// #[async_trait]
/// impl TokenStore for TokenFile {
///     async fn lock(&self, _: &StoreKey) -> Result<StoreLock, Error> {
///         // A file of its own, for the other is replaced; the system unlocks it when a process dies.
///         let path = self.0.with_extension("lock");
///         let file = File::create(path).map_err(|error| Error::store("lock", error))?;
///         loop {
///             match file.try_lock() {
///                 Ok(()) => return Ok(StoreLock::new(file)), // closed, and so unlocked, when it is dropped
///                 Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
///                 Err(TryLockError::Error(error)) => return Err(Error::store("lock", error)),
///             }
///         }
///     }
///
///     async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
///         let Some((number, exported)) = self.read()?.remove(&key.parts().join("\n")) else {
///             return Ok(None);
///         };
///         let tokens = TokenSet::import(&exported).map_err(|error| Error::store("load", error))?;
///         Ok(Some(StoredTokens::new(Generation::new(number), tokens)))
///     }
///
///     async fn save(
///         &self,
///         key: &StoreKey,
///         expected: Option<Generation>,
///         tokens: &TokenSet,
///     ) -> Result<Generation, Error> {
///         let (mut all, key) = (self.read()?, key.parts().join("\n"));
///         let present = all.get(&key).map(|(number, _)| *number);
///         if present != expected.map(Generation::number) {
///             return Err(Error::store("save", "another holder has saved newer tokens"));
///         }
///         let number = present.unwrap_or(0) + 1;
///         all.insert(key, (number, tokens.export().expose().to_owned()));
///         // Written beside and moved: who reads meanwhile, or after a crash, finds a whole file.
///         let new = self.0.with_extension("new");
///         let written = serde_json::to_vec(&all).map_err(|error| Error::store("save", error))?;
///         fs::write(&new, written)
///             .and_then(|()| fs::rename(&new, &self.0))
///             .map_err(|error| Error::store("save", error))?;
///         Ok(Generation::new(number))
///     }
/// }
/// # use auth_core::{ApiClient, BaseUrl, Dialect, Grant, GrantType, Parameter, Principal, Profile, Settings, TokenRow};
/// # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
/// # const ROWS: &[TokenRow] = &[TokenRow::new(GrantType::ClientCredentials, "/token", &[Parameter::body("grant_type")])];
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await;
/// # let token = ResponseTemplate::new(200)
/// #     .set_body_json(serde_json::json!({ "access_token": "t-1", "token_type": "bearer", "expires_in": 3600 }));
/// # Mock::given(any()).respond_with(token).expect(1).mount(&server).await;
/// # let directory = std::env::temp_dir().join(format!("token-store-example-{}", std::process::id()));
/// # fs::create_dir_all(&directory)?;
/// # let path = directory.join("tokens.json");
/// # for _ in 0..2 {
/// #     let base = BaseUrl::parse("base_url", &server.uri(), &[])?;
/// #     let principal = Principal::new(Grant::ClientCredentials);
/// #     let profile = Profile::new(Dialect::new("EXAMPLE", ROWS), base.clone(), base, principal, "x/1");
/// #     let client = ApiClient::new(profile, &Settings::new().store(TokenFile(path.clone())))?;
/// #     client.sign_in().await?;
/// # }
/// # let tenant = server.address().to_string().replace('.', "%2E").replace(':', "%3A");
/// # assert!(TokenFile(path).read()?.into_keys().eq([format!("EXAMPLE\n\n{tenant}\n")]));
/// # fs::remove_dir_all(&directory)?;
/// # server.verify().await; // the second client used the token of the first
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Waits until nobody else renews `key`, in any process; the lock is held until the new tokens are saved.
    async fn lock(&self, key: &StoreKey) -> Result<StoreLock, Error>;

    /// Reads the tokens of `key`; `None` where there are none. Called under the lock.
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error>;

    /// Writes the tokens of `key` if its present number is `expected` (`None`: there are none yet), and gives their
    /// new number, which is greater than zero and than `expected`. Called under the lock.
    ///
    /// # Errors
    /// Another present number than `expected` means that the lock was lost: write nothing and fail with
    /// [`Error::store`]. The session keeps its tokens in memory then, and loads what the other holder saved at its next
    /// renewal.
    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        tokens: &TokenSet,
    ) -> Result<Generation, Error>;
}

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
