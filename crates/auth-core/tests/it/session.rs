//! One live token for one principal, whoever asks, gives up, or is shut down meanwhile.

mod attacked;
mod cancel;
mod checkup;
mod crash;
mod cut_off;
mod health;
mod keys;
mod lease;
mod moody;
mod outage;
mod precedence;
mod refresh;
mod refusals;
mod renewal;
mod rotating;
mod runtimes;
mod sharing;
mod token_rate;
mod turns;
mod unsaved;
mod wall_clock;

use std::collections::BTreeSet;

use auth_core::{ApiClient, Clock as _, ErrorKind, ManualClock, Settings};
use futures_util::FutureExt as _;
use futures_util::future::{Either, join_all, select};
use serde_json::json;
use std::time::Duration;
use wiremock::ResponseTemplate;

use crate::clocks::{HastyClock, eventually, real};
use crate::dialects::FORM;
use crate::raw::RawServer;
use crate::stage::{Vendor, answer, client, granted, header, machine, member, refused, shown};

const ROUND_TRIP: Duration = Duration::from_millis(50);

/// What each token request sent: its refresh token, or else the name of its grant.
async fn asked(vendor: &Vendor) -> Vec<String> {
    let exchanges = vendor.exchanges().await.into_iter();
    exchanges.map(|(grant, token)| told(grant, token)).collect()
}

/// The same of a server of scripted bytes.
fn asked_raw(server: &RawServer) -> Vec<String> {
    let seen = server.seen().into_iter();
    seen.map(|request| {
        let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
        let of = |name: &str| member(body.as_bytes(), name).unwrap_or_default();
        told(of("grant_type"), of("refresh_token"))
    })
    .collect()
}

fn told(grant: String, token: String) -> String {
    if token.is_empty() { grant } else { token }
}

/// Lets every task go on until it waits for time, the network, or another.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn slow_vendor() -> Vendor {
    Vendor::new(|n, _| granted(n).set_delay(ROUND_TRIP)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_first_callers_cost_one_request() {
    let vendor = slow_vendor().await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let callers = (0..10_000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { header(&client).await })
    });
    for served in join_all(callers).await {
        let header = served.expect("no caller panics").expect("a token");
        assert_eq!(header, "Bearer access-0");
    }
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_hundred_callers_share_the_failure_of_one_request_and_its_retries() {
    for retries in 0..=2 {
        let vendor = Vendor::new(|n, _| {
            refused(503, "busy").insert_header("x-request-id", format!("try-{n}"))
        })
        .await;
        let settings = Settings::new()
            .clock(HastyClock::default())
            .token_retries(retries);
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let outcomes = join_all((0..100).map(|_| header(&client))).await;
        let last = format!("try-{retries}");
        for outcome in outcomes {
            let error = outcome.expect_err("no token");
            assert_eq!(error.kind(), ErrorKind::Provider);
            assert_eq!(error.request_id(), Some(last.as_str()));
        }
        assert_eq!(vendor.tokens(), 1 + retries as usize);
    }
}

#[tokio::test]
async fn who_comes_right_after_a_failure_is_told_it_again_and_who_comes_later_asks_again() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(401, "invalid_client"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for _ in 0..10 {
        let error = header(&client).await.expect_err("a refused secret");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
    }
    assert_eq!(vendor.tokens(), 1);
    clock.advance(Duration::from_secs(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
}

#[tokio::test]
async fn callers_that_give_up_and_ask_again_are_all_served_by_one_request() {
    let vendor = slow_vendor().await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let callers = (0..100).map(|_| async {
        let mut given_up = 0;
        for _ in 0..100 {
            let clock = real();
            let patience = clock.sleep(Duration::from_millis(30));
            match select(Box::pin(header(&client)), patience).await {
                Either::Left((served, _)) => return (served.expect("a token"), given_up),
                Either::Right(_) => given_up += 1,
            }
        }
        panic!("a caller was never served");
    });
    let served = join_all(callers).await;
    assert!(served.iter().all(|(header, _)| header == "Bearer access-0"));
    assert!(
        served.iter().any(|(_, given_up)| *given_up > 0),
        "nobody gave up, so nothing was shown"
    );
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_first_caller_that_is_dropped_leaves_its_request_to_the_others() {
    let vendor = slow_vendor().await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let first = tokio::spawn({
        let client = client.clone();
        async move { header(&client).await }
    });
    eventually("the request arrived", || vendor.tokens() == 1).await;
    let others = join_all((0..10).map(|_| header(&client)));
    first.abort();
    assert!(first.await.is_err_and(|end| end.is_cancelled()));
    for served in others.await {
        assert_eq!(served.expect("a token"), "Bearer access-0");
    }
    assert_eq!(vendor.tokens(), 1);
}

#[test]
fn a_session_outlives_the_runtime_that_its_renewal_ran_on() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (lasting, doomed) = (runtime(), runtime());
    let vendor = lasting.block_on(Vendor::new(|n, _| match n {
        0 => granted(n).set_delay(Duration::from_secs(20)),
        _ => granted(n),
    }));
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    doomed.block_on(async {
        assert!(header(&client).now_or_never().is_none());
        eventually("the request arrived", || vendor.tokens() == 1).await;
    });
    // One more waits on the runtime that stays.
    let waiting = lasting.spawn({
        let client = client.clone();
        async move { header(&client).await }
    });
    lasting.block_on(async {
        let mut turns = 0;
        eventually("the other had time to wait", || {
            turns += 1;
            turns > 20
        })
        .await;
    });
    doomed.shutdown_background();
    let told = lasting.block_on(waiting).expect("no caller panics");
    let error = told.expect_err("the renewal was given up");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.is_retryable());
    let served = lasting.block_on(header(&client));
    assert_eq!(served.expect("a token"), "Bearer access-1");
    assert_eq!(vendor.tokens(), 2);
}

#[test]
fn without_a_runtime_the_error_says_so() {
    let client = client(FORM, "http://127.0.0.1:9", machine(), &Settings::new());
    let told = header(&client).now_or_never().expect("nothing to wait for");
    let error = told.expect_err("no runtime");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("runtime"), "{error}");
}

