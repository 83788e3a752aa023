//! Locks that are lost, waited for, and taken over by others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{ErrorKind, Method, RefreshMark, Settings, StoreKey, TokenStore as _};

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{Vendor, client, granted, header, machine, resumed, seconds};

use super::asked;
use super::crash::{OLD, Scene, seen, standing};
use super::moody::{Moody, named};
use super::wall_clock::WallClock;

#[tokio::test]
async fn whoever_has_renewed_between_load_and_mark_is_followed() {
    let scene = Scene::new(RefreshMark::Unspent);
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (store, clock) = (scene.store.clone(), scene.clock.clone());
    let mut is_first = true;
    scene.store.before_saves(move |_| {
        if std::mem::take(&mut is_first) {
            store.put(named(&clock, "theirs", 3600), RefreshMark::Unspent);
        }
    });
    for principal in [machine(), resumed()] {
        let client = scene.client(&vendor.url(), principal);
        let served = header(&client).await.expect("a token");
        assert_eq!(served, "Bearer access-theirs");
    }
    assert_eq!(vendor.tokens(), 0);
    let after = standing(RefreshMark::Unspent, "refresh-theirs");
    assert_eq!(scene.store.standing(), after);
}

#[tokio::test]
async fn whoever_is_overtaken_twice_in_a_row_says_so_and_sends_nothing() {
    let scene = Scene::new(RefreshMark::Unspent);
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (store, clock) = (scene.store.clone(), scene.clock.clone());
    let turns = Arc::new(AtomicUsize::new(0));
    let turn = Arc::clone(&turns);
    scene.store.before_saves(move |_| {
        // What the other holder wrote has ended already, so that there is something to renew.
        if turn.fetch_add(1, Ordering::SeqCst) < 2 {
            store.put(named(&clock, "theirs", -1), RefreshMark::Unspent);
        }
    });
    let client = scene.client(&vendor.url(), machine());
    let error = header(&client).await.expect_err("no turn");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable());
    assert_eq!(turns.load(Ordering::SeqCst), 2);
    assert_eq!(vendor.tokens(), 0);
    scene.clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, ["refresh-theirs"]);
}

#[tokio::test]
async fn nothing_is_sent_under_a_lock_whose_lease_ran_out_while_the_mark_was_written() {
    for is_suspended in [false, true] {
        let mut scene = Scene::new(RefreshMark::Unspent);
        let clock = WallClock::from(scene.clock.clone());
        scene.settings = scene.settings.clock(clock.clone());
        let (vendor, marks) = scene.vendor(|n, _| granted(n)).await;
        let mut is_first = true;
        scene.store.before_saves(move |_| {
            if std::mem::take(&mut is_first) {
                if is_suspended {
                    clock.shift(100);
                } else {
                    clock.time().advance(seconds(100));
                }
            }
        });
        let client = scene.client(&vendor.url(), resumed());
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
        assert_eq!(asked(&vendor).await, [OLD]);
        assert_eq!(scene.store.locks.load(Ordering::SeqCst), 2);
        // It was not sent the first time, so this is not its second.
        assert_eq!(seen(&marks), [RefreshMark::UnderWay]);
    }
}

#[tokio::test]
async fn a_lock_that_is_lost_each_time_costs_no_request_and_does_not_spend_the_refresh_token() {
    let mut scene = Scene::new(RefreshMark::Unspent);
    let clock = WallClock::from(scene.clock.clone());
    scene.settings = scene.settings.clock(clock.clone());
    let vendor = Vendor::new(|n, _| granted(n)).await;
    scene.store.before_saves(move |new| {
        if new.mark != RefreshMark::Unspent {
            clock.shift(600);
        }
    });
    let client = scene.client(&vendor.url(), resumed());
    for _ in 0..3 {
        let error = header(&client).await.expect_err("no time to send anything");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.is_retryable());
        assert_eq!(scene.store.standing(), standing(RefreshMark::Unspent, OLD));
        scene.clock.advance(seconds(5));
    }
    assert_eq!(vendor.tokens(), 0);
    scene.store.before_saves(|_| {});
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
}

#[tokio::test]
async fn a_lock_that_its_holder_never_gives_back_is_waited_for_until_its_lease_is_over() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    let settings = Settings::new().store(store.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let key = StoreKey::new("any", "", "", "");
    let stopped = store.lock(&key, Duration::from_millis(300)).await;
    let stopped = stopped.expect("the lock is free");
    let call = client.request(Method::GET, "/things");
    let call = call.with_deadline(Duration::from_millis(50)).send().await;
    let error = call.expect_err("no token in time");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable());
    assert!(!error.may_have_been_processed());
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 0));
    let call = client.request(Method::GET, "/things").send().await;
    call.expect("the lease is over");
    assert_eq!((vendor.tokens(), vendor.calls()), (1, 1));
    drop(stopped);
    eventually("the tokens are saved", || store.stored().is_some()).await;
}
