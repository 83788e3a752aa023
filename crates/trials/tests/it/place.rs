//! Names a store that processes share, and opens it in this one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use comm100::{
    Error, FileStore, Generation, RedisStore, Saved, StoreKey, StoreLock, StoredTokens, TokenStore,
    async_trait,
};

/// Where tokens are kept.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Files(PathBuf),
    Redis(String),
}

impl Place {
    pub(crate) fn files(directory: impl AsRef<Path>) -> Self {
        Self::Files(directory.as_ref().to_owned())
    }

    /// As a worker reads it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Files(directory) => format!("file:{}", directory.display()),
            Self::Redis(url) => url.clone(),
        }
    }

    pub(crate) fn open(&self) -> Arc<dyn TokenStore> {
        match self {
            Self::Files(directory) => Arc::new(FileStore::open(directory).unwrap()),
            Self::Redis(url) => Arc::new(RedisStore::new(url.as_str()).unwrap()),
        }
    }

    /// Fails where a file is not whole, or where a store has set one aside. Reading through the store says the same of
    /// a record on a server.
    pub(crate) fn assert_whole(&self) {
        let Self::Files(directory) = self else {
            return;
        };
        // Each key has a directory.
        let keys = fs::read_dir(directory).unwrap();
        let files = keys.flat_map(|key| fs::read_dir(key.unwrap().path()).unwrap());
        let mut records = 0;
        for entry in files {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(!name.contains("unreadable"), "{name} was set aside");
            if name.ends_with(".json") {
                records += 1;
                let text = match fs::read(&path) {
                    // Another account's process has put a newer one in its place since the names were listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    text => text.unwrap(),
                };
                let parsed = serde_json::from_slice::<serde_json::Value>(&text);
                assert!(parsed.is_ok(), "{name} is torn: {parsed:?}");
            }
        }
        assert!(records > 0, "there are no records to be looked at");
    }
}

/// A store that remembers which key it was asked for, so that a test can look at the same record.
#[derive(Clone, Debug)]
pub(crate) struct Spy {
    store: Arc<dyn TokenStore>,
    key: Arc<Mutex<Option<StoreKey>>>,
}

impl Spy {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        Self {
            store,
            key: Arc::default(),
        }
    }

    pub(crate) fn key(&self) -> StoreKey {
        let key = self.key.lock().unwrap().clone();
        key.expect("the store was asked")
    }
}

#[async_trait]
impl TokenStore for Spy {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        *self.key.lock().unwrap() = Some(key.clone());
        self.store.lock(key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        self.store.load(key).await
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        self.store.save(key, expected, new).await
    }
}
