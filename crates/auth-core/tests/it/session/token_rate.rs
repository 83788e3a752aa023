//! The limit of token requests: who shares it, who waits, and that no illness of sessions gets past it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{
    ApiClient, ErrorKind, ManualClock, MemoryStore, Method, RateLimiter, RefreshMark, Settings,
    Transport,
};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;
use wiremock::ResponseTemplate;

use crate::clocks::{HastyClock, eventually};
use crate::dialects::FORM;
use crate::stage::{
    Vendor, answer, client, granted, header, machine, refused, seconds, shown, tokens,
};

use super::moody::Moody;
use super::settle;

/// Clients of the same settings, each with a sign-in of its own.
pub(super) fn clients(vendor: &Vendor, settings: &Settings, number: usize) -> Vec<ApiClient> {
    let each = |_| client(FORM, &vendor.url(), machine(), settings);
    (0..number).map(each).collect()
}

/// Clients that share a transport, for it takes a while to make one.
pub(super) fn light(settings: Settings) -> Settings {
    settings.transport(Transport::builder().build().expect("a transport"))
}

/// A token that is over as soon as it is there.
fn over(n: usize) -> ResponseTemplate {
    let mut body = answer(n);
    body["expires_in"] = json!(0);
    ResponseTemplate::new(200).set_body_json(body)
}

/// Time moves on by seconds, as long as something happens in each.
pub(super) async fn pass(clock: &ManualClock, time: u64) {
    for _ in 0..time {
        clock.advance(seconds(1));
        settle().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_seconds_of_sessions_that_start_at_once_are_all_served_within_their_deadline() {
    // A tenth of the default limit, for a tenth of the ten thousand sessions that it is made for.
    const SESSIONS: usize = 1000;
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let limit = RateLimiter::new(10, seconds(1));
    let settings = Settings::new().token_rate_limiter(limit);
    let settings = light(settings.clock(clock.clone()));
    let served = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = clients(&vendor, &settings, SESSIONS)
        .into_iter()
        .map(|client| {
            let served = Arc::clone(&served);
            tokio::spawn(async move {
                let outcome = client.request(Method::GET, "/things").send().await;
                served.fetch_add(1, Ordering::SeqCst);
                outcome.map(|_| ())
            })
        })
        .collect();
    // Ten of them in each second, and the last one before the deadline of 120 seconds.
    for second in 1..=100 {
        let may = second * 10;
        eventually("the next ten have their tokens", || {
            vendor.tokens() >= may && served.load(Ordering::SeqCst) >= may
        })
        .await;
        assert_eq!(vendor.tokens(), may);
        clock.advance(seconds(1));
    }
    for outcome in join_all(calls).await {
        outcome.expect("no caller panics").expect("an answer");
    }
    assert_eq!(vendor.tokens(), SESSIONS);
}

#[tokio::test]
async fn sessions_that_renew_all_the_time_keep_to_the_limit_together() {
    let vendor = Vendor::new(|n, _| over(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(RateLimiter::new(5, seconds(10)));
    let clients = clients(&vendor, &light(settings), 20);
    let hammering: Vec<_> = clients.iter().cloned().map(hammer).collect();
    for window in 1..=6 {
        eventually("the turns are used up", || vendor.tokens() == window * 5).await;
        settle().await;
        pass(&clock, 9).await;
        // Nothing more, however long they wait.
        eventually("time went by", {
            let mut turns = 0;
            move || {
                turns += 1;
                turns > 20
            }
        })
        .await;
        assert_eq!(vendor.tokens(), window * 5);
        pass(&clock, 1).await;
    }
    for task in hammering {
        task.abort();
    }
}

/// Asks for a token again and again, and renews after a 401 that never ends.
fn hammer(client: ApiClient) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            if let Ok(authorization) = client.session().authorization().await {
                let _ = client.session().renew(authorization.generation()).await;
            }
            tokio::task::yield_now().await;
        }
    })
}

#[tokio::test]
async fn calls_that_use_up_their_limit_starve_no_renewal() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .rate_limiter(RateLimiter::new(3, seconds(86_400)));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for _ in 0..3 {
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("a free turn");
    }
    for _ in 0..100 {
        let error = client.request(Method::GET, "/things").send().await;
        let error = error.expect_err("the calls' limit is used up");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
    }
    clock.advance(seconds(3600));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 3));
}

#[tokio::test]
async fn a_renewal_in_the_background_waits_for_its_turn_while_the_token_is_used() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let limit = RateLimiter::new(1, seconds(60));
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(limit);
    let clients = clients(&vendor, &light(settings), 2);
    assert_eq!(
        header(&clients[0]).await.expect("a token"),
        "Bearer access-0"
    );
    // Due for renewal, and the other one takes the turn.
    clock.advance(seconds(3400));
    assert_eq!(
        header(&clients[1]).await.expect("a token"),
        "Bearer access-1"
    );
    for _ in 0..50 {
        let call = clients[0].request(Method::GET, "/things");
        call.send().await.expect("the token is good");
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 50));
    clock.advance(seconds(60));
    eventually("it has its turn", || {
        let ready = clients[0].session().ready();
        ready.is_some_and(|ready| shown(ready.value()) == "Bearer access-2")
    })
    .await;
    assert_eq!(vendor.tokens(), 3);
}

