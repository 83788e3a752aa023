//! Turns at the token endpoint: what goes on while one is waited for, and that each is worth one request.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Error, ErrorKind, ManualClock, Method, RateLimiter, RefreshMark, Secret,
    SecretProvider, SecretSource, Settings, StoreKey, TokenStore as _,
};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{
    CLIENT_SECRET, Vendor, client, granted, header, machine, person, profile, refused, resumed,
    seconds, shown,
};

use super::moody::{Moody, named};
use super::token_rate::{clients, light, pass};
use super::{asked, settle};

/// A limit of one, used up for so many seconds from now on.
async fn used_up(vendor: &Vendor, settings: &Settings, time: u64) -> Settings {
    let limited = settings
        .clone()
        .token_rate_limiter(RateLimiter::new(1, seconds(time)));
    let first = client(FORM, &vendor.url(), machine(), &limited);
    header(&first).await.expect("the only turn");
    limited
}

fn asks(client: &ApiClient) -> JoinHandle<Result<String, Error>> {
    let client = client.clone();
    tokio::spawn(async move { header(&client).await })
}

/// A call, which ends after `deadline` seconds at the latest.
fn calls(client: &ApiClient, deadline: u64) -> JoinHandle<Result<(), Error>> {
    let client = client.clone();
    tokio::spawn(async move {
        let call = client.request(Method::GET, "/things");
        let sent = call.with_deadline(seconds(deadline)).send().await;
        sent.map(|_| ())
    })
}

#[tokio::test]
async fn tokens_that_come_into_the_store_while_no_turn_is_free_are_used_within_seconds() {
    // A turn that is waited for, and one that is too far away for that.
    for time in [100, 1000] {
        let vendor = Vendor::new(|n, _| granted(n)).await;
        let clock = ManualClock::new();
        let settings = Settings::new().clock(clock.clone());
        let limited = used_up(&vendor, &settings, time).await;
        let store = Moody::new();
        let late = limited.clone().store(store.clone());
        let late = client(FORM, &vendor.url(), machine(), &late);
        let asking = asks(&late);
        settle().await;
        assert_eq!(asking.is_finished(), time > 120);
        store.put(named(&clock, "theirs", 3600), RefreshMark::Unspent);
        pass(&clock, 6).await;
        let served = match time > 120 {
            true => asks(&late),
            false => asking,
        };
        settle().await;
        assert!(served.is_finished(), "{time}");
        let served = served.await.expect("no panic").expect("their token");
        assert_eq!(served, "Bearer access-theirs");
        assert_eq!(vendor.tokens(), 1);
    }
}

/// Gives the secret to as many as it is told to.
struct Gate(Arc<Semaphore>);

#[async_trait]
impl SecretProvider for Gate {
    async fn secret(&self) -> Result<Secret, Box<dyn std::error::Error + Send + Sync>> {
        self.0.acquire().await?.forget();
        Ok(Secret::new(CLIENT_SECRET))
    }
}

#[tokio::test]
async fn secrets_that_come_late_let_no_more_requests_out_at_once() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let limit = RateLimiter::new(2, seconds(10));
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(limit);
    let settings = light(settings);
    let gate = Arc::new(Semaphore::new(0));
    let mut slow = machine();
    slow.client_secret = Some(SecretSource::provider(Arc::new(Gate(Arc::clone(&gate)))));
    let mut all: Vec<_> = (0..2)
        .map(|_| asks(&client(FORM, &vendor.url(), slow.clone(), &settings)))
        .collect();
    settle().await;
    pass(&clock, 25).await;
    all.extend(clients(&vendor, &settings, 4).iter().map(asks));
    settle().await;
    assert_eq!(vendor.tokens(), 0, "two are on their way to the endpoint");
    gate.add_permits(2);
    for window in 1..=3 {
        eventually("two have their tokens", || {
            all.iter().filter(|it| it.is_finished()).count() == window * 2
        })
        .await;
        pass(&clock, 9).await;
        assert_eq!(vendor.tokens(), window * 2);
        pass(&clock, 1).await;
    }
    for served in join_all(all).await {
        served.expect("no panic").expect("a token");
    }
}

#[tokio::test]
async fn a_401_while_no_turn_is_free_keeps_nobody_else_from_the_token() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(RateLimiter::new(1, seconds(100)));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for n in 0..3 {
        let session = client.session();
        let seen = session.authorization().await.expect("a token").generation();
        let refused: Vec<_> = (0..10)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move { session.renew(seen).await })
            })
            .collect();
        settle().await;
        let served = header(&client).now_or_never().expect("a token is in use");
        assert_eq!(served.expect("a token"), format!("Bearer access-{n}"));
        assert!(refused.iter().all(|waiting| !waiting.is_finished()));
        clock.advance(seconds(100));
        for renewed in join_all(refused).await {
            let renewed = renewed.expect("no panic").expect("the next turn");
            assert_eq!(shown(renewed.value()), format!("Bearer access-{}", n + 1));
        }
    }
    assert_eq!(vendor.tokens(), 4);
}

