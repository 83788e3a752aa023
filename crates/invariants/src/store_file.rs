//! The record of a file store.
//!
//! An input that begins with the line `save` is tokens to be saved: a line each for number, mark, access token, refresh
//! token and end in milliseconds, and the scope in all that follows. Any other is what stands in the record's place.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use auth_core::{
    ErrorKind, FileStore, Generation, RefreshMark, Saved, StoreKey, StoredTokens, TokenSet,
    TokenStore as _,
};
use canary::Secrets;
use serde_json::json;
use tempfile::TempDir;

use crate::Outcome;
use crate::scene;

/// What every token of the corpus begins with; chance writes none.
const CANARY: &str = "canary-stored";
/// A store without a disk is quicker by far, and no slower to be read.
const QUICK: &str = "/dev/shm";

/// A directory of its own, which ends with the thread.
struct Home {
    directory: TempDir,
    store: FileStore,
    key: StoreKey,
}

thread_local! {
    static HOME: Home = Home::open();
}

#[expect(
    clippy::expect_used,
    reason = "a check that has no store can't go on, and is a test itself"
)]
impl Home {
    fn open() -> Self {
        let quick = TempDir::new_in(QUICK);
        let directory = quick.or_else(|_| TempDir::new()).expect("a directory");
        let store = FileStore::open(directory.path().join("tokens")).expect("a store");
        Self {
            directory,
            store,
            key: StoreKey::new("FUZZ", "app%2D1", "api%2Eexample%2Ecom", ""),
        }
    }

    /// The directory of the key, empty.
    fn clear(&self) -> PathBuf {
        let own = self.directory.path().join("tokens").join(self.key.id());
        if own.exists() {
            fs::remove_dir_all(&own).expect("it is ours");
        }
        own
    }

    fn load(&self) -> Result<Option<StoredTokens>, auth_core::Error> {
        let error = match self.load_once() {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
        let secrets = Secrets::new([CANARY]);
        scene::on(|scene| scene.accept_without(&error, &secrets));
        Err(error)
    }

    fn load_once(&self) -> Result<Option<StoredTokens>, auth_core::Error> {
        on_runtime(self.store.load(&self.key))
    }

    fn save(&self, expected: Option<Generation>, new: &StoredTokens) -> Saved {
        let saving = self.store.save(&self.key, expected, new);
        on_runtime(saving).expect("a disk that works")
    }
}

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    scene::on(|scene| scene.run(work))
}

/// Loads what stands in a record's place, or saves and loads.
///
/// # Panics
/// Where an invariant does not hold.
pub fn check(input: &[u8]) -> Outcome {
    HOME.with(|home| match input.strip_prefix(b"save\n") {
        Some(text) => saved(home, text),
        None => loaded(home, input),
    })
}

#[expect(
    clippy::expect_used,
    reason = "a check that can't prepare a file can't go on, and is a test itself"
)]
fn loaded(home: &Home, record: &[u8]) -> Outcome {
    let own = home.clear();
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&own)
        .expect("a directory");
    let path = own.join(format!("{:020}.json", 1));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(record))
        .expect("a file");

    match home.load() {
        Ok(stored) => {
            assert_eq!(fs::read(&path).expect("it stays"), record, "a load wrote");
            if let Some(stored) = &stored {
                let token = stored.tokens.access_token().expose();
                let is_visible = token.bytes().all(|byte| byte.is_ascii_graphic());
                assert!(!token.is_empty() && is_visible, "{stored:?}");
                assert!(!format!("{stored:?}").contains(CANARY), "{stored:?}");
            }
            goes_on(home, stored.as_ref());
            Outcome::Accepted
        }
        Err(error) => {
            let aside = own.join("unreadable-1");
            if aside.exists() {
                assert_eq!(fs::read(&aside).expect("a file"), record, "it was changed");
                assert!(
                    home.load().is_ok_and(|stored| stored.is_none()),
                    "{error:?}"
                );
                goes_on(home, None);
                assert_eq!(fs::read(&aside).expect("a file"), record, "it was lost");
            } else {
                assert_eq!(fs::read(&path).expect("it stays"), record, "it was lost");
                assert!(home.load().is_err(), "it was read at the second try");
                assert_eq!(fs::read(&path).expect("it stays"), record, "it was lost");
            }
            Outcome::Refused
        }
    }
}

/// Asserts that the store takes new tokens after `present`, and gives them back.
#[expect(
    clippy::expect_used,
    reason = "a check that has no tokens can't go on, and is a test itself"
)]
fn goes_on(home: &Home, present: Option<&StoredTokens>) {
    let expected = present.map(|stored| stored.generation);
    let number = expected.map_or(1, |generation| generation.number().wrapping_add(1));
    let text = json!({ "version": 1, "access_token": "canary-stored-next" }).to_string();
    let tokens = TokenSet::import(&text).expect("a good export");
    let new = StoredTokens::new(Generation::new(number), tokens);
    let other = Generation::new(number.wrapping_add(7));
    assert_eq!(home.save(Some(other), &new), Saved::Superseded);
    assert_eq!(home.save(expected, &new), Saved::Written);
    let found = home.load().expect("what was written").expect("tokens");
    assert!(is_same(&found, &new), "{found:?} {new:?}");
}

fn saved(home: &Home, text: &[u8]) -> Outcome {
    home.clear();
    let text = String::from_utf8_lossy(text);
    let mut lines = text.splitn(6, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let number = line().trim().parse().unwrap_or(1);
    let mark = match line().trim() {
        "under way" => RefreshMark::UnderWay,
        "spent" => RefreshMark::Spent,
        _ => RefreshMark::Unspent,
    };
    let mut export = json!({ "version": 1, "access_token": line(), "refresh_token": line() });
    if let Ok(ms) = line().trim().parse::<u64>() {
        export["expires_at_ms"] = ms.into();
    }
    export["scope"] = line().into();
    let Ok(tokens) = TokenSet::import(&export.to_string()) else {
        return Outcome::Refused;
    };
    let mut stored = StoredTokens::new(Generation::new(number), tokens);
    stored.mark = mark;
    assert_eq!(home.save(None, &stored), Saved::Written);
    match home.load() {
        Ok(Some(found)) => assert!(is_same(&found, &stored), "{found:?} {stored:?}"),
        other => panic!("what was saved is gone: {other:?}"),
    }
    goes_on(home, Some(&stored));
    Outcome::Accepted
}

/// Whether two are the same in all that a store keeps.
fn is_same(one: &StoredTokens, other: &StoredTokens) -> bool {
    one.export() == other.export()
}
