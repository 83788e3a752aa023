//! One holder at a time, who loses the lock when it dies, and to a waiter once it was stopped for a lease.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{Clock as _, Saved, StoreKey, TokenStore as _};
use futures_util::future::join_all;

use super::child::Child;
use super::{LONG_LEASE, Place, key, mode, numbered, within};
use crate::clocks::real;

/// More than a free lock ever takes, and far less than a long lease.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_processes_hold_the_lock_one_at_a_time() {
    let place = Place::new();
    let mut child = Child::start(&place.directory());
    let held = Arc::new(AtomicUsize::new(0));
    let tasks = (0..8).map(|_| {
        let (store, held) = (place.store.clone(), Arc::clone(&held));
        tokio::spawn(async move {
            for _ in 0..3 {
                let lock = store.lock(&key(), LONG_LEASE).await.expect("locked");
                assert_eq!(held.fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                held.fetch_sub(1, Ordering::SeqCst);
                drop(lock);
            }
        })
    });
    let done = within(2 * SOON, join_all(tasks))
        .await
        .expect("no deadlock");
    assert!(done.into_iter().all(|task| task.is_ok()));

    assert_eq!(child.ask("lock 60000"), "locked");
    let short = Duration::from_millis(200);
    assert!(
        within(short, place.store.lock(&key(), LONG_LEASE))
            .await
            .is_none()
    );
    assert_eq!(child.ask("unlock"), "unlocked");
    let lock = within(SOON, place.store.lock(&key(), LONG_LEASE)).await;
    let lock = lock.expect("it is free").expect("locked");
    child.tell("lock 60000");
    drop(lock);
    assert_eq!(child.answer().as_deref(), Some("locked"));
}

#[tokio::test]
async fn keys_have_locks_of_their_own() {
    let place = Place::new();
    let _lock = place.store.lock(&key(), LONG_LEASE).await.expect("free");
    let other = StoreKey::new("EXAMPLE_V4", "app-1/bo", "login.example.com", "");
    let second = within(SOON, place.store.lock(&other, LONG_LEASE)).await;
    assert!(second.expect("it does not wait").is_ok());
}

#[tokio::test]
async fn each_holder_leaves_a_mark_of_its_own() {
    let place = Place::new();
    let mut marks = Vec::new();
    for content in [
        "",
        "something that is longer than a mark of ours would be, and no mark",
    ] {
        place.make();
        fs::write(place.lock_file(), content).expect("written");
        let lock = place.store.lock(&key(), LONG_LEASE).await.expect("free");
        let mark = fs::read_to_string(place.lock_file()).expect("text");
        let (number, lease) = mark.trim_end().split_once(' ').expect("two parts");
        let is_number = number.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(number.len() == 32 && is_number, "{mark}");
        assert_eq!(lease.trim(), "60000");
        marks.push(mark);
        drop(lock);
    }
    assert_ne!(marks[0], marks[1]);
}