#[tokio::test]
async fn who_has_no_token_waits_for_the_turn_and_is_told_so_at_its_deadline() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(RateLimiter::new(1, seconds(100)));
    let clients = clients(&vendor, &light(settings), 3);
    header(&clients[0]).await.expect("the only turn");
    let call = |n: usize, deadline: u64| {
        let client = clients[n].clone();
        tokio::spawn(async move {
            let call = client.request(Method::GET, "/things");
            call.with_deadline(seconds(deadline)).send().await
        })
    };
    let (hasty, patient) = (call(1, 10), call(1, 120));
    settle().await;
    clock.advance(seconds(10));
    let error = hasty.await.expect("no panic").expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.to_string().contains("token requests"), "{error}");
    assert!(error.is_retryable() && !error.may_have_been_processed());
    // Whoever comes now waits behind it.
    assert_eq!(error.retry_after(), Some(seconds(190)));
    // More than two minutes: told at once, and not asked about again before that.
    for _ in 0..2 {
        let error = header(&clients[2]).await.expect_err("no turn for long");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(seconds(190)));
    }
    clock.advance(seconds(90));
    patient.await.expect("no panic").expect("its turn has come");
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 1));
}

#[tokio::test]
async fn token_requests_are_tried_again_only_while_their_budget_lasts() {
    let vendor = Vendor::new(|_, _| refused(503, "busy")).await;
    let settings = light(Settings::new().clock(HastyClock::default()));
    let settings = settings.no_token_rate_limiter();
    let clients = clients(&vendor, &settings, 400);
    for outcome in join_all(clients.iter().map(header)).await {
        let error = outcome.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert_eq!(error.status().map(|it| it.as_u16()), Some(503));
    }
    // A hundred retries, and one more for each second of their pauses; not eight hundred.
    let asked = vendor.tokens();
    assert!((500..540).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_retry_of_a_token_request_needs_a_turn_of_its_own() {
    let vendor = Vendor::new(|_, _| refused(503, "busy")).await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .token_rate_limiter(RateLimiter::new(2, seconds(3600)));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let error = header(&client).await.expect_err("busy");
    assert_eq!(error.status().map(|it| it.as_u16()), Some(503));
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn tokens_that_are_found_in_the_store_take_no_turn() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let store = Moody::with(
        tokens(&clock, Some("refresh-old"), 3600),
        RefreshMark::Unspent,
    );
    let limit = RateLimiter::new(1, seconds(3600));
    let settings = Settings::new()
        .clock(clock.clone())
        .token_rate_limiter(limit);
    let restarted = light(settings.clone().store(store));
    let header_of = |client: ApiClient| async move { header(&client).await };
    for client in clients(&vendor, &restarted, 50) {
        assert_eq!(
            header_of(client).await.expect("a token"),
            "Bearer access-old"
        );
    }
    // The turn is still there.
    let fresh = client(FORM, &vendor.url(), machine(), &settings);
    assert_eq!(header(&fresh).await.expect("a token"), "Bearer access-0");
    // While none is left, tokens in the store are still found.
    for client in clients(&vendor, &restarted, 50) {
        assert_eq!(
            header_of(client).await.expect("a token"),
            "Bearer access-old"
        );
    }
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn whoever_waits_for_a_turn_holds_no_lock() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let used_up = RateLimiter::new(1, seconds(60));
    let limited = settings.clone().token_rate_limiter(used_up);
    let first = client(FORM, &vendor.url(), machine(), &limited);
    header(&first).await.expect("the only turn");
    let store = MemoryStore::new();
    let waits = limited.clone().store(store.clone());
    let waits = client(FORM, &vendor.url(), machine(), &waits);
    let waiting = tokio::spawn(async move { header(&waits).await });
    settle().await;
    // Another process, say, with turns of its own; and what it brings is used instead of a request.
    let other = client(FORM, &vendor.url(), machine(), &settings.store(store));
    assert_eq!(header(&other).await.expect("a token"), "Bearer access-1");
    clock.advance(seconds(60));
    let served = waiting.await.expect("no panic").expect("a token");
    assert_eq!(served, "Bearer access-1");
    assert_eq!(vendor.tokens(), 2);
    // The turn that it waited for was given back.
    let last = client(FORM, &vendor.url(), machine(), &limited);
    let served = header(&last).now_or_never().is_none();
    assert!(served, "a request is on its way");
    eventually("the request came", || vendor.tokens() == 3).await;
}

#[tokio::test]
async fn the_default_is_for_each_endpoint_and_client_id_and_shared_with_the_transport() {
    let (vendor, other) = (
        Vendor::new(|n, _| granted(n)).await,
        Vendor::new(|n, _| granted(n)).await,
    );
    let clock = ManualClock::new();
    let mut stranger = machine();
    stranger.client_id = Some("app-2".to_owned());
    let transport = Transport::builder().build().expect("a transport");
    let settings = || Settings::new().clock(clock.clone());
    let same = settings().transport(transport.clone());
    // All of a second's turns are used up.
    for client in clients(&vendor, &same, 100) {
        header(&client).await.expect("a free turn");
    }
    let waits = |url: &str, principal, settings: &Settings| {
        let client = client(FORM, url, principal, settings);
        tokio::spawn(async move { header(&client).await })
    };
    let shares = [
        waits(&vendor.url(), machine(), &same),
        waits(&vendor.url(), machine(), &same.clone().account("jo")),
        waits(
            &vendor.url(),
            machine(),
            &settings().transport(transport.clone()),
        ),
    ];
    let apart = [
        waits(&other.url(), machine(), &same),
        waits(&vendor.url(), stranger, &same),
        waits(&vendor.url(), machine(), &settings()),
        waits(
            &vendor.url(),
            machine(),
            &same.clone().no_token_rate_limiter(),
        ),
    ];
    for served in join_all(apart).await {
        served.expect("no panic").expect("a turn of its own");
    }
    settle().await;
    assert!(shares.iter().all(|waiting| !waiting.is_finished()));
    clock.advance(seconds(1));
    for served in join_all(shares).await {
        served.expect("no panic").expect("the next second");
    }
}
