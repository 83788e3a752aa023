//! What a session says of itself, and that whoever watches is told of each change.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_core::{
    ApiClient, Clock as _, ErrorKind, Grant, Health, HealthState, HealthWatch, ManualClock,
    Principal, Settings,
};
use futures_util::FutureExt as _;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{
    Vendor, client, client_with, granted, granted_alone, header, machine, person, refused, renew,
    seconds, tokens,
};

use super::moody::Moody;
use super::settle;

/// The state, and whether there is a token.
fn now(client: &ApiClient) -> (HealthState, bool) {
    stands(&client.session().health())
}

fn stands(health: &Health) -> (HealthState, bool) {
    (health.state, health.has_token)
}

fn is_backing_off(health: (HealthState, bool), has_token: bool) -> bool {
    matches!(health, (HealthState::BackingOff { .. }, has) if has == has_token)
}

/// What the watch tells, which it must do at once.
fn told(watch: &mut HealthWatch) -> (HealthState, bool) {
    stands(&watch.changed().now_or_never().expect("a change"))
}

fn is_silent(watch: &mut HealthWatch) -> bool {
    watch.changed().now_or_never().is_none()
}

#[tokio::test]
async fn a_session_is_stale_then_fresh_then_stale_as_time_goes_by() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let mut watch = client.session().watch_health();
    assert_eq!(now(&client), (HealthState::Stale, false));
    assert!(is_silent(&mut watch));
    header(&client).await.expect("a token");
    assert_eq!(now(&client), (HealthState::Fresh, true));
    assert_eq!(told(&mut watch), (HealthState::Fresh, true));
    // A watch that waits is woken by time alone: nobody uses the token.
    let watching = tokio::spawn(async move {
        let due = watch.changed().await;
        let over = watch.changed().await;
        (stands(&due), stands(&over))
    });
    settle().await;
    clock.advance(seconds(3290));
    settle().await;
    assert_eq!(now(&client), (HealthState::Fresh, true));
    clock.advance(seconds(100));
    settle().await;
    assert_eq!(now(&client), (HealthState::Stale, true));
    assert!(!watching.is_finished());
    clock.advance(seconds(210));
    let (due, over) = watching.await.expect("it does not panic");
    assert_eq!(due, (HealthState::Stale, true));
    assert_eq!(over, (HealthState::Stale, false));
    assert_eq!(vendor.tokens(), 1, "watching costs nothing");
    header(&client).await.expect("a token");
    assert_eq!(now(&client), (HealthState::Fresh, true));
}

#[tokio::test]
async fn a_session_without_a_token_backs_off_and_is_fresh_again() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(503, "busy").insert_header("retry-after", "20"),
        1 => refused(401, "invalid_client"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let mut watch = client.session().watch_health();
    header(&client).await.expect_err("a busy provider");
    let until = clock.now() + seconds(20);
    let backing_off = (HealthState::BackingOff { until }, false);
    assert_eq!(now(&client), backing_off);
    assert_eq!(told(&mut watch), backing_off);
    let error = client.session().health().error.expect("the failure");
    assert_eq!(error.kind(), ErrorKind::Provider);
    clock.advance(seconds(20));
    assert_eq!(now(&client), (HealthState::Stale, false));
    assert_eq!(told(&mut watch), (HealthState::Stale, false));
    header(&client).await.expect_err("a refused secret");
    assert!(is_backing_off(told(&mut watch), false));
    let error = client.session().health().error.expect("the failure");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    clock.advance(seconds(60));
    header(&client).await.expect("a token");
    assert_eq!(told(&mut watch), (HealthState::Fresh, true));
    assert!(client.session().health().error.is_none());
}

#[tokio::test]
async fn a_session_with_a_token_backs_off_in_the_background() {
    let vendor = Vendor::new(|n, _| match n {
        1 => refused(503, "busy").insert_header("retry-after", "20"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    let mut watch = client.session().watch_health();
    header(&client).await.expect("the old token");
    let until = clock.now() + seconds(20);
    let told_of = watch.changed().await;
    assert_eq!(stands(&told_of), (HealthState::BackingOff { until }, true));
    let error = told_of.error.expect("the failure");
    assert_eq!(error.kind(), ErrorKind::Provider);
    clock.advance(seconds(20));
    assert_eq!(told(&mut watch), (HealthState::Stale, true));
    header(&client).await.expect("the old token");
    assert_eq!(stands(&watch.changed().await), (HealthState::Fresh, true));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-2");
}

#[tokio::test]
async fn a_refused_token_is_none_at_hand() {
    let vendor = Vendor::new(|n, _| match n {
        0 => granted(n),
        _ => granted(n).set_delay(Duration::from_millis(20)),
    })
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    header(&client).await.expect("a token");
    let mut watch = client.session().watch_health();
    let renewing = tokio::spawn({
        let client = client.clone();
        async move { renew(&client).await }
    });
    let killed = watch.changed().await;
    assert_eq!(stands(&killed), (HealthState::Stale, false));
    let renewed = watch.changed().await;
    assert_eq!(stands(&renewed), (HealthState::Fresh, true));
    let served = renewing.await.expect("no caller panics");
    assert_eq!(served.expect("a token"), "Bearer access-1");
}

#[tokio::test]
async fn a_person_is_needed_with_a_token_and_without_until_somebody_signs_in() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(400, "invalid_grant"),
        _ => granted_alone(n),
    })
    .await;
    let (store, clock) = (Moody::new(), ManualClock::new());
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store.clone())
        .account("ann");
    let brought = tokens(&clock, Some("refresh-old"), 3600);
    let client = client_with(&vendor.url(), brought, &settings);
    let mut watch = client.session().watch_health();
    assert_eq!(now(&client), (HealthState::Fresh, true));
    clock.advance(seconds(3400));
    header(&client).await.expect("the old token");
    eventually("a person is needed", || {
        now(&client) == (HealthState::NeedsPerson, true)
    })
    .await;
    assert_eq!(told(&mut watch), (HealthState::NeedsPerson, true));
    let error = client.session().health().error.expect("the refusal");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    clock.advance(seconds(200));
    assert_eq!(told(&mut watch), (HealthState::NeedsPerson, false));
    let error = header(&client).await.expect_err("nobody has signed in");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    clock.advance(seconds(3600));
    assert_eq!(now(&client), (HealthState::NeedsPerson, false), "for good");
    assert!(is_silent(&mut watch));
    // The person signs in elsewhere.
    let code = person(FORM, &vendor.url(), "code-1");
    let elsewhere = super::client(FORM, &vendor.url(), code, &settings);
    header(&elsewhere).await.expect("a token");
    clock.advance(seconds(60));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(told(&mut watch), (HealthState::Fresh, true));
    assert!(client.session().health().error.is_none());
}

