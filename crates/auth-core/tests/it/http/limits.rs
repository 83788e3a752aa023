//! The client-side rate limit between callers that sign in, fail, or give up.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use auth_core::{
    ApiClient, Error, ErrorKind, ManualClock, Method, RateLimiter, Response, Secret,
    SecretProvider, SecretSource, Settings,
};
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::signed_in;
use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{CLIENT_SECRET, Vendor, client, granted, machine, refused, seconds};

/// Gives the secret once its gate is open.
struct Gated {
    gate: Semaphore,
    asked: AtomicUsize,
}

#[async_trait]
impl SecretProvider for Gated {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await?.forget();
        Ok(Secret::new(CLIENT_SECRET))
    }
}

/// Makes a call with time enough.
fn call(client: &ApiClient) -> JoinHandle<Result<Response, Error>> {
    call_within(client, 86_400)
}

fn call_within(client: &ApiClient, deadline: u64) -> JoinHandle<Result<Response, Error>> {
    let client = client.clone();
    tokio::spawn(async move {
        let call = client.request(Method::GET, "/things");
        call.with_deadline(seconds(deadline)).send().await
    })
}

/// Leaves time for what should not happen.
async fn a_while() {
    let mut turns = 0;
    eventually("a while is over", || {
        turns += 1;
        turns == 50
    })
    .await;
}

#[tokio::test]
async fn calls_that_waited_for_a_sign_in_still_keep_to_the_limit() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_timeout(seconds(3600))
        .rate_limiter(RateLimiter::new(10, seconds(30)));
    let vault = Arc::new(Gated {
        gate: Semaphore::new(0),
        asked: AtomicUsize::new(0),
    });
    let mut principal = machine();
    principal.client_secret = Some(SecretSource::provider(Arc::<Gated>::clone(&vault)));
    let client = client(FORM, &vendor.url(), principal, &settings);
    let calls: Vec<_> = (0..20).map(|_| call(&client)).collect();
    eventually("the sign-in has begun", || {
        vault.asked.load(Ordering::SeqCst) == 1
    })
    .await;
    a_while().await;
    // Turns that were taken before would be free again.
    clock.advance(seconds(60));
    a_while().await;
    vault.gate.add_permits(1);
    eventually("as many calls came as may", || vendor.calls() >= 10).await;
    a_while().await;
    assert_eq!((vendor.tokens(), vendor.calls()), (1, 10));
    clock.advance(seconds(30));
    for outcome in join_all(calls).await {
        outcome.expect("no caller panics").expect("an answer");
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (1, 20));
}

#[tokio::test]
async fn a_sign_in_that_fails_takes_no_turn() {
    let vendor = Vendor::new(|n, _| match n {
        0..5 => refused(401, "invalid_client"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .rate_limiter(RateLimiter::new(3, seconds(86_400)));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let once = || client.request(Method::GET, "/things").send();
    for _ in 0..5 {
        let error = once().await.expect_err("a refused secret");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        clock.advance(seconds(60));
    }
    for _ in 0..3 {
        once().await.expect("all turns are left");
    }
    let error = once().await.expect_err("none is left");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!((vendor.tokens(), vendor.calls()), (6, 3));
}

#[tokio::test]
async fn callers_that_give_up_leave_their_turns_to_the_others() {
    // Of twelve in the row those at these places give up, in this order.
    for leaving in [&[0, 1, 2][..], &[11, 5, 0], &[3, 2, 1, 0], &[0, 11, 1, 10]] {
        let vendor = Vendor::new(|n, _| granted(n)).await;
        let clock = ManualClock::new();
        let settings = Settings::new()
            .clock(clock.clone())
            .rate_limiter(RateLimiter::new(1, seconds(10)));
        let client = signed_in(&vendor, &settings).await;
        let first = call(&client).await.expect("no caller panics");
        first.expect("a free turn");
        let mut row = Vec::new();
        for _ in 0..12 {
            row.push(Some(call(&client)));
            tokio::task::yield_now().await;
        }
        a_while().await;
        for place in leaving {
            if let Some(leaver) = row[*place].take() {
                leaver.abort();
                assert!(leaver.await.is_err(), "{leaving:?}");
            }
        }
        // One more comes whose time is enough only if those who left are not counted.
        let stayed = 13 - leaving.len();
        row.push(Some(call_within(&client, stayed as u64 * 10 + 5)));
        a_while().await;
        for served in 1..=stayed {
            clock.advance(seconds(10));
            eventually("the next has its turn", || vendor.calls() == 1 + served).await;
        }
        for outcome in join_all(row.into_iter().flatten()).await {
            outcome.expect("no caller panics").expect("an answer");
        }
        assert_eq!(vendor.calls(), 1 + stayed, "{leaving:?}");
    }
}