#[tokio::test]
async fn a_killed_holder_loses_the_lock_at_once() {
    let place = Place::new();
    let mut child = Child::start(&place.directory());
    assert_eq!(child.ask("lock 60000"), "locked");
    child.kill();
    let lock = within(SOON, place.store.lock(&key(), LONG_LEASE)).await;
    assert!(lock.expect("it is free").is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_holder_is_taken_over_after_the_lease_and_its_late_save_is_refused() {
    const LEASE: Duration = Duration::from_millis(600);
    let place = Place::with_tokens().await;
    let mut child = Child::start(&place.directory());
    assert_eq!(child.ask("lock 600"), "locked");
    child.stop().await;
    // It will do this as soon as it wakes.
    child.tell("save 1 2 8");

    let begin = real().now();
    let lock = within(SOON, place.store.lock(&key(), LEASE)).await;
    let lock = lock.expect("taken over").expect("locked");
    assert!(begin.elapsed() >= LEASE, "{:?}", begin.elapsed());
    assert!(!place.lock_file().exists());
    assert_eq!(mode(&place.file(&numbered(2, "lock"))), 0o600);
    assert_eq!(place.ends(), ["json", "lock"]);
    assert_eq!(place.save(Some(1), 2).await.expect("saved"), Saved::Written);

    child.go_on();
    assert_eq!(child.answer().as_deref(), Some("Superseded"));
    assert_eq!(child.ask("load"), "2");
    // What the old holder gives back is no longer the lock.
    assert_eq!(child.ask("unlock"), "unlocked");
    let short = Duration::from_millis(200);
    assert!(
        within(short, place.store.lock(&key(), LONG_LEASE))
            .await
            .is_none()
    );
    drop(lock);
    assert_eq!(child.ask("lock 60000"), "locked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_crowd_that_waits_for_a_stopped_holder_one_takes_over_and_the_others_wait_for_it() {
    const LEASE: Duration = Duration::from_millis(600);
    const STAY: Duration = Duration::from_millis(50);
    let place = Place::new();
    let mut child = Child::start(&place.directory());
    assert_eq!(child.ask("lock 600"), "locked");
    child.stop().await;
    let held = Arc::new(AtomicUsize::new(0));
    let begin = real().now();
    let waiters = (0..6).map(|_| {
        let (store, held) = (place.store.clone(), Arc::clone(&held));
        tokio::spawn(async move {
            let lock = store.lock(&key(), LEASE).await.expect("locked");
            let taken = real().now();
            assert_eq!(held.fetch_add(1, Ordering::SeqCst), 0);
            // Far less than a lease, so that nobody may take over.
            real().sleep(STAY).await;
            held.fetch_sub(1, Ordering::SeqCst);
            drop(lock);
            taken
        })
    });
    let done = within(SOON, join_all(waiters)).await.expect("all had it");
    let taken = done.into_iter().map(|waiter| waiter.expect("no panic"));
    assert!(taken.min().expect("some") - begin >= LEASE);
    // One new lock file for all of them.
    assert_eq!(place.ends(), ["lock"]);
    assert!(place.file(&numbered(2, "lock")).exists());
}

#[tokio::test]
async fn the_lease_of_the_holder_counts_and_not_that_of_the_waiter() {
    const SHORT: Duration = Duration::from_millis(200);
    let (place, key) = (Place::new(), key());
    let long = place.store.lock(&key, LONG_LEASE).await.expect("free");
    let waiting = within(3 * SHORT, place.store.lock(&key, SHORT)).await;
    assert!(waiting.is_none());
    drop(long);

    let _short = place.store.lock(&key, SHORT).await.expect("free");
    let begin = real().now();
    let lock = within(SOON, place.store.lock(&key, LONG_LEASE)).await;
    let _lock = lock.expect("taken over").expect("locked");
    assert!(begin.elapsed() >= SHORT, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn any_content_of_a_held_lock_file_counts_as_a_mark() {
    const LEASE: Duration = Duration::from_millis(200);
    for content in ["", "nonsense", &"long ".repeat(1000)] {
        let place = Place::new();
        place.make();
        fs::write(place.lock_file(), content).expect("written");
        let holder = fs::File::open(place.lock_file()).expect("it is there");
        holder.lock().expect("free");
        let begin = real().now();
        let lock = within(SOON, place.store.lock(&key(), LEASE)).await;
        let _lock = lock.expect("taken over").expect("locked");
        assert!(begin.elapsed() >= LEASE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_changes_is_not_taken_over() {
    const LEASE: Duration = Duration::from_millis(400);
    let place = Place::new();
    place.make();
    fs::write(place.lock_file(), "0").expect("written");
    let holder = fs::File::open(place.lock_file()).expect("it is there");
    holder.lock().expect("free");
    let waiter = tokio::spawn({
        let store = place.store.clone();
        async move { store.lock(&key(), LEASE).await }
    });
    // As if one holder after the other had it, each for less than a lease.
    for mark in 1..=8 {
        real().sleep(LEASE / 4).await;
        fs::write(place.lock_file(), mark.to_string()).expect("written");
    }
    assert!(!waiter.is_finished());
    holder.unlock().expect("held");
    assert!(within(SOON, waiter).await.expect("it is free").is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_waiting_leaves_nothing_locked() {
    let place = Place::new();
    let store = &place.store;
    for microseconds in (0..300).map(|n| n * 10) {
        let limit = Duration::from_micros(microseconds);
        let key = key();
        let attempts = (0..3).map(|_| within(limit, store.lock(&key, LONG_LEASE)));
        drop(join_all(attempts).await);
    }
    let lock = within(SOON, store.lock(&key(), LONG_LEASE)).await;
    let lock = lock.expect("it is free").expect("locked");
    let waiting = within(Duration::from_millis(20), store.lock(&key(), LONG_LEASE)).await;
    assert!(waiting.is_none());
    drop(lock);
    let lock = within(SOON, store.lock(&key(), LONG_LEASE)).await;
    assert!(lock.expect("it is free").is_ok());
}

#[test]
fn a_runtime_that_goes_away_leaves_nothing_locked() {
    let place = Place::new();
    for _ in 0..20 {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        for _ in 0..4 {
            let store = place.store.clone();
            runtime.spawn(async move {
                let _lock = store.lock(&key(), LONG_LEASE).await;
                std::future::pending::<()>().await;
            });
        }
        drop(runtime);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lock = runtime.block_on(async { within(SOON, place.store.lock(&key(), LONG_LEASE)).await });
    assert!(lock.expect("it is free").is_ok());
}