#[tokio::test]
async fn unsaved_tokens_are_told_and_their_late_save_too() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (store, clock) = (Moody::new(), ManualClock::new());
    store.fails_to_save.store(true, Ordering::SeqCst);
    let settings = Settings::new().clock(clock.clone()).store(store.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let mut watch = client.session().watch_health();
    header(&client).await.expect("a token");
    let health = watch.changed().await;
    assert_eq!(stands(&health), (HealthState::Fresh, true));
    assert!(!health.is_saved);
    store.fails_to_save.store(false, Ordering::SeqCst);
    let watching = tokio::spawn(async move { watch.changed().await });
    settle().await;
    clock.advance(seconds(1));
    let health = watching.await.expect("it does not panic");
    assert_eq!(stands(&health), (HealthState::Fresh, true));
    assert!(health.is_saved);
}

#[tokio::test]
async fn no_change_between_two_looks_is_missed_and_nothing_is_told_twice() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(401, "invalid_client"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let mut watch = client.session().watch_health();
    // Nobody listens while this happens.
    header(&client).await.expect_err("a refused secret");
    assert!(is_backing_off(told(&mut watch), false));
    assert!(is_silent(&mut watch));
    // Of several changes the last is told.
    clock.advance(seconds(1));
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    assert_eq!(told(&mut watch), (HealthState::Stale, true));
    assert!(is_silent(&mut watch));
    // What was and is no more is no change.
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-2");
    clock.advance(seconds(3400));
    assert_eq!(now(&client), (HealthState::Stale, true));
    assert!(is_silent(&mut watch));
    // A watch that is dropped in the middle of waiting misses nothing either.
    for _ in 0..3 {
        assert!(is_silent(&mut watch));
    }
    clock.advance(seconds(200));
    assert_eq!(told(&mut watch), (HealthState::Stale, false));
}

#[test]
fn a_renewal_that_dies_with_its_runtime_is_told() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (lasting, doomed) = (runtime(), runtime());
    let vendor = lasting.block_on(Vendor::new(|n, _| match n {
        0 => granted(n),
        1 => refused(503, "busy"),
        _ => granted(n).set_delay(seconds(20)),
    }));
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    lasting.block_on(async {
        header(&client).await.expect("a token");
        clock.advance(seconds(3400));
        header(&client).await.expect("the old token");
        eventually("the renewal failed", || is_backing_off(now(&client), true)).await;
        clock.advance(seconds(1));
    });
    let mut watch = client.session().watch_health();
    doomed.block_on(async {
        header(&client).await.expect("the old token");
        eventually("the next has begun", || vendor.tokens() == 3).await;
    });
    assert_eq!(now(&client), (HealthState::Stale, true));
    let mut watching = pin!(watch.changed());
    assert!(watching.as_mut().now_or_never().is_none());
    drop(doomed);
    let health = watching.now_or_never().expect("a change");
    assert!(is_backing_off(stands(&health), true), "{health:?}");
}

#[tokio::test]
async fn health_tells_no_secret() {
    let vendor = Vendor::new(|_, request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        wiremock::ResponseTemplate::new(400).set_body_json(serde_json::json!({
            "error": "invalid_grant",
            "error_description": body,
        }))
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let brought = tokens(&clock, Some("canary-refresh"), 10);
    let client = client_with(&vendor.url(), brought, &settings);
    clock.advance(seconds(10));
    let error = header(&client).await.expect_err("a refused refresh token");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    let health = client.session().health();
    assert!(health.error.is_some());
    let text = format!(
        "{health:?} {health:#?} {:?}",
        client.session().watch_health()
    );
    for secret in ["canary-refresh", "access-old", crate::stage::CLIENT_SECRET] {
        assert_eq!(crate::leak::find(&text, &[secret]), None, "{text}");
    }
}

#[tokio::test]
async fn a_key_is_stale_until_it_is_used_and_fresh_from_then_on() {
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let key = Principal::new(Grant::StaticToken("key-0".into()));
    let client = client(FORM, "http://127.0.0.1:9", key, &settings);
    assert_eq!(now(&client), (HealthState::Stale, false));
    assert_eq!(header(&client).await.expect("a key"), "Bearer key-0");
    let mut watch = client.session().watch_health();
    for _ in 0..100 {
        clock.advance(seconds(24 * 3600));
        assert_eq!(now(&client), (HealthState::Fresh, true));
    }
    assert!(is_silent(&mut watch));
}
