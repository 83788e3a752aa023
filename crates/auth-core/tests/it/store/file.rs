//! The file store, on real files, real locks and real processes.

mod child;
#[cfg(feature = "conformance")]
mod conformance;
mod locking;
mod permissions;
mod places;
mod saving;
mod stopped;
mod unreadable;

use std::error::Error as _;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use auth_core::{
    Clock as _, Error, ErrorKind, FileStore, Generation, Saved, StoreKey, StoredTokens, TokenSet,
    TokenStore as _,
};
use futures_util::future::{Either, select};
use tempfile::TempDir;

use crate::clocks::real;

/// Longer than any test: who waits for its end has failed.
const LONG_LEASE: Duration = Duration::from_secs(60);
/// Stands in every token, and must not stand in any error.
const CANARY: &str = "canary";

fn key() -> StoreKey {
    StoreKey::new("EXAMPLE_V4", "app-1/jo", "login.example.com", "")
}

/// Tokens with a number, and an access token of at least `length` characters.
fn tokens_of(number: u64, length: usize) -> StoredTokens {
    let filler = "x".repeat(length);
    let text = format!(
        r#"{{"version":1,"access_token":"{CANARY}-{number}-{filler}","refresh_token":"{CANARY}-more"}}"#
    );
    let tokens = TokenSet::import(&text).expect("an export");
    StoredTokens::new(Generation::new(number), tokens)
}

fn tokens(number: u64) -> StoredTokens {
    tokens_of(number, 8)
}

/// An error and its causes as one text.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A failure of the store that says all of `parts` and no token.
fn refusal<T>(outcome: Result<T, Error>, parts: &[&str]) -> String {
    let Err(error) = outcome else {
        panic!("it went well, instead of saying {parts:?}");
    };
    let text = told(&error);
    assert_eq!(error.kind(), ErrorKind::Store);
    for part in parts {
        assert!(text.contains(part), "`{text}` does not say `{part}`");
    }
    assert!(!format!("{text} {error:?}").contains(CANARY), "{error:?}");
    text
}

/// What `work` gives, unless it takes longer than `limit`.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), real().sleep(limit)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::symlink_metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// A directory that goes with the test, and a store in it.
struct Place {
    home: TempDir,
    store: FileStore,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let store = FileStore::open(home.path().join("tokens")).expect("a new store");
        Self { home, store }
    }

    /// A store with the tokens of number one.
    async fn with_tokens() -> Self {
        let place = Self::new();
        assert_eq!(place.save(None, 1).await.expect("saved"), Saved::Written);
        place
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn directory(&self) -> PathBuf {
        self.home().join("tokens")
    }

    /// The directory of the key.
    fn room(&self) -> PathBuf {
        room(&self.directory())
    }

    /// The key's file with this name.
    fn file(&self, name: &str) -> PathBuf {
        self.room().join(name)
    }

    /// The record that counts, or the place of the first.
    fn record(&self) -> PathBuf {
        let entries = fs::read_dir(self.room()).into_iter().flatten();
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let records = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        records.max().unwrap_or_else(|| self.file(&first("json")))
    }

    /// The key's first lock file.
    fn lock_file(&self) -> PathBuf {
        self.file(&first("lock"))
    }

    /// The ends of the names of all files, in order.
    fn ends(&self) -> Vec<String> {
        ends(&self.room())
    }

    /// Makes the directory of the key before the store does.
    fn make(&self) {
        let mut builder = DirBuilder::new();
        let made = builder.mode(0o700).recursive(true).create(self.room());
        made.expect("a directory");
    }

    /// Puts `content` in the record's place.
    fn put(&self, content: &[u8]) {
        self.make();
        fs::write(self.record(), content).expect("written");
        chmod(&self.record(), 0o600);
    }

    async fn save(&self, expected: Option<u64>, number: u64) -> Result<Saved, Error> {
        let expected = expected.map(Generation::new);
        self.store.save(&key(), expected, &tokens(number)).await
    }

    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.store.load(&key()).await
    }

    /// The number in the store, if there are tokens.
    async fn number(&self) -> Option<u64> {
        let stored = self.load().await.expect("loaded");
        stored.map(|stored| stored.generation.number())
    }
}

/// The directory of the key in a store.
fn room(directory: &Path) -> PathBuf {
    directory.join(key().id())
}

/// The name of the first file with this end.
fn first(end: &str) -> String {
    numbered(1, end)
}

fn numbered(number: u64, end: &str) -> String {
    format!("{number:020}.{end}")
}

/// The ends of the names of all files in `directory`, in order.
fn ends(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("ASCII");
        name.rsplit('.').next().unwrap_or_default().to_owned()
    };
    let mut ends: Vec<_> = entries.map(name).collect();
    ends.sort();
    ends
}
