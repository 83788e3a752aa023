//! Shows that one holder at a time has the lock, and that nothing keeps it beyond its holder but the lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::redis::cmd;
use auth_core::{Clock as _, ErrorKind, StoreLock, TokenStore as _};
use futures_util::FutureExt as _;

use super::proxy::Proxy;
use super::server::{Server, name};
use super::{LEASE, key};
use crate::clocks::{eventually, real};

const SHORT: Duration = Duration::from_millis(200);

/// Waits until the lock is free on the server.
async fn freed(server: &Server) {
    let lock = name(&key(), "lock");
    eventually("the lock is free", || !server.has(&lock)).await;
}

#[tokio::test]
async fn lock_has_one_holder_at_a_time_and_is_free_when_it_is_dropped() {
    let Some(server) = Server::start() else {
        return;
    };
    let inside = Arc::new(AtomicBool::new(false));
    let stores = [server.store(), server.store()];
    let tasks = (0..10).map(|task| {
        let (store, inside) = (stores[task % 2].clone(), Arc::clone(&inside));
        tokio::spawn(async move {
            let lock = store.lock(&key(), LEASE).await.expect("the server runs");
            assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
            let _ = store.load(&key()).await.expect("the server runs");
            inside.store(false, Ordering::SeqCst);
            drop(lock);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no task fails");
    }
    freed(&server).await;
}

#[tokio::test]
async fn lock_of_another_key_is_another_lock() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let _held = store.lock(&key(), LEASE).await.expect("nobody holds it");
    let other = auth_core::StoreKey::new("EXAMPLE", "app-2", "", "");
    let _other = store.lock(&other, LEASE).await.expect("nobody holds it");
}

#[tokio::test]
async fn late_release_leaves_the_next_holder_its_lock() {
    let Some(server) = Server::start() else {
        return;
    };
    let (late, next) = (server.store(), server.store());
    let forgotten = late.lock(&key(), SHORT).await.expect("nobody holds it");
    let held = next.lock(&key(), LEASE).await.expect("the lease runs out");
    let holder: String = server.ask(cmd("GET").arg(name(&key(), "lock")));
    drop(forgotten);
    // The release is on its way before this.
    let _ = late.load(&key()).await.expect("the server runs");
    let _ = late.load(&key()).await.expect("the server runs");
    let still: String = server.ask(cmd("GET").arg(name(&key(), "lock")));
    assert_eq!(holder, still);
    drop(held);
    freed(&server).await;
}

#[tokio::test]
async fn wait_that_is_given_up_leaves_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let (store, key) = (server.store(), key());
    let _ = store.load(&key).await.expect("the server runs");
    // At each step on its way: before its command is sent, after, with the answer there.
    for polls in 1..=20 {
        let mut lock = Box::pin(store.lock(&key, LEASE));
        for _ in 0..polls {
            if let Some(taken) = (&mut lock).now_or_never() {
                drop(taken.expect("the server runs"));
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(lock);
        freed(&server).await;
    }
    // The one that is given up while somebody else holds the lock does not free that one's.
    let held = store.lock(&key, LEASE).await.expect("nobody holds it");
    let other = server.store();
    let mut waiting = Box::pin(other.lock(&key, LEASE));
    for _ in 0..3 {
        assert!((&mut waiting).now_or_never().is_none());
        real().sleep(Duration::from_millis(20)).await;
    }
    drop(waiting);
    real().sleep(Duration::from_millis(50)).await;
    assert!(server.has(&name(&key, "lock")));
    drop(held);
    freed(&server).await;
}

#[tokio::test]
async fn lock_whose_answer_was_lost_is_known_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port()).await;
    let store = proxy.store();
    let _ = store.load(&key()).await.expect("the server runs");
    proxy.lose(1);
    let lock = store
        .lock(&key(), LEASE)
        .await
        .expect("it is this holder's already");
    assert_eq!(
        proxy.connections(),
        2,
        "the answer was lost with its connection"
    );
    assert!(server.has(&name(&key(), "lock")));
    proxy.lose(1);
    drop(lock);
    freed(&server).await;
}

#[tokio::test]
async fn lock_whose_answers_were_all_lost_is_freed() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port()).await;
    let store = proxy.store();
    let _ = store.load(&key()).await.expect("the server runs");
    proxy.lose(2);
    let error = store.lock(&key(), LEASE).await.expect_err("no answer came");
    assert_eq!(error.kind(), ErrorKind::Store);
    freed(&server).await;
}

#[tokio::test]
async fn release_that_failed_is_tried_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port()).await;
    let store = proxy.store();
    let lock = store.lock(&key(), LEASE).await.expect("nobody holds it");
    proxy.close(true);
    drop(lock);
    // The release fails on the connection that there was, and on the way to a new one.
    while store.load(&key()).await.is_ok() {}
    real().sleep(Duration::from_millis(50)).await;
    assert!(server.has(&name(&key(), "lock")));
    proxy.close(false);
    freed(&server).await;
}

#[test]
fn lock_that_outlives_its_runtime_ends_with_its_lease() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    let first = runtime();
    let lock: StoreLock = first
        .block_on(server.store().lock(&key(), SHORT))
        .expect("nobody holds it");
    drop(first);
    drop(lock);
    let next = runtime().block_on(server.store().lock(&key(), LEASE));
    drop(next.expect("the lease has run out"));
}