#[tokio::test]
async fn that_a_person_must_sign_in_takes_no_turn() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let limited = used_up(&vendor, &settings, 100).await;
    let asking = asks(&client(FORM, &vendor.url(), resumed(), &limited));
    settle().await;
    assert!(asking.is_finished(), "it waits for nothing");
    let error = asking.await.expect("no panic").expect_err("no means");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
}

#[tokio::test]
async fn a_first_grant_after_a_refused_refresh_waits_for_a_turn_of_its_own_without_the_lock() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(400, "invalid_grant"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let store = Moody::with(named(&clock, "old", -1), RefreshMark::Unspent);
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store.clone())
        .token_rate_limiter(RateLimiter::new(1, seconds(60)));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let call = calls(&client, 10);
    eventually("the refresh token was sent", || vendor.tokens() == 1).await;
    eventually("the lock is free", || {
        let key = StoreKey::new("any", "", "", "");
        let lock = store.lock(&key, seconds(1));
        lock.now_or_never().is_some()
    })
    .await;
    pass(&clock, 10).await;
    let error = call.await.expect("no panic").expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    let patient = asks(&client);
    pass(&clock, 49).await;
    assert!(!patient.is_finished());
    pass(&clock, 1).await;
    let served = patient.await.expect("no panic").expect("the next turn");
    assert_eq!(served, "Bearer access-1");
    assert_eq!(asked(&vendor).await, ["refresh-old", "client_credentials"]);
}

#[test]
fn a_code_outlives_a_runtime_that_ends_while_its_turn_is_waited_for() {
    let runtime = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (lasting, doomed) = (runtime(), runtime());
    let vendor = lasting.block_on(Vendor::new(|n, _| match n {
        0 => refused(400, "invalid_grant"),
        _ => granted(n),
    }));
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(RateLimiter::new(1, seconds(60)));
    let mut profile = profile(FORM, &vendor.url(), person(FORM, &vendor.url(), "code-1"));
    profile.tokens = Some(named(&clock, "old", -1));
    let client = ApiClient::new(profile, &settings).expect("a good client");
    let asking = doomed.spawn({
        let client = client.clone();
        async move { header(&client).await }
    });
    lasting.block_on(async {
        eventually("the refresh token was sent", || vendor.tokens() == 1).await;
        // Its answer is there once a call is told that the renewal waits for a turn.
        let mut error = None;
        for _ in 0..50 {
            let call = calls(&client, 1);
            eventually("its time is over", || {
                clock.advance(Duration::from_millis(100));
                call.is_finished()
            })
            .await;
            let told = call.await.expect("no panic").expect_err("no token");
            if told.kind() == ErrorKind::RateLimited {
                error = Some(told);
                break;
            }
        }
        error.expect("the renewal waits for a turn");
    });
    doomed.shutdown_background();
    lasting.block_on(async {
        asking.await.expect_err("its runtime is gone");
        clock.advance(seconds(60));
        let served = match header(&client).await {
            // The renewal had not ended with its runtime yet.
            Err(error) if error.kind() == ErrorKind::Cancelled => header(&client).await,
            served => served,
        };
        assert_eq!(served.expect("the code is still good"), "Bearer access-1");
        assert_eq!(asked(&vendor).await[0], "refresh-old");
    });
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn a_retry_without_a_turn_costs_no_retry_budget() {
    let vendor = Vendor::new(|_, _| refused(503, "busy")).await;
    let clock = ManualClock::new();
    let settings = light(Settings::new().clock(clock.clone()));
    let limit = RateLimiter::new(150, seconds(3600));
    let limited = settings.clone().token_rate_limiter(limit);
    let clients = clients(&vendor, &limited, 150);
    // All turns are used up before any answer is told, and time is too short to give a retry back.
    let asking: Vec<_> = clients.iter().map(asks).collect();
    eventually("everybody was answered", || vendor.tokens() == 150).await;
    eventually("everybody was told so", || {
        clock.advance(Duration::from_micros(200));
        asking.iter().all(JoinHandle::is_finished)
    })
    .await;
    let last = client(
        FORM,
        &vendor.url(),
        machine(),
        &settings.no_token_rate_limiter(),
    );
    let asking = asks(&last);
    eventually("it was answered", || vendor.tokens() == 151).await;
    eventually("it was retried", || {
        clock.advance(Duration::from_micros(200));
        vendor.tokens() == 153 || asking.is_finished()
    })
    .await;
    assert_eq!(vendor.tokens(), 153);
}
