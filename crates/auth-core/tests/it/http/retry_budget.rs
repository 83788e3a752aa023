//! What an outage costs: the number of requests stays near that of the calls, and comes back to normal by itself.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use auth_core::{ApiClient, Error, ErrorKind, Method, Response, RetryBudget, Settings};
use futures_util::future::join_all;

use super::{bearer, say, signed_in};
use crate::clocks::HastyClock;
use crate::stage::{Vendor, granted, seconds};

/// A provider that answers 503 to every call while it is down.
struct Shaky {
    vendor: Vendor,
    is_down: Arc<AtomicBool>,
}

impl Shaky {
    async fn new() -> Self {
        let is_down = Arc::new(AtomicBool::new(true));
        let vendor = Vendor::with_api(|n, _| granted(n), {
            let is_down = Arc::clone(&is_down);
            move |n, _| match is_down.load(Ordering::SeqCst) {
                true => say(503, &format!("{{\"message\":\"down {n}\"}}")),
                false => say(200, "{}"),
            }
        })
        .await;
        Self { vendor, is_down }
    }

    fn set(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How many requests so many calls at once cost, all of which end in the same way.
    async fn cost(&self, client: &ApiClient, calls: usize) -> usize {
        let before = self.vendor.calls();
        let is_down = self.is_down.load(Ordering::SeqCst);
        for outcome in at_once(client, calls).await {
            match outcome {
                Ok(_) => assert!(!is_down),
                Err(error) => {
                    assert!(is_down, "{error}");
                    // Not a word of a budget: the failure is the provider's.
                    assert_eq!(error.kind(), ErrorKind::Provider);
                    assert_eq!(error.status().map(|it| it.as_u16()), Some(503));
                    assert!(
                        error
                            .provider_message()
                            .is_some_and(|it| it.starts_with("down"))
                    );
                    assert!(error.is_retryable() && error.may_have_been_processed());
                }
            }
        }
        self.vendor.calls() - before
    }
}

async fn at_once(client: &ApiClient, calls: usize) -> Vec<Result<Response, Error>> {
    join_all((0..calls).map(|_| client.request(Method::GET, "/things").send())).await
}

#[tokio::test]
async fn an_outage_costs_a_hundred_requests_more_than_calls_and_not_the_threefold() {
    let shaky = Shaky::new().await;
    let settings = Settings::new().clock(HastyClock::default());
    let client = signed_in(&shaky.vendor, &settings).await;
    let cost = shaky.cost(&client, 1000).await;
    // Each second of the pauses has brought one more.
    assert!((1100..1150).contains(&cost), "{cost}");
    // It goes on, and so do callers.
    let cost = shaky.cost(&client, 1000).await;
    assert!((1000..1010).contains(&cost), "{cost}");

    let unbound = settings.no_retry_budget();
    let client = signed_in(&shaky.vendor, &unbound).await;
    assert_eq!(shaky.cost(&client, 100).await, 300);
}

#[tokio::test]
async fn good_answers_and_time_bring_the_retries_back() {
    let shaky = Shaky::new().await;
    let clock = HastyClock::default();
    let settings = Settings::new()
        .clock(clock.clone())
        .call_retries(1)
        .retry_budget(RetryBudget::new(10));
    let client = signed_in(&shaky.vendor, &settings).await;
    assert_eq!(shaky.cost(&client, 50).await, 60);
    assert_eq!(shaky.cost(&client, 50).await, 50);
    shaky.set(false);
    assert_eq!(shaky.cost(&client, 50).await, 50);
    shaky.set(true);
    // Ten good answers for each; the pauses so far were too short for another.
    assert_eq!(shaky.cost(&client, 50).await, 55);
    clock.advance(seconds(40));
    assert_eq!(shaky.cost(&client, 50).await, 54);
    clock.advance(seconds(3600));
    assert_eq!(shaky.cost(&client, 50).await, 60);
}

#[tokio::test]
async fn clones_and_whoever_is_given_it_share_a_budget_and_others_have_their_own() {
    let shaky = Shaky::new().await;
    let settings = Settings::new().clock(HastyClock::default()).call_retries(1);
    let shared = settings.clone().retry_budget(RetryBudget::new(10));
    let first = signed_in(&shaky.vendor, &shared).await;
    let second = signed_in(&shaky.vendor, &shared).await;
    assert_eq!(shaky.cost(&first, 6).await, 12);
    assert_eq!(shaky.cost(&first.clone(), 2).await, 4);
    assert_eq!(shaky.cost(&second, 6).await, 8);
    for _ in 0..2 {
        let own = signed_in(&shaky.vendor, &settings).await;
        assert_eq!(shaky.cost(&own, 60).await, 120);
    }
}

#[tokio::test]
async fn replays_after_a_401_are_of_the_same_budget_and_without_one_the_next_token_comes_all_the_same()
 {
    let is_down = Arc::new(AtomicBool::new(false));
    let vendor = Vendor::with_api(|n, _| granted(n), {
        let is_down = Arc::clone(&is_down);
        move |_, request| match (is_down.load(Ordering::SeqCst), bearer(request)) {
            (true, _) => say(503, "{}"),
            (false, "Bearer access-2") => say(200, "{}"),
            (false, _) => say(401, "{\"code\":\"E1\"}"),
        }
    })
    .await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .call_retries(1)
        .retry_budget(RetryBudget::new(2));
    let client = signed_in(&vendor, &settings).await;
    // A tenth of a retry each, so twenty are replayed; the other ten are told what the provider said.
    for outcome in at_once(&client, 30).await {
        let error = outcome.expect_err("no good token yet");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.provider_code(), Some("E1"));
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 50));
    // Nothing is left for a retry.
    is_down.store(true, Ordering::SeqCst);
    for outcome in at_once(&client, 3).await {
        assert_eq!(outcome.expect_err("down").kind(), ErrorKind::Provider);
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 53));
    // A call that can't be replayed has brought the good token for those after it.
    is_down.store(false, Ordering::SeqCst);
    let refused = at_once(&client, 1).await.pop().expect("an outcome");
    assert_eq!(refused.expect_err("a 401").kind(), ErrorKind::Unauthorized);
    let good = at_once(&client, 1).await.pop().expect("an outcome");
    good.expect("the good token is in use");
    assert_eq!((vendor.tokens(), vendor.calls()), (3, 55));
}

/// Text that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_budget_of_none_sends_nothing_again_and_the_log_says_why() {
    let shaky = Shaky::new().await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .retry_budget(RetryBudget::new(0));
    let client = signed_in(&shaky.vendor, &settings).await;
    let log = Log::default();
    let listener = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        });
    let listening = tracing::subscriber::set_default(listener.finish());
    assert_eq!(shaky.cost(&client, 3).await, 3);
    drop(listening);
    let log = String::from_utf8(log.0.lock().expect("no test panics here").clone());
    let log = log.expect("text");
    let told = log
        .matches("nothing is sent again for lack of a retry budget")
        .count();
    assert_eq!(told, 3, "{log}");
    assert_eq!(log.matches("call is tried again").count(), 0, "{log}");
}
