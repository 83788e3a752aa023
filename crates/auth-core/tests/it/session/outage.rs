//! Providers and stores that are down: how long the next try waits, and that a valid token is used all the while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth_core::{
    ApiClient, Clock as _, Error, ErrorKind, HealthState, ManualClock, Method, RefreshMark,
    Settings,
};
use futures_util::FutureExt as _;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::clocks::{eventually, real};
use crate::dialects::FORM;
use crate::stage::{
    Vendor, answer, client, granted, header, machine, refused, resumed, seconds, shown,
};

use super::moody::{Moody, named};
use super::{asked, settle};

type Answer = fn() -> ResponseTemplate;

/// How long from now no try begins.
fn pause(client: &ApiClient, clock: &ManualClock) -> Duration {
    match client.session().health().state {
        HealthState::BackingOff { until } => until - clock.now(),
        other => panic!("it does not back off: {other:?}"),
    }
}

fn kind(outcome: Result<String, Error>) -> ErrorKind {
    outcome.expect_err("no token").kind()
}

fn ready(client: &ApiClient) -> String {
    let ready = client.session().ready().expect("a valid token");
    shown(ready.value())
}

/// The pauses after `failures` tries in a row without a token, each made as soon as it may be.
async fn pauses(answer: Answer, failures: usize) -> Vec<Duration> {
    let vendor = Vendor::new(move |_, _| answer()).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let mut pauses = Vec::new();
    for failure in 1..=failures {
        header(&client).await.expect_err("a failure");
        let pause = pause(&client, &clock);
        // Until then nothing is sent, to the last millisecond.
        clock.advance(pause - Duration::from_millis(1));
        header(&client).await.expect_err("the same failure");
        assert_eq!(vendor.tokens(), failure);
        clock.advance(Duration::from_millis(1));
        pauses.push(pause);
    }
    pauses
}

