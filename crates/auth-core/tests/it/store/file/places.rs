//! Where a store is, and what it shows of itself.

use std::fs;

use auth_core::{FileStore, Saved, TokenStore as _};

use super::child::Child;
use super::{LONG_LEASE, Place, first, key, refusal, room, tokens};

#[test]
fn a_relative_directory_stays_where_it_was_when_the_process_goes_elsewhere() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut child =
        Child::start_after("", home.path(), "some/../tokens/".as_ref()).expect("a child");
    assert_eq!(child.ask("chdir /"), "there");
    assert_eq!(child.ask("save - 1 8"), "Written");
    assert_eq!(child.ask("load"), "1");
    let record = room(&home.path().join("tokens")).join(first("json"));
    assert!(record.exists());
}

#[tokio::test]
async fn stores_of_one_directory_are_one_store() {
    let place = Place::with_tokens().await;
    let again = FileStore::open(place.directory()).expect("it is there");
    let stored = again.load(&key()).await.expect("loaded").expect("tokens");
    assert_eq!(stored.generation.number(), 1);
    assert_eq!(
        stored.tokens.access_token(),
        tokens(1).tokens.access_token()
    );
}

#[tokio::test]
async fn debug_shows_the_path_and_nothing_else() {
    let place = Place::with_tokens().await;
    place.number().await;
    let shown = format!("{:?}", place.store);
    assert_eq!(
        shown,
        format!("FileStore {{ directory: {:?} }}", place.directory())
    );
}

#[tokio::test]
async fn a_directory_that_went_away_is_told() {
    let place = Place::with_tokens().await;
    fs::remove_dir_all(place.directory()).expect("removed");
    refusal(
        place.store.lock(&key(), LONG_LEASE).await,
        &["lock", "open the store anew"],
    );
    refusal(place.save(None, 1).await, &["save", "open the store anew"]);
    assert!(!place.directory().exists());
}

#[tokio::test]
async fn lock_files_that_were_removed_between_two_runs_are_made_again() {
    let place = Place::with_tokens().await;
    drop(place.store.lock(&key(), LONG_LEASE).await.expect("free"));
    for _ in 0..2 {
        fs::remove_file(place.lock_file()).expect("removed");
        let lock = place.store.lock(&key(), LONG_LEASE).await.expect("free");
        assert_eq!(place.ends(), ["json", "lock"]);
        drop(lock);
    }
    assert_eq!(place.save(Some(1), 2).await.expect("saved"), Saved::Written);
}