#[tokio::test]
async fn a_late_401_for_an_old_token_starts_no_second_renewal() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let session = client.session();
    let old = session.authorization().await.expect("a token").generation();
    let renewed = join_all((0..50).map(|_| session.renew(old))).await;
    for authorization in renewed {
        let authorization = authorization.expect("a newer token");
        assert_eq!(shown(authorization.value()), "Bearer access-1");
        assert!(authorization.generation() > old);
    }
    let late = session.renew(old).await.expect("the newer token");
    assert_eq!(shown(late.value()), "Bearer access-1");
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tasks_never_meet_an_error_though_each_token_lives_for_a_fifth_of_a_second() {
    let vendor = Vendor::new(|n, _| {
        let mut body = answer(n);
        body["expires_in"] = json!(0.2);
        ResponseTemplate::new(200)
            .set_body_json(body)
            .set_delay(ROUND_TRIP)
    })
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let end = real().now() + Duration::from_secs(1);
    let tasks = (0..64).map(|_| tokio::spawn(hammer(client.clone(), end)));
    let mut seen = BTreeSet::new();
    for task in join_all(tasks).await {
        seen.extend(task.expect("no caller meets an error"));
    }
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(
        vendor.tokens() <= seen.len() + 1,
        "{} requests gave {} tokens",
        vendor.tokens(),
        seen.len()
    );
}

/// Asks for a token over and over; gives the tokens that came.
async fn hammer(client: ApiClient, end: std::time::Instant) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    while real().now() < end {
        let token = header(&client).await.expect("a token");
        seen.insert(token);
        tokio::task::yield_now().await;
    }
    seen
}

#[tokio::test]
async fn no_lifetime_however_odd_makes_a_loop() {
    for (expires_in, good) in [
        (None, true),
        (Some("0"), true),
        (Some("-5"), true),
        (Some("-0.5"), true),
        (Some("\"soon\""), true),
        (Some("\"\""), true),
        (Some("\"3600\""), true),
        (Some("0.5"), true),
        (Some("1e-9"), true),
        (Some("1e300"), true),
        (Some("18446744073709551615"), true),
        (Some("9223372036854775808000"), true),
        (Some("null"), true),
        (Some("\"2999-01-01T00:00:00Z\""), true),
        (Some("\"1999-01-01T00:00:00Z\""), true),
        (Some("\"9999999999999999999\""), true),
        (Some("\"inf\""), true),
        (Some("\"-inf\""), true),
        (Some("1e999"), false),
        (Some("true"), false),
        (Some("[3600]"), false),
        (Some("{\"seconds\":3600}"), false),
    ] {
        let vendor = Vendor::new(move |n, _| {
            let member = expires_in.map_or(String::new(), |it| format!(",\"expires_in\":{it}"));
            let body =
                format!("{{\"access_token\":\"access-{n}\",\"token_type\":\"bearer\"{member}}}");
            ResponseTemplate::new(200).set_body_raw(body, "application/json")
        })
        .await;
        // Time stands still, so that one request is all that any of them may cost.
        let settings = Settings::new().clock(ManualClock::new());
        let client = client(FORM, &vendor.url(), machine(), &settings);
        for _ in 0..50 {
            match header(&client).await {
                Ok(header) => assert!(good && header == "Bearer access-0", "{expires_in:?}"),
                Err(error) => {
                    assert!(!good, "{expires_in:?}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Decode, "{expires_in:?}");
                }
            }
        }
        assert_eq!(vendor.tokens(), 1, "{expires_in:?}");
    }
}