#[tokio::test]
async fn pauses_grow_and_differ_and_are_short_where_callers_wait_for_what_may_pass() {
    let longest_of: [(Answer, [u64; 8]); 3] = [
        (|| refused(503, "busy"), [1, 2, 4, 5, 5, 5, 5, 5]),
        (|| refused(500, "down"), [1, 2, 4, 5, 5, 5, 5, 5]),
        (
            || refused(401, "invalid_client"),
            [1, 2, 4, 8, 16, 32, 60, 60],
        ),
    ];
    for (answer, longest) in longest_of {
        let first = pauses(answer, longest.len()).await;
        for (pause, longest) in first.iter().zip(longest) {
            assert!(*pause <= seconds(longest), "{first:?}");
            assert!(*pause >= seconds(longest) / 2, "{first:?}");
        }
        let second = pauses(answer, 3).await;
        assert!(
            (0..3).all(|n| first[n] != second[n]),
            "{first:?} {second:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_secret_is_asked_about_again_and_may_be_good_by_then() {
    let is_known = Arc::new(AtomicBool::new(false));
    let vendor = Vendor::new({
        let is_known = Arc::clone(&is_known);
        move |n, _| match is_known.load(Ordering::SeqCst) {
            true => granted(n),
            false => refused(401, "invalid_client"),
        }
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for _ in 0..600 {
        assert_eq!(kind(header(&client).await), ErrorKind::Unauthorized);
        clock.advance(seconds(1));
    }
    is_known.store(true, Ordering::SeqCst);
    let mut waited = 0;
    while header(&client).await.is_err() {
        clock.advance(seconds(1));
        waited += 1;
    }
    assert!(waited <= 60, "it took {waited} s");
}

#[tokio::test]
async fn a_wait_that_the_provider_asks_for_is_kept_to_the_second() {
    for asked in [1, 7, 30] {
        let vendor = Vendor::new(move |n, _| match n {
            0 => refused(429, "slow down").insert_header("retry-after", asked.to_string()),
            _ => granted(n),
        })
        .await;
        let clock = ManualClock::new();
        let settings = Settings::new().clock(clock.clone()).token_retries(0);
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let error = header(&client).await.expect_err("too many requests");
        assert_eq!(error.retry_after(), Some(seconds(asked)));
        clock.advance(seconds(asked) - Duration::from_millis(1));
        let error = header(&client).await.expect_err("the same failure");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1)));
        assert_eq!(vendor.tokens(), 1);
        clock.advance(Duration::from_millis(1));
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    }
}

#[tokio::test]
async fn a_provider_whose_tokens_have_ended_on_arrival_is_asked_once_a_second() {
    for expires_in in [json!(0), json!(-5), json!("1999-01-01T00:00:00Z")] {
        let vendor = Vendor::new(move |n, _| {
            let mut body = answer(n);
            body["expires_in"] = expires_in.clone();
            ResponseTemplate::new(200).set_body_json(body)
        })
        .await;
        let clock = ManualClock::new();
        let settings = Settings::new().clock(clock.clone());
        let client = client(FORM, &vendor.url(), machine(), &settings);
        for second in 0..5 {
            for _ in 0..10 {
                let expected = format!("Bearer access-{second}");
                assert_eq!(header(&client).await.expect("a token"), expected);
                clock.advance(Duration::from_millis(100));
            }
            settle().await;
            assert_eq!(vendor.tokens(), second + 1);
        }
    }
}

#[tokio::test]
async fn tokens_that_come_after_the_time_for_a_request_are_not_used() {
    let late = Duration::from_millis(500);
    let vendor = Vendor::new(move |n, _| match n {
        0 => granted(n).set_delay(late),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let store = Moody::with(named(&clock, "old", -1), RefreshMark::Unspent);
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store.clone())
        .account("ann")
        .token_timeout(Duration::from_millis(50));
    let client = client(FORM, &vendor.url(), resumed(), &settings);
    assert_eq!(kind(header(&client).await), ErrorKind::Timeout);
    real().sleep(late).await;
    settle().await;
    assert!(client.session().ready().is_none());
    assert!(client.session().token_set().is_none());
    // For all that is known, the provider did nothing: one more try is worth it.
    let expected = (RefreshMark::UnderWay, "refresh-old".to_owned());
    assert_eq!(store.standing(), expected);
    clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked(&vendor).await, ["refresh-old"; 2]);
}

/// A session with a token whose renewal is due, at a store that is about to fail.
struct Due {
    vendor: Vendor,
    store: Moody,
    clock: ManualClock,
    client: ApiClient,
}

impl Due {
    async fn new() -> Self {
        let vendor = Vendor::new(|n, _| granted(n)).await;
        let (store, clock) = (Moody::new(), ManualClock::new());
        let settings = Settings::new().clock(clock.clone()).store(store.clone());
        let client = client(FORM, &vendor.url(), machine(), &settings);
        header(&client).await.expect("a token");
        clock.advance(seconds(3400));
        Self {
            vendor,
            store,
            clock,
            client,
        }
    }

    /// Calls that all go out at once, with the old token, so much time apart.
    async fn is_used(&self, apart: Duration) {
        for _ in 0..10 {
            assert_eq!(ready(&self.client), "Bearer access-0");
            assert!(header(&self.client).now_or_never().is_some());
            let call = self.client.request(Method::GET, "/things").send();
            call.await.expect("a good answer");
            self.clock.advance(apart);
        }
        assert_eq!(self.vendor.tokens(), 1, "nothing was sent");
    }

    /// The store works again, and nobody has to start anything anew.
    async fn heals(&self) {
        eventually("the new token is in use", || {
            self.clock.advance(Duration::from_millis(100));
            let ready = self.client.session().ready();
            ready.is_some_and(|ready| shown(ready.value()) == "Bearer access-1")
        })
        .await;
        assert_eq!(self.vendor.tokens(), 2);
        let (mark, token) = self.store.standing();
        assert_eq!((mark, &*token), (RefreshMark::Unspent, "refresh-1"));
        let health = self.client.session().health();
        assert_eq!(health.state, HealthState::Fresh);
        assert!(health.error.is_none());
    }
}

#[tokio::test]
async fn while_the_store_is_down_a_valid_token_is_used_and_nobody_waits() {
    for mood in [
        |store: &Moody| Arc::clone(&store.fails_to_lock),
        |store: &Moody| Arc::clone(&store.fails_to_load),
    ] {
        let due = Due::new().await;
        let mood = mood(&due.store);
        mood.store(true, Ordering::SeqCst);
        due.is_used(seconds(1)).await;
        let error = due.client.session().health().error.expect("a failure");
        assert_eq!(error.kind(), ErrorKind::Store);
        mood.store(false, Ordering::SeqCst);
        due.heals().await;
    }
}

#[tokio::test]
async fn a_store_that_hangs_delays_no_call_with_a_valid_token() {
    // In the lock, the load, and the mark.
    for step in [0, 2, 4] {
        let due = Due::new().await;
        due.store.stop_at(step);
        ready(&due.client);
        eventually("the store hangs", || due.store.is_stopped()).await;
        due.is_used(Duration::ZERO).await;
        due.store.go_on();
        eventually("the renewal has its answer", || {
            due.clock.advance(seconds(1));
            due.client.session().ready();
            due.vendor.tokens() > 1
        })
        .await;
    }
}

#[tokio::test]
async fn when_the_token_ends_in_an_outage_of_the_store_callers_are_told_and_the_next_heals() {
    let due = Due::new().await;
    due.store.fails_to_lock.store(true, Ordering::SeqCst);
    due.clock.advance(seconds(300));
    for _ in 0..3 {
        let error = header(&due.client).await.expect_err("no store, no token");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.is_retryable());
        assert!(!error.may_have_been_processed());
        due.clock.advance(seconds(5));
    }
    assert_eq!(due.vendor.tokens(), 1);
    due.store.fails_to_lock.store(false, Ordering::SeqCst);
    assert_eq!(
        header(&due.client).await.expect("a token"),
        "Bearer access-1"
    );
    due.heals().await;
}
