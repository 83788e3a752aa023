//! The lock of the memory store: who has it, for how long, and who is next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{
    Clock as _, Generation, MemoryStore, Saved, StoreKey, StoredTokens, TokenSet, TokenStore as _,
};
use futures_util::FutureExt as _;

use crate::clocks::{eventually, real};

const HOUR: Duration = Duration::from_secs(3600);
const WAITERS: usize = 50;
const BRIEF: Duration = Duration::from_millis(20);

fn key(account: &str) -> StoreKey {
    StoreKey::new("EXAMPLE", account, "", "")
}

fn stored(generation: u64, token: &str) -> StoredTokens {
    let exported = format!(r#"{{"version":1,"access_token":"{token}"}}"#);
    let tokens = TokenSet::import(&exported).expect("an export");
    StoredTokens::new(Generation::new(generation), tokens)
}

#[tokio::test]
async fn a_lock_is_held_until_it_is_dropped_and_spans_the_clones_of_a_store() {
    let store = MemoryStore::new();
    let (first, other) = (key("first"), key("other"));
    let lock = store.lock(&first, HOUR).await.expect("a free lock");
    let clone = store.clone();
    assert!(clone.lock(&first, HOUR).now_or_never().is_none());
    assert!(clone.lock(&other, HOUR).now_or_never().is_some());
    drop(lock);
    assert!(clone.lock(&first, HOUR).now_or_never().is_some());
}

#[tokio::test]
async fn stores_that_are_no_clones_share_nothing() {
    let (one, other) = (MemoryStore::new(), MemoryStore::new());
    let _lock = one.lock(&key("same"), HOUR).await.expect("a free lock");
    assert!(other.lock(&key("same"), HOUR).now_or_never().is_some());
    let new = stored(1, "token-1");
    let saved = one.save(&key("same"), None, &new).await;
    assert_eq!(saved.expect("a save"), Saved::Written);
    let found = other.load(&key("same")).await.expect("a load");
    assert!(found.is_none());
}

#[tokio::test]
async fn who_waits_is_woken_by_the_drop_and_not_by_the_end_of_the_lease() {
    let store = MemoryStore::new();
    let lock = store.lock(&key("a"), HOUR).await.expect("a free lock");
    let woken = Arc::new(AtomicUsize::new(0));
    let waiters = (0..WAITERS).map(|_| {
        let (store, woken) = (store.clone(), Arc::clone(&woken));
        tokio::spawn(async move {
            let lock = store.lock(&key("a"), HOUR).await.expect("a free lock");
            woken.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            drop(lock);
        })
    });
    let waiters: Vec<_> = waiters.collect();
    tokio::task::yield_now().await;
    assert_eq!(woken.load(Ordering::Relaxed), 0);
    drop(lock);
    let all = || woken.load(Ordering::Relaxed) == WAITERS;
    eventually("every waiter has its turn", all).await;
    for waiter in waiters {
        waiter.await.expect("no waiter panics");
    }
}

#[tokio::test]
async fn a_lock_whose_lease_is_over_is_taken_over_once_and_its_old_guard_frees_nothing() {
    let store = MemoryStore::new();
    let began = real().now();
    let lost = store.lock(&key("a"), BRIEF).await.expect("a free lock");
    let taking_over = tokio::spawn({
        let store = store.clone();
        async move { store.lock(&key("a"), HOUR).await }
    });
    eventually("it is taken over", || taking_over.is_finished()).await;
    let lock = taking_over.await.expect("no panic").expect("a lock");
    assert!(real().now() - began >= BRIEF);
    drop(lost);
    assert!(store.lock(&key("a"), HOUR).now_or_never().is_none());
    drop(lock);
    assert!(store.lock(&key("a"), HOUR).now_or_never().is_some());
}

#[tokio::test]
async fn a_lease_may_be_nothing_or_longer_than_all_time() {
    let store = MemoryStore::new();
    let _none = store.lock(&key("a"), Duration::ZERO).await;
    let for_ever = store.lock(&key("a"), Duration::MAX).await;
    assert!(store.lock(&key("a"), HOUR).now_or_never().is_none());
    drop(for_ever);
    assert!(store.lock(&key("a"), HOUR).now_or_never().is_some());
}

#[tokio::test]
async fn one_who_gives_up_waiting_does_not_take_the_turn_of_another() {
    let store = MemoryStore::new();
    let lock = store.lock(&key("a"), HOUR).await.expect("a free lock");
    let (gives_up_key, stays_key) = (key("a"), key("a"));
    let mut gives_up = store.lock(&gives_up_key, HOUR);
    let mut stays = store.lock(&stays_key, HOUR);
    assert!((&mut gives_up).now_or_never().is_none());
    assert!((&mut stays).now_or_never().is_none());
    drop(lock);
    drop(gives_up);
    assert!(stays.now_or_never().is_some());
}

#[tokio::test]
async fn debug_shows_no_token() {
    let store = MemoryStore::new();
    let saved = store.save(&key("a"), None, &stored(1, "canary")).await;
    assert_eq!(saved.expect("a save"), Saved::Written);
    assert!(!format!("{store:?} {store:#?}").contains("canary"));
}
